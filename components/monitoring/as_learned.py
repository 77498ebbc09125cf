"""New rows in the types that a model learned, read as the monitor reads them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from components.data.batches import Batches
from components.data.counted import counted
from components.data.schema import Column, ColumnKind, Schema
from components.errors import UserError
from components.monitoring.reading import Reader


@dataclass(frozen=True)
class LearnedRows:
    """Reads some columns of rows that came from elsewhere: 1, 1.0 and "1" are one category.

    Whole numbers are floats, as some may be missing; a category that no training row has stays
    itself, as text.
    """

    columns: tuple[Column, ...]
    reader: Reader

    @classmethod
    def of(cls, schema: Schema, names: Sequence[str]) -> Self:
        """For these columns of the schema."""
        return cls(tuple(schema[name] for name in names), Reader.of(schema))

    def read(self, batches: Batches) -> Iterator[pd.DataFrame]:
        """All rows, a batch at a time.

        Raises UserError where a column is missing, or has a value that is none of its kind.
        """
        names = [column.name for column in self.columns]
        lacking = [name for name in names if name not in batches.names]
        if lacking:
            raise UserError(f"{lacking[0]!r} is missing, and a row cannot be scored without")
        for frame in batches.read(names):
            yield pd.DataFrame({c.name: self._typed(frame[c.name], c) for c in self.columns})

    def _typed(self, values: pd.Series, column: Column) -> pd.Series:
        reading = self.reader.read(values, column)
        name, faults = column.name, reading.faults
        if faults.odd is not None:
            raise UserError(f"{name!r} cannot be read as {column.kind}: it has {faults.odd}")
        if faults.num_infinite:
            raise UserError(f"{name!r} is infinite in {counted(faults.num_infinite, 'row')}")
        if column.kind is ColumnKind.DATETIME:
            return pd.to_datetime(pd.Series(reading.numbers), unit="us").astype("datetime64[us]")
        if not column.is_discrete:
            return pd.Series(reading.numbers)
        known = np.array([*column.categories, None], dtype=object)
        codes = np.where(np.isnan(reading.numbers), len(known) - 1, reading.numbers)
        found = pd.Series(known[np.minimum(codes, len(known) - 1).astype(np.intp)], dtype=object)
        is_unknown = reading.numbers == len(column.categories)
        return found.mask(is_unknown, values.astype(str)) if is_unknown.any() else found
