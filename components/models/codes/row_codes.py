"""Rows as codes of a limited number: what a network that knows levels alone works on."""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from components.data.crowds import stretches
from components.data.schema import Column, Schema
from components.data.table import Matrix
from components.models.levels import MISSING, Levels, level_step, to_levels

RowCodes = NDArray[np.int64]


@dataclass(frozen=True)
class ColumnCodes:
    """The codes of a column: those of its levels, then one for a missing value if there are any."""

    levels: Levels
    has_missing: bool
    is_ordered: bool

    @property
    def num_levels(self) -> int:
        """How many codes stand for values."""
        return len(self.levels.low)

    @property
    def num_codes(self) -> int:
        """How many codes there are."""
        return self.num_levels + self.has_missing

    @classmethod
    def of(cls, values: Matrix, column: Column, *, crowd: int, most: int) -> Self:
        """Codes for these training values: at most `most` levels of numbers, `crowd` rows each."""
        has_missing = bool(np.isnan(values).any())
        levels = _few_levels(values, column, crowd, most)
        return cls(levels, has_missing or not len(levels.low), not column.is_discrete)

    def code(self, values: Matrix) -> RowCodes:
        """The code of each value; -1 where it is missing and no code stands for that."""
        codes = self.levels.codes(values).astype(np.int64)
        return np.where((codes == MISSING) & self.has_missing, self.num_levels, codes)

    def draw(self, codes: RowCodes, uniforms: Matrix) -> Matrix:
        """A value for each code, NaN for a missing one."""
        is_level = codes < self.num_levels
        return self.levels.at(np.where(is_level, codes, MISSING).astype(np.int32), uniforms)

    def can_draw(self, values: Matrix) -> NDArray[np.bool_]:
        """Whether each value lies within the levels, or is missing where values may be."""
        if not self.num_levels:
            return np.isnan(values)
        low, high = self.levels.low[0], self.levels.high[-1]
        is_inside: NDArray[np.bool_] = (values >= low) & (values <= high)
        return is_inside | (np.isnan(values) & self.has_missing)

    def log_widths(self, codes: RowCodes) -> Matrix:
        """The log width of the stretch each code stands for, 0 where it is one value or none."""
        is_level = codes < self.num_levels
        return self.levels.log_widths(np.where(is_level, codes, MISSING).astype(np.int32))


def learn_row_codes(
    matrix: Matrix, schema: Schema, *, crowd: int, most: int
) -> tuple[ColumnCodes, ...]:
    """The codes of every learned column of training rows in `encode`'s form."""
    columns = zip(matrix.T, schema.learned, strict=True)
    return tuple(ColumnCodes.of(v, column, crowd=crowd, most=most) for v, column in columns)


def to_codes(matrix: Matrix, columns: tuple[ColumnCodes, ...]) -> RowCodes:
    """The rows' codes, shape (rows, columns)."""
    coded = [codes.code(values) for values, codes in zip(matrix.T, columns, strict=True)]
    return np.column_stack(coded)


def can_be_drawn(matrix: Matrix, columns: tuple[ColumnCodes, ...]) -> NDArray[np.bool_]:
    """Whether each value lies within its column's levels, or is missing where values may be."""
    parts = zip(matrix.T, columns, strict=True)
    return np.column_stack([codes.can_draw(values) for values, codes in parts])


def _few_levels(values: Matrix, column: Column, crowd: int, most: int) -> Levels:
    """The column's levels, of as few more rows each as leave no more than `most` of them."""
    known, counts = np.unique(values[~np.isnan(values)], return_counts=True)
    if column.is_discrete or (crowd == 1 and len(known) <= most):
        return to_levels(values, column)[1]
    rows = max(crowd, len(values) // (3 * most))
    while len(known):
        _, low, high = stretches(counts, known, rows)
        if len(low) <= most:
            return Levels(low, high, level_step(known, column.decimals))
        rows = math.ceil(rows * 1.2)
    return Levels(known, known, 0.0)
