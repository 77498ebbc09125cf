"""Rows that can be read again and again, a batch at a time, each column in one type throughout."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from components.data.cast import cast
from components.data.files import (
    as_frame,
    check_columns_agree,
    check_format,
    is_csv,
    open_parquet,
    plain_types,
    reading,
    tell_nameless_index,
)
from components.data.forms.kept_forms import TextForm, source_forms
from components.data.spooled import spool_csv
from components.data.summaries import check_distinct_names
from components.errors import UserError

BATCH = 131_072
"""Rows read at once, unless told otherwise."""


@dataclass(frozen=True)
class Batches:
    """The rows of Parquet files, or of one frame, in their order.

    `dtypes` are those that all rows in one frame would have, by column; batches come in these.
    `forms` say what these do not of how the source has its columns.
    """

    dtypes: Mapping[str, Any]
    paths: tuple[Path, ...] = ()
    frame: pd.DataFrame | None = None
    size: int = BATCH
    forms: Mapping[str, TextForm] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """The columns, in their order."""
        return list(self.dtypes)

    def read(self, names: Sequence[str] | None = None) -> Iterator[pd.DataFrame]:
        """All rows in frames of `size` at most, of these columns or all."""
        wanted = self.names if names is None else list(names)
        for frame in self._parts(wanted):
            typed = {
                name: frame[name]
                if frame[name].dtype == self.dtypes[name]
                else cast(frame[name], self.dtypes[name])
                for name in wanted
            }
            yield pd.DataFrame(typed, index=pd.RangeIndex(len(frame)))

    def without(self, names: Sequence[str]) -> "Batches":
        """The same rows without these columns; raises UserError for one that is not there."""
        unknown = sorted(set(names) - set(self.names))
        if unknown:
            known = ", ".join(self.names[:30])
            raise UserError(
                f"cannot drop {unknown[0]!r}: it is not in the table; there are: {known}"
            )
        kept = {name: dtype for name, dtype in self.dtypes.items() if name not in names}
        return replace(self, dtypes=kept)

    def _parts(self, names: Sequence[str]) -> Iterator[pd.DataFrame]:
        if self.frame is not None:
            for start in range(0, len(self.frame), self.size):
                yield self.frame.iloc[start : start + self.size].reset_index(drop=True)
        for path in self.paths:
            yield from _read_parquet(path, self.size, names)


def frame_batches(frame: pd.DataFrame, size: int = BATCH) -> Batches:
    """The rows of a frame."""
    check_distinct_names(frame.columns.tolist())
    return Batches({str(k): v for k, v in frame.dtypes.items()}, frame=frame, size=size)


def parquet_batches(path: Path, size: int = BATCH) -> Batches:
    """The rows of a Parquet file, whatever it is called."""
    with reading(path):
        return Batches(_types(path), (path,), size=size)


def file_batches(paths: Sequence[Path], scratch: Path, size: int = BATCH) -> Batches:
    """The rows of all files, in this order. Raises UserError as `check_columns_agree` does.

    A CSV file is written to the folder `scratch` as Parquet first, which must stay as long as the
    rows are read: what a CSV's columns are is known only at its end.
    """
    readable, types = [], []
    for number, path in enumerate(paths):
        check_format(path)
        with reading(path):
            readable.append(
                spool_csv(path, scratch / f"{number:06}.parquet", size) if is_csv(path) else path
            )
            types.append(_types(readable[-1]))
            tell_nameless_index(path, pq.read_schema(readable[-1]))
    check_columns_agree(paths, [list(found) for found in types])
    return Batches(_common(types), tuple(readable), size=size, forms=source_forms(paths))


def _common(types: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The types of the columns of all files in one frame."""
    if len(types) == 1:
        return dict(types[0])
    return {
        name: pd.concat([pd.Series([], dtype=found[name]) for found in types]).dtype
        for name in types[0]
    }


def _types(path: Path) -> dict[str, Any]:
    """The types that the columns of a Parquet file have in pandas, all rows in one frame.

    Whole numbers and booleans have another where some are missing, which the file knows or its
    rows tell.
    """
    with open_parquet(path) as file:
        schema = plain_types(file.schema_arrow.empty_table()).schema
        full = _to_pandas(schema.empty_table()).dtypes
        fields = [field.with_nullable(True) for field in schema]
        nulls = [pa.nulls(1, field.type) for field in fields]
        lacking = pa.Table.from_arrays(nulls, schema=pa.schema(fields, metadata=schema.metadata))
        with_nulls = _to_pandas(lacking).dtypes
        check_distinct_names(full.index.tolist())
        return {
            name: with_nulls[name]
            if full[name] != with_nulls[name] and _lacks_values(file, name)
            else full[name]
            for name in full.index
        }


def _lacks_values(file: pq.ParquetFile, name: str) -> bool:
    """True where a flat column has no value in some row."""
    for group in range(file.metadata.num_row_groups):
        parts = file.metadata.row_group(group)
        own = [parts.column(k) for k in range(parts.num_columns)]
        part = next((part for part in own if part.path_in_schema == name), None)
        if part is None:
            raise ValueError(f"the column {name!r} of its schema is in none of its rows")
        counts = part.statistics
        if counts is not None and counts.has_null_count:
            missing = counts.null_count
        else:
            missing = file.read_row_group(group, columns=[name]).column(name).null_count
        if missing:
            return True
    return False


def _read_parquet(path: Path, size: int, names: Sequence[str]) -> Iterator[pd.DataFrame]:
    with reading(path):
        file = open_parquet(path)
    with file:
        batches = file.iter_batches(batch_size=size, columns=list(names))
        while True:
            with reading(path):
                batch = next(batches, None)
                if batch is not None:
                    batch.validate(full=True)  # text that is none would fail only where it is used
                    rows = _to_pandas(plain_types(pa.Table.from_batches([batch])))
            if batch is None:
                return
            yield rows


def _to_pandas(table: pa.Table) -> pd.DataFrame:
    frame = as_frame(table)
    return frame.set_axis([str(name) for name in frame.columns], axis=1).reset_index(drop=True)
