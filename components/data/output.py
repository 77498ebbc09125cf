"""Writing a table, whole or in parts that come one by one: Parquet or CSV by the file's name."""

from collections.abc import Iterable, Mapping, Sequence
from glob import glob
from itertools import chain, islice
from pathlib import Path
from typing import Any, Self

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from components.data.forms.arrow_types import as_in_source, holding, made_types, with_types
from components.data.forms.dates import write_dates
from components.data.forms.number_forms import write_numbers
from components.data.forms.truths import write_truths
from components.data.schema import Column, Schema
from components.data.writable import unwritable
from components.errors import UserError

ROW_GROUP = 131_072
"""Rows in a row group of a table that is written a batch at a time."""

_SUFFIXES = (".parquet", ".csv")
_FULL_TIME = "%Y-%m-%d %H:%M:%S.%f"


def check_output(path: Path, sources: Iterable[str | Path] = ()) -> None:
    """Raise UserError where no table can be written to `path`; see `check_writable`."""
    if path.suffix not in _SUFFIXES:
        raise UserError(f"cannot write {path}: accepted endings are {', '.join(_SUFFIXES)}")
    check_writable(path, sources)


def check_writable(path: Path, sources: Iterable[str | Path] = ()) -> None:
    """Raise UserError where no file can be written to `path`, or one of the `sources` is there.

    These are paths, globs or folders that are read; anything else is passed over.
    """
    if path.is_file() and any(_reads(source, path) for source in sources):
        raise UserError(f"cannot write {path}: it is read; what is there would be lost")
    if path.is_dir():
        raise UserError(f"cannot write {path}: it is a folder")
    if not path.absolute().parent.is_dir():
        raise UserError(f"cannot write {path}: there is no folder {path.absolute().parent}")
    if why := unwritable(path.absolute().parent):
        raise UserError(f"cannot write {path}: {why}")


def _reads(source: str | Path, path: Path) -> bool:
    """Whether a file that is there is among those of a path, a glob or a folder."""
    files = [Path(found) for found in glob(str(Path(source).expanduser()), recursive=True)]
    files += [file for folder in files if folder.is_dir() for file in folder.iterdir()]
    files.append(Path(source).expanduser())  # a name with the signs of a glob
    return any(file.exists() and file.samefile(path) for file in files)


def write_frame(frame: pd.DataFrame, path: Path, schema: Schema | None = None) -> None:
    """Write `frame` to `path`; see `write_frames`. A type that does not hold it all is not kept."""
    write_frames([frame], path, holding(schema, frame) if schema else None)


def write_frames(frames: Iterable[pd.DataFrame], path: Path, schema: Schema | None = None) -> int:
    """Write the rows of all frames, one at least, to `path` as they come; how many there are.

    Each frame is a row group of a Parquet file, in which columns have the types of the source that
    the `schema` was told from. In a CSV file dates, numbers and truths are written as there. A file
    that was there is replaced only by a whole new one.
    """
    partial = path.with_name(f".{path.name}.part")
    try:
        columns = schema.columns if schema else ()
        if path.suffix == ".csv":
            num_rows = _write_csv((_in_text(frame, columns) for frame in frames), partial)
        else:
            written = (as_in_source(frame, columns) for frame in frames)
            num_rows = write_row_groups(written, partial, types=made_types(columns))
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return num_rows


def _in_text(frame: pd.DataFrame, columns: Sequence[Column]) -> pd.DataFrame:
    """The frame with dates, numbers and truths as text, where the source had them so."""
    written = {column.name: column.written for column in columns if column.written}
    forms = {column.name: column.number_form for column in columns if column.number_form}
    truths = {column.name: column.truths for column in columns if column.truths}
    return write_truths(write_numbers(write_dates(frame, written), forms), truths)


def write_row_groups(
    frames: Iterable[pd.DataFrame],
    path: Path,
    *,
    types: Mapping[str, pa.DataType] | None = None,
    marks: Mapping[str, str] | None = None,
    **settings: Any,
) -> int:
    """Write frames, one at least, as row groups of a Parquet file; the number of rows.

    `types` are those of columns that have another than pandas gives, `marks` go into the file's own
    metadata, `settings` to Arrow's writer. One frame gives the bytes that pandas gives. Raises
    UserError where a value does not fit its type.
    """
    with RowGroups(path, types=types, marks=marks, **settings) as groups:
        for frame in frames:
            groups.write(frame)
    return groups.num_rows


class RowGroups:
    """A Parquet file that is written a row group at a time, closed at the end of its context.

    See `write_row_groups`. There is no file where nothing was written.
    """

    def __init__(
        self,
        path: Path,
        *,
        types: Mapping[str, pa.DataType] | None = None,
        marks: Mapping[str, str] | None = None,
        **settings: Any,
    ) -> None:
        self.num_rows = 0
        self._path, self._settings = path, settings
        self._types, self._marks = types or {}, marks or {}
        self._given: pa.Schema | None = None
        self._writer: pq.ParquetWriter | None = None

    def write(self, frame: pd.DataFrame) -> None:
        """Add the rows of a frame."""
        given = pa.Table.from_pandas(frame, schema=self._given, preserve_index=False)
        self._given = given.schema
        table = with_types(given, self._types)
        if self._writer is None:
            added = {k.encode(): v.encode() for k, v in sorted(self._marks.items())}
            schema = table.schema.with_metadata({**(table.schema.metadata or {}), **added})
            self._writer = pq.ParquetWriter(self._path, schema, **self._settings)
        self._writer.write_table(table.replace_schema_metadata(self._writer.schema.metadata))
        self.num_rows += len(frame)

    def __enter__(self) -> Self:
        """The writer itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Finish the file."""
        if self._writer is not None:
            self._writer.close()


class EvenRowGroups:
    """A Parquet file whose row groups have `ROW_GROUP` rows, the last fewer, however they come.

    It has one row group at least.
    """

    def __init__(self, path: Path) -> None:
        self._groups = RowGroups(path)
        self._held: list[pd.DataFrame] = []
        self._num_held = 0

    def add(self, frame: pd.DataFrame) -> None:
        """Add the rows of a frame; as many as fill row groups are written."""
        self._held.append(frame)
        self._num_held += len(frame)
        while self._num_held >= ROW_GROUP:
            rows = pd.concat(self._held, ignore_index=True)
            self._groups.write(rows.iloc[:ROW_GROUP].reset_index(drop=True))
            self._held = [rows.iloc[ROW_GROUP:]]
            self._num_held -= ROW_GROUP

    def __enter__(self) -> Self:
        """The writer itself."""
        self._groups.__enter__()
        return self

    def __exit__(self, *raised: object) -> None:
        """Write the rest and finish the file."""
        if raised[0] is None and (self._num_held or not self._groups.num_rows):
            self._groups.write(pd.concat(self._held, ignore_index=True))
        self._groups.__exit__(*raised)


def _write_csv(frames: Iterable[pd.DataFrame], path: Path) -> int:
    """Write frames one under another.

    Where there are several, times are written in full: each frame alone would leave out what its
    own times do not need.
    """
    coming = iter(frames)
    ahead = list(islice(coming, 2))
    date_format = _FULL_TIME if len(ahead) > 1 else None
    num_rows = 0
    with path.open("w", newline="") as file:
        for frame in chain(ahead, coming):
            is_first = num_rows == 0
            frame.to_csv(file, index=False, header=is_first, date_format=date_format)
            num_rows += len(frame)
    return num_rows
