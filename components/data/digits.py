"""Digits after the point: numbers of a column rounded to them, by numpy or torch alike."""

from types import ModuleType
from typing import Any

from components.data.schema import Column, ColumnKind

Numbers = Any
"""A float64 array of numpy, or a tensor of torch."""


def digits_of(column: Column) -> int | None:
    """Digits after the point that values of the column have; None for full precision."""
    return column.decimals if column.kind is ColumnKind.NUMERICAL else 0


def within(values: Numbers, column: Column, arrays: ModuleType) -> Numbers:
    """Values in the column's range and with its digits, as `decode` makes them; NaN stays."""
    return rounded(arrays.clip(values, column.minimum, column.maximum), column, arrays)


def rounded(values: Numbers, column: Column, arrays: ModuleType) -> Numbers:
    """Values with the column's digits after the point."""
    digits = digits_of(column)
    if digits is None:
        return values
    return arrays.round(values * 10.0**digits) / 10.0**digits


def upwards(values: Numbers, column: Column, arrays: ModuleType) -> Numbers:
    """The least numbers with the column's digits that are not below `values`."""
    digits = digits_of(column)
    if digits is None:
        return values
    near = rounded(values, column, arrays)
    return arrays.where(near < values, rounded(near + 10.0**-digits, column, arrays), near)


def downwards(values: Numbers, column: Column, arrays: ModuleType) -> Numbers:
    """The largest numbers with the column's digits that are not above `values`."""
    return 0.0 - upwards(-values, column, arrays)  # so there is no -0.0
