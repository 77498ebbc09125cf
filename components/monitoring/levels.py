"""A column as a few levels, told from the reference alone, so that any rows can be compared."""

from collections.abc import Mapping
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

Numbers = NDArray[np.float64]
Places = NDArray[np.intp]

NUM_LEVELS = 10
OTHER = "(other)"
RARE = 5
"""Categories of fewer training rows are never a level of their own: levels are written down."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", ignored_types=(cached_property,))


class NumberLevels(_Frozen):
    """Tenths of the reference; a number with a tenth of its rows is a level of its own.

    `edges` are the upper ends of all levels but the last. `centre` and `scale` are the reference's
    mean and standard deviation, 1 where it has none.
    """

    type: Literal["numbers"] = "numbers"
    edges: tuple[float, ...]
    centre: float
    scale: float

    @classmethod
    def of(cls, numbers: Numbers) -> "NumberLevels":
        """The levels of these numbers, all of which are there; one at least."""
        deciles = np.quantile(numbers, np.arange(1, NUM_LEVELS) / NUM_LEVELS, method="inverted_cdf")
        values, counts = np.unique(deciles, return_counts=True)
        below = np.nextafter(values[counts > 1], -np.inf)
        with np.errstate(over="ignore"):
            spread = float(np.std(numbers))
        return cls(
            edges=tuple(np.union1d(values, below).tolist()),
            centre=float(np.mean(numbers)),
            scale=spread if 0 < spread < np.inf else 1.0,
        )

    @cached_property
    def _edges(self) -> Numbers:
        return np.array(self.edges)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every level in words, in order."""
        shown = [f"{edge:.4g}" for edge in self.edges]
        if len(set(shown)) < len(shown):
            shown = [f"{edge:.6g}" for edge in self.edges]
        names = [f"up to {shown[0]}"]
        for (low, high), (lower, upper) in zip(pairwise(self.edges), pairwise(shown), strict=True):
            is_one = np.nextafter(high, -np.inf) == low
            names.append(upper if is_one else f"{lower} to {upper}")
        names.append(f"above {shown[-1]}")
        return tuple(f"{i + 1:02}: {name}" for i, name in enumerate(names))

    def place(self, numbers: Numbers) -> Places:
        """The position in `names` of each number; that of a missing one is the last."""
        return np.searchsorted(self._edges, numbers, side="left")


class CategoryLevels(_Frozen):
    """The most frequent categories of the reference; all others, and unknown ones, are `OTHER`."""

    type: Literal["categories"] = "categories"
    frequent: tuple[str, ...]

    @classmethod
    def of(cls, counts: Mapping[str, int]) -> "CategoryLevels":
        """The levels of categories that have so many rows of the reference."""
        ranked = sorted(counts, key=lambda name: (-counts[name], name))
        return cls(frequent=tuple(n for n in ranked[: NUM_LEVELS - 1] if counts[n] >= RARE))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every level, in order."""
        return (*self.frequent, OTHER)

    def of_codes(self, known: Mapping[str, int]) -> Places:
        """The level of each code of `known` categories, and of the code for unknown ones."""
        levels = np.full(len(known) + 1, len(self.frequent), dtype=np.intp)
        for level, name in enumerate(self.frequent):
            levels[known[name]] = level
        return levels


Levels = Annotated[NumberLevels | CategoryLevels, Field(discriminator="type")]
