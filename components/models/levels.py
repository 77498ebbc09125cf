"""The distinct values of a column and how they are given out: spikes exactly, others blurred."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from components.data.crowds import stretches
from components.data.schema import Column
from components.data.table import Matrix
from components.models.trees.tree_arrays import Codes

MISSING = -1
"""The code of a missing value."""

SMOOTH_SHARE = 0.5
"""A column is smooth where more than this share of its values occur only once."""


@dataclass(frozen=True)
class Levels:
    """What each code of a column stands for: a value drawn between `low` and `high`.

    The two are equal for values that are given out as they are. Values in between are rounded to
    `low[0]` plus a multiple of `step`, unless `step` is 0.
    """

    low: Matrix
    high: Matrix
    step: float

    def draw(self, codes: Codes, rng: np.random.Generator) -> Matrix:
        """A value for each code, NaN for a missing one."""
        return self.at(codes, rng.random(len(codes)))

    def at(self, codes: Codes, uniforms: Matrix) -> Matrix:
        """The value for each code that lies so far between its ends, NaN for a missing one."""
        low, high = np.append(self.low, np.nan)[codes], np.append(self.high, np.nan)[codes]
        values = low * (1 - uniforms) + high * uniforms
        if self.step > 0:
            values = self.low[0] + np.round((values - self.low[0]) / self.step) * self.step
        drawn: Matrix = np.where(low == high, low, values)  # which the sum would miss by a digit
        return drawn

    def codes(self, values: Matrix) -> Codes:
        """The code of each value: the nearest level's where none holds it, -1 where missing."""
        codes = np.full(len(values), MISSING, dtype=np.int32)
        known = np.flatnonzero(~np.isnan(values))
        if not len(self.low):
            return codes
        last = len(self.low) - 1
        above = np.minimum(np.searchsorted(self.high, values[known], side="left"), last)
        below = np.maximum(above - 1, 0)
        is_nearer_below = values[known] - self.high[below] < self.low[above] - values[known]
        codes[known] = np.where(is_nearer_below, below, above)
        return codes

    def log_widths(self, codes: Codes) -> Matrix:
        """The log width of the stretch that each code stands for, 0 where it is one value."""
        half = np.append(self.high / 2 - self.low / 2, 0.0)[codes]  # a whole one may overflow
        return np.where(half > 0, np.log(np.where(half > 0, half, 1.0)) + np.log(2.0), 0.0)


def to_levels(values: Matrix, column: Column, crowd: int = 1) -> tuple[Codes, Levels]:
    """Each value's code, -1 where it is missing, and what the codes stand for.

    A discrete column's codes are kept. In a smooth column a value that only one row has is never
    given out: it stands for the stretch halfway to its neighbours, in the column's own precision.
    With a `crowd` of 2 or more, in any column of numbers, only values that so many rows have are
    given out; others stand for stretches of as many rows (`stretches`), and share a code.
    """
    is_known = ~np.isnan(values)
    if column.is_discrete:
        known = np.arange(len(column.categories), dtype=np.float64)
        codes = np.where(is_known, values, MISSING).astype(np.int32)
        return codes, Levels(known, known, 0.0)
    known, inverse, counts = np.unique(values[is_known], return_inverse=True, return_counts=True)
    codes = np.full(len(values), MISSING, dtype=np.int32)
    if crowd > 1 and len(known):
        groups, low, high = stretches(counts, known, crowd)
        codes[is_known] = groups[inverse]
        return codes, Levels(low, high, level_step(known, column.decimals))
    codes[is_known] = inverse
    is_single = counts == 1
    if is_single.sum() <= SMOOTH_SHARE * is_known.sum():
        return codes, Levels(known, known, 0.0)
    halfway = (known[1:] + known[:-1]) / 2
    low = np.where(is_single, np.append(known[:1], halfway), known)
    high = np.where(is_single, np.append(halfway, known[-1:]), known)
    return codes, Levels(low, high, level_step(known, column.decimals))


def level_step(known: Matrix, decimals: int | None) -> float:
    """The largest step that all values are whole multiples of, from the first; 0 where none is."""
    scale = 10.0 ** (decimals or 0)
    if (known[-1] / 2 - known[0] / 2) * scale > 2**52:
        return 0.0
    scaled = (known - known[0]) * scale
    whole = np.round(scaled)
    if not np.allclose(scaled, whole, rtol=0, atol=1e-3):
        return 0.0
    return float(np.gcd.reduce(whole.astype(np.int64))) / scale


@dataclass(frozen=True)
class LevelsPack:
    """The levels of many columns, laid end to end for storage."""

    arrays: Mapping[str, NDArray[Any]]

    @classmethod
    def of(cls, columns: Sequence[Levels]) -> Self:
        """The pack of these columns' levels."""
        return cls(
            {
                "levels_low": np.concatenate([levels.low for levels in columns]),
                "levels_high": np.concatenate([levels.high for levels in columns]),
                "levels_step": np.array([levels.step for levels in columns]),
                "levels_ends": np.cumsum([len(levels.low) for levels in columns]),
            }
        )

    def columns(self) -> list[Levels]:
        """The levels that were packed, in their order."""
        ends = self.arrays["levels_ends"][:-1]
        low, high = (np.split(self.arrays[f"levels_{name}"], ends) for name in ("low", "high"))
        steps = self.arrays["levels_step"].tolist()
        return [Levels(*parts) for parts in zip(low, high, steps, strict=True)]
