"""Rows from files: CSV and Parquet, with their content hash."""

import csv
import hashlib
import json
import logging
import re
import zlib
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from components.data.forms.clock_times import clock_texts, seconds_of
from components.data.forms.csv_form import checked_form
from components.data.images.sets import PICTURES
from components.data.memory import within_free_memory
from components.data.summaries import check_distinct_names
from components.errors import UserError

logger = logging.getLogger(__name__)

FORMATS = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".parquet", ".pq")
"""How the names of tables end, in capital or small letters."""

_LONGEST = 200
_DAMAGE = (ValueError, EOFError, OSError, pa.ArrowException, zlib.error, csv.Error)
"""What readers raise of files that are cut short or changed."""
_MENDS = {
    PICTURES: "; of pictures the folder that holds them is accepted",
    (".xlsx", ".xls", ".xlsm", ".ods"): "; save the sheet as CSV in UTF-8",
    (".zip", ".bz2", ".xz", ".zst", ".7z", ".tar", ".tgz", ".rar"): "; unpack it first",
    (".txt", ".dat", ".data"): "; if it is CSV, give it a name that says so",
}
"""What is said more of other files, by how their names end."""
_MEND = "; write its rows as one of these"
_BEGINNINGS = {
    b"PAR1": "is a Parquet file: give it a name that ends in .parquet",
    b"PK\x03\x04": "is packed, as .zip and .xlsx files are: unpack it, or save the sheet as CSV",
    b"\x1f\x8b": "is packed by gzip: give it a name that ends in .gz",
    b"\xff\xfe": "is text in UTF-16: save it as UTF-8",
    b"\xfe\xff": "is text in UTF-16: save it as UTF-8",
}
_NAMELESS_INDEX = re.compile(r"__index_level_\d+__")
"""What pandas calls the column of an index that has no name."""


def hash_files(paths: Sequence[Path]) -> str:
    """The SHA-256 of the files' contents in this order, whatever they are called."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def read_files(paths: Sequence[Path], *, reread: Collection[str] = ()) -> pd.DataFrame:
    """The rows of all files, in this order. Raises UserError as `check_columns_agree` does.

    Of columns that the caller reads again as they are written, nothing is told of missing words.
    """
    frames = [_read_file(path, reread) for path in paths]
    check_columns_agree(paths, [list(frame.columns) for frame in frames])
    return pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0]


def check_columns_agree(paths: Sequence[Path], columns: Sequence[Sequence[str]]) -> None:
    """Raise UserError where a file has not the columns of the first, in their order."""
    for path, names in zip(paths, columns, strict=True):
        if names != columns[0]:
            difference = sorted(set(names) ^ set(columns[0]))
            raise UserError(
                f"{path} has other columns than {paths[0]}: they differ in "
                f"{', '.join(map(repr, difference)) or 'their order'}"
            )


def open_parquet(path: Path) -> pq.ParquetFile:
    """A Parquet file to be read in parts; by its defaults pyarrow would keep all that was read."""
    return pq.ParquetFile(path, pre_buffer=False)


def count_rows(path: Path) -> int:
    """How many rows a Parquet file has, from its footer."""
    return int(pq.read_metadata(path).num_rows)


def read_batches(
    path: Path, size: int, columns: Sequence[str] | None = None
) -> Iterator[pd.DataFrame]:
    """The rows of a Parquet file in frames of `size` rows, the last of fewer; one at least.

    Of `columns`, where these are named, or of all.
    """
    with open_parquet(path) as file:
        wanted = file.schema_arrow.names if columns is None else list(columns)
        empty = file.schema_arrow.empty_table().select(wanted)
        if not file.metadata.num_rows:
            yield empty.to_pandas()
        for batch in file.iter_batches(batch_size=size, columns=wanted):
            yield pa.Table.from_batches([batch.select(wanted)], empty.schema).to_pandas()


def plain_types(table: pa.Table) -> pa.Table:
    """The table with the values of dictionaries in place of these: batches have their own.

    Decimals, as databases give them, become numbers like all others: the nearest to each. Times of
    day become text (`08:15:30`), as CSV files have them, durations numbers of seconds. An index
    that pandas wrote is a column if it has a name, else it is left out.
    """
    table = _without_index(table)
    for position, field in enumerate(table.schema):
        values, kind = table.column(position), field.type
        if pa.types.is_dictionary(kind):
            kind = kind.value_type
            values = values.cast(kind)
        if pa.types.is_decimal(kind):
            kind = pa.float64()
            values = values.cast(pa.string()).cast(kind)  # by itself arrow rounds twice
        if pa.types.is_time(kind):
            values = clock_texts(values)
            kind = values.type
        if pa.types.is_duration(kind):
            values = seconds_of(values)
            kind = values.type
        if kind != field.type:
            table = table.set_column(position, field.with_type(kind), values)
    return table


def _without_index(table: pa.Table) -> pa.Table:
    nameless = [name for name in table.column_names if _NAMELESS_INDEX.fullmatch(name)]
    marks = dict(table.schema.metadata or {})
    if b"pandas" in marks:
        marks[b"pandas"] = json.dumps(json.loads(marks[b"pandas"]) | {"index_columns": []}).encode()
    return table.drop_columns(nameless).replace_schema_metadata(marks)


def tell_nameless_index(path: Path, schema: pa.Schema) -> None:
    """Say that what names the rows is left out, where it is more than their numbers."""
    for field in schema:
        if _NAMELESS_INDEX.fullmatch(field.name) and not pa.types.is_integer(field.type):
            logger.warning(
                "%s: the index of its rows (%s) has no name and is left out; to have it learned, "
                "give it one before the file is written (frame.index.name = ...)",
                path,
                field.type,
            )


def is_table(path: Path) -> bool:
    """True for a file of `FORMATS`, by its name."""
    return path.name.lower().endswith(FORMATS)


def check_format(path: Path) -> None:
    """Raise UserError for a file that is none of `FORMATS`."""
    if not is_table(path):
        name = path.name.lower()
        mend = next((told for ends, told in _MENDS.items() if name.endswith(ends)), _MEND)
        raise UserError(f"cannot read {path}: accepted formats are {', '.join(FORMATS)}{mend}")


def told_content(path: Path) -> str | None:
    """What a file holds that is no text, where its first bytes say so and its name does not."""
    with path.open("rb") as file:
        start = file.read(max(map(len, _BEGINNINGS)))
    return next((told for begins, told in _BEGINNINGS.items() if start.startswith(begins)), None)


def is_csv(path: Path) -> bool:
    """True for a file of `FORMATS` whose cells are text, by its name."""
    return path.name.lower().endswith(FORMATS[:4])


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Raise as a UserError what goes wrong with the file inside, also that it is too large."""
    try:
        with within_free_memory(str(path)):
            yield
    except UnicodeDecodeError as error:
        if not path.name.lower().endswith(".gz") and (content := told_content(path)):
            raise UserError(f"cannot read {path}: it {content}") from error
        byte = error.object[error.start]
        raise UserError(
            f"cannot read {path}: it is not text in UTF-8 (a byte {byte:#x}); save it as UTF-8"
        ) from error
    except _DAMAGE as error:
        reason = str(error).splitlines()[0][:_LONGEST] if str(error) else type(error).__name__
        raise UserError(f"cannot read {path}: {reason}") from error


def as_frame(table: pa.Table) -> pd.DataFrame:
    """The table with what pandas noted beside it; raises ValueError where that note is damaged."""
    try:
        frame: pd.DataFrame = table.to_pandas()
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"what pandas noted of its columns is damaged ({error})") from error
    return frame


def _read_file(path: Path, reread: Collection[str]) -> pd.DataFrame:
    check_format(path)
    with reading(path):
        if not is_csv(path):
            check_distinct_names(pq.read_schema(path).names)
            table = pq.read_table(path)
            tell_nameless_index(path, table.schema)
            frame = as_frame(plain_types(table))
            _check_text(frame)
            return frame
        form = checked_form(path, reread=reread)
        rows: pd.DataFrame = pd.read_csv(path, **form.options)
        nothing = [name for name in form.nameless if rows[name].isna().all()]
        return rows.drop(columns=nothing).reset_index(drop=True)


def _check_text(frame: pd.DataFrame) -> None:
    """Raise ArrowInvalid where a text is none: it would fail only where it is used."""
    for _, values in frame.items():
        if isinstance(values.dtype, pd.StringDtype):
            pa.array(values).validate(full=True)
