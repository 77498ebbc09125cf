"""The grid that a column's numbers lie on, and rounding to it, by numpy or torch alike."""

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from components.data.schema import Column, ColumnKind

Numbers = Any
"""A float64 array of numpy, or a tensor of torch."""

LARGEST_WHOLE = 2.0**53
"""Beyond it, not every whole number is one of float64."""


MOST_SIGNIFICANT = 12
"""Numbers that need more significant digits are taken for those of full precision."""
_NEAR = 1e-3
"""So far from a whole number is, by its last bits, what is one of so many digits."""


@dataclass(frozen=True)
class Grid:
    """Multiples of step / scale, both whole; of none where the scale is None: all numbers."""

    scale: float | None
    step: float = 1.0


def digits_of(column: Column) -> int | None:
    """Digits after the point that values of the column have; None for full precision."""
    return column.decimals if column.kind is ColumnKind.NUMERICAL else 0


def grid_of(column: Column) -> Grid:
    """The grid that the schema says all values of the column lie on."""
    digits = digits_of(column)
    return Grid(None if digits is None else 10.0**digits, column.step or 1.0)


class SignificantDigits:
    """How many significant digits keep every number, `MOST_SIGNIFICANT` at most; `add` takes more.

    >>> digits = SignificantDigits()
    >>> digits.add(np.array([3.11e-06, 0.0, 2.5e-14]))
    >>> digits.found
    3
    >>> digits.add(np.array([1 / 3]))
    >>> digits.found
    """

    def __init__(self) -> None:
        self._needed: int | None = 1

    @property
    def found(self) -> int | None:
        """The fewest that do; None where more are needed."""
        return self._needed

    def add(self, numbers: Numbers) -> None:
        """Take the next numbers."""
        sizes = np.abs(numbers[numbers != 0])
        if self._needed is None or not len(sizes):
            return
        with np.errstate(over="ignore", invalid="ignore"):
            places = MOST_SIGNIFICANT - 1 - np.floor(np.log10(sizes))
            scaled = sizes * np.power(10.0, places)
            whole = np.round(scaled)
            is_kept = np.abs(scaled - whole) < _NEAR  # not where they overflow
        if not is_kept.all():
            self._needed = None
            return
        left = whole.astype(np.int64)
        while self._needed < MOST_SIGNIFICANT:
            if not (left % 10 ** (MOST_SIGNIFICANT - self._needed)).any():
                return
            self._needed += 1


def shortened(values: Numbers, digits: int) -> Numbers:
    """The nearest numbers with so many significant digits; NaN stays.

    >>> shortened(np.array([1.6386350894049559e-06, -120.4]), 3).tolist()
    [1.64e-06, -120.0]
    """
    return np.array([float(f"{value:.{digits - 1}e}") for value in values.tolist()], np.float64)


def coarsest_grid(values: Numbers, column: Column) -> Grid:
    """The coarsest grid that all of a column's values lie on: whole days, or heaps of 50.

    >>> whole = Column(name="limit", kind=ColumnKind.INTEGER, dtype="int64")
    >>> coarsest_grid(np.array([100.0, np.nan, 250.0]), whole).step
    50.0
    """
    grid = grid_of(column)
    present = values[~np.isnan(values)]
    if grid.scale is None or np.abs(present).max(initial=0.0) * grid.scale > LARGEST_WHOLE:
        return grid
    step = np.gcd.reduce(np.round(present * grid.scale).astype(np.int64))
    return Grid(grid.scale, float(max(step, 1)))


def within(values: Numbers, column: Column, arrays: ModuleType) -> Numbers:
    """Values in the column's range and with its digits, as `decode` makes them; NaN stays."""
    return rounded(arrays.clip(values, column.minimum, column.maximum), grid_of(column), arrays)


def rounded(values: Numbers, grid: Grid, arrays: ModuleType) -> Numbers:
    """The nearest values on the grid; those too large to lie between its points as they are."""
    if grid.scale is None:
        return values
    is_far = abs(values) > LARGEST_WHOLE * (grid.step / grid.scale)
    near = arrays.where(is_far, 0.0, values)
    near = arrays.round(near * grid.scale / grid.step) * grid.step / grid.scale
    return arrays.where(is_far, values, near)


def upwards(values: Numbers, grid: Grid, arrays: ModuleType) -> Numbers:
    """The least values on the grid that are not below `values`."""
    if grid.scale is None:
        return values
    near = rounded(values, grid, arrays)
    above = rounded(near + grid.step / grid.scale, grid, arrays)
    return arrays.where(near < values, above, near)


def downwards(values: Numbers, grid: Grid, arrays: ModuleType) -> Numbers:
    """The largest values on the grid that are not above `values`."""
    return 0.0 - upwards(-values, grid, arrays)  # so there is no -0.0
