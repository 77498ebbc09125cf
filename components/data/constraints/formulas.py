"""Columns that are computed from others: sums and products, by numpy or torch alike."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Protocol

import numpy as np

from components.config import Constraint, Product, Sum, Unit
from components.data.digits import Grid, Numbers

MICROSECONDS = {
    Unit.DAYS: 86_400e6,
    Unit.HOURS: 3_600e6,
    Unit.MINUTES: 60e6,
    Unit.SECONDS: 1e6,
}
"""What each unit is in the unit that dates are encoded in."""

Range = tuple[Numbers, Numbers]
"""The least and the most that something can be."""


class Formula(Protocol):
    """How `result` is computed from `sources`; values are in `encode`'s form, NaN where missing."""

    @property
    def result(self) -> str:
        """The column that is computed."""
        ...

    @property
    def sources(self) -> tuple[str, ...]:
        """The columns it is computed from."""
        ...

    def value(self, sources: Sequence[Numbers], arrays: ModuleType) -> Numbers:
        """The result, not rounded; NaN where a source is missing or the result is not defined."""
        ...

    def of_known(self, sources: Sequence[Numbers], arrays: ModuleType) -> Numbers:
        """The share of the result that known sources make where others are missing."""
        ...

    def size(self, sources: Sequence[Numbers], are_dates: Sequence[bool]) -> Numbers:
        """The largest number that the result is computed from, in its unit; dates are exact."""
        ...

    def ends(self, ranges: Sequence[Range], grids: Sequence[Grid]) -> Range:
        """What the result can be for sources in these ranges, on these grids."""
        ...

    def solved(self, place: int, sources: Sequence[Numbers], result: Numbers) -> Numbers:
        """The source at `place` by the others and the result; NaN where they do not tell it."""
        ...


@dataclass(frozen=True)
class Linear:
    """(constant + the sum of weights times sources) / scale.

    >>> Linear("c", ("a", "b"), (-1.0, -1.0), constant=100.0).value([30.0, 45.0], np)
    25.0
    """

    result: str
    sources: tuple[str, ...]
    weights: tuple[float, ...]
    constant: float = 0.0
    scale: float = 1.0

    def value(self, sources: Sequence[Numbers], arrays: ModuleType) -> Numbers:
        """See `Formula`."""
        return (self.constant + sum(self._terms(sources))) / self.scale

    def of_known(self, sources: Sequence[Numbers], arrays: ModuleType) -> Numbers:
        """See `Formula`: a missing source is taken for 0."""
        return self.value([arrays.where(arrays.isnan(s), 0.0, s) for s in sources], arrays)

    def size(self, sources: Sequence[Numbers], are_dates: Sequence[bool]) -> Numbers:
        """See `Formula`."""
        terms = zip(self._terms(sources), are_dates, strict=True)
        numbers = [np.abs(term) for term, is_date in terms if not is_date]
        return np.maximum.reduce([*numbers, np.full_like(sources[0], abs(self.constant))]) / abs(
            self.scale
        )

    def ends(self, ranges: Sequence[Range], grids: Sequence[Grid]) -> Range:
        """See `Formula`."""
        low, high = self._between(ranges)
        return low / self.scale, high / self.scale

    def solved(self, place: int, sources: Sequence[Numbers], result: Numbers) -> Numbers:
        """See `Formula`."""
        terms = self._terms(sources)
        others = sum(term for i, term in enumerate(terms) if i != place)
        return (result * self.scale - self.constant - others) / self.weights[place]

    def room(self, place: int, ranges: Sequence[Range], result: Range) -> Range:
        """Where the source at `place` is to be so that the result is in range.

        The other sources are in `ranges`, which can be of one value each. Ends are NaN where one
        of a range is.
        """
        weight = self.weights[place]
        others = [(0.0, 0.0) if i == place else ends for i, ends in enumerate(ranges)]
        low, high = self._between(others)
        ends = (
            (result[0] * self.scale - high) / weight,
            (result[1] * self.scale - low) / weight,
        )
        return ends if weight > 0 else (ends[1], ends[0])

    def _terms(self, sources: Sequence[Numbers]) -> list[Numbers]:
        return [weight * value for weight, value in zip(self.weights, sources, strict=True)]

    def _between(self, ranges: Sequence[Range]) -> Range:
        """The least and the most, before scaling, that the sum is by sources in these ranges."""
        low, high = self.constant, self.constant
        for weight, ends in zip(self.weights, ranges, strict=True):
            least, most = ends if weight > 0 else (ends[1], ends[0])
            low, high = low + weight * least, high + weight * most
        return low, high


@dataclass(frozen=True)
class Powers:
    """factor times the sources, those with a power of -1 divided by.

    >>> Powers("rate", ("hits", "tries"), (1, -1), factor=100.0).value([3.0, 4.0], np)
    75.0
    """

    result: str
    sources: tuple[str, ...]
    powers: tuple[int, ...]
    factor: float = 1.0

    def value(self, sources: Sequence[Numbers], arrays: ModuleType) -> Numbers:
        """See `Formula`: NaN where it would divide by 0."""
        over = math.prod(self._of(-1, sources))
        product = self.factor * math.prod(self._of(1, sources))
        if -1 not in self.powers:
            return product
        return arrays.where(over == 0, math.nan, product / arrays.where(over == 0, 1.0, over))

    def of_known(self, sources: Sequence[Numbers], arrays: ModuleType) -> Numbers:
        """See `Formula`: without all sources there is no share."""
        return arrays.zeros_like(sources[0])

    def size(self, sources: Sequence[Numbers], are_dates: Sequence[bool]) -> Numbers:
        """See `Formula`."""
        return np.abs(self.value(sources, np))

    def ends(self, ranges: Sequence[Range], grids: Sequence[Grid]) -> Range:
        """See `Formula`; infinite where it divides by numbers that are as near to 0 as can be."""
        low, high = self.factor, self.factor
        for power, ends, grid in zip(self.powers, ranges, grids, strict=True):
            other = ends if power == 1 else _reciprocal(ends, grid)
            corners = [one * two for one in (low, high) for two in other]
            low, high = min(corners), max(corners)
        return low, high

    def solved(self, place: int, sources: Sequence[Numbers], result: Numbers) -> Numbers:
        """See `Formula`."""
        ones = [np.ones_like(result) if i == place else s for i, s in enumerate(sources)]
        others = self.value(ones, np)
        is_told = (others != 0) & (result != 0)
        ratio = np.where(is_told, result, np.nan) / np.where(is_told, others, 1.0)
        return ratio if self.powers[place] == 1 else 1.0 / ratio

    def _of(self, power: int, sources: Sequence[Numbers]) -> list[Numbers]:
        return [s for s, own in zip(sources, self.powers, strict=True) if own == power]


def formula_of(constraint: Sum | Product) -> Linear | Powers:
    """How the column that a constraint determines is computed.

    >>> formula_of(Sum(total=100, parts=("a", "b", "c")))
    Linear(result='c', sources=('a', 'b'), weights=(-1.0, -1.0), constant=100.0, scale=1.0)
    """
    *sources, result = constraint.columns
    if isinstance(constraint, Product):
        powers = tuple(-1 if name in constraint.over else 1 for name in sources)
        return Powers(result, tuple(sources), powers, constraint.factor)
    micros = {name: MICROSECONDS[unit] for name, unit in constraint.units.items()}
    added = [(-1.0 if name in constraint.minus else 1.0) for name in sources]
    is_left = constraint.constant is not None
    weights = tuple(
        (-sign if is_left else sign) * micros.get(name, 1.0)
        for name, sign in zip(sources, added, strict=True)
    )
    scale = micros.get(result, 1.0)
    return Linear(result, tuple(sources), weights, constraint.constant or 0.0, scale)


def formulas_of(constraints: Sequence[Constraint]) -> dict[str, Linear | Powers]:
    """By the column that each determines, the formulas of sums and products."""
    found = (formula_of(c) for c in constraints if isinstance(c, Sum | Product))
    return {formula.result: formula for formula in found}


def _reciprocal(ends: tuple[float, float], grid: Grid) -> tuple[float, float]:
    """What 1 / x is for x in range and on the grid, 0 aside."""
    if ends[0] > 0 or ends[1] < 0:
        return 1 / ends[1], 1 / ends[0]
    largest = math.inf if grid.scale is None else grid.scale / grid.step
    return (-largest if ends[0] < 0 else 0.0), (largest if ends[1] > 0 else 0.0)
