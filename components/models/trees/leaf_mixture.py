"""Leaves as a mixture: how many rows each has, and how often each code of each column is there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from components.data.table import Matrix

Cells = NDArray[np.int32]
Places = NDArray[np.int64]


@dataclass(frozen=True)
class Lead:
    """Every pair of a leaf and a code of one column, by code and leaf, and where each ends.

    A place among all rows of all leaves then is a code and a leaf that go together.
    """

    codes: Cells
    leaves: Places
    ends: Places


@dataclass(frozen=True)
class LeafMixture:
    """Leaves drawn by their rows, shape (leaves,), whose columns are drawn apart.

    A column has an entry for each code of each leaf, leaf by leaf: the code and how many of the
    leaf's rows have it. `first` is the column that a leaf is drawn with.
    """

    sizes: Places
    codes: tuple[Cells, ...]
    counts: tuple[Places, ...]
    first: int

    @classmethod
    def of(cls, leaves: Places, codes: Cells, first: int) -> Self:
        """The mixture of trees whose rows, of these codes, lie in leaves, shape (trees, rows)."""
        before = np.cumsum([0, *(leaves.max(axis=1) + 1)])[:-1]
        at = (leaves + before[:, None]).ravel()
        parts = []
        for values in codes.T:
            num_codes = int(values.max()) + 1
            keys, counts = np.unique(
                at * num_codes + np.tile(values, len(leaves)), return_counts=True
            )
            parts.append(((keys % num_codes).astype(np.int32), counts))
        entries, counts_of = zip(*parts, strict=True)
        return cls(np.bincount(at), entries, counts_of, first)

    @property
    def num_columns(self) -> int:
        """How many columns there are."""
        return len(self.codes)

    @property
    def total(self) -> int:
        """The rows of all leaves of all trees."""
        return int(self.sizes.sum())

    @cached_property
    def begins(self) -> Places:
        """Where each leaf's rows begin among those of all."""
        return np.cumsum(self.sizes) - self.sizes

    @cached_property
    def ends(self) -> tuple[Places, ...]:
        """By column: where the rows of each entry end among those of all."""
        return tuple(np.cumsum(counts) for counts in self.counts)

    @cached_property
    def leaves(self) -> tuple[Places, ...]:
        """By column: the leaf of each entry."""
        ends = np.cumsum(self.sizes)
        return tuple(np.searchsorted(ends, own - 1, side="right") for own in self.ends)

    @cached_property
    def lead(self) -> Lead:
        """The entries of the column that a leaf is drawn with."""
        codes, leaves = self.codes[self.first], self.leaves[self.first]
        order = np.lexsort((leaves, codes))
        ends = np.cumsum(self.counts[self.first][order])
        return Lead(codes[order], leaves[order], ends)

    @cached_property
    def rows_of(self) -> tuple[Places, ...]:
        """By column: the rows that each code has, in all leaves together."""
        pairs = zip(self.codes, self.counts, strict=True)
        return tuple(np.bincount(codes, counts).astype(np.int64) for codes, counts in pairs)

    def draw(self, num_rows: int, rng: np.random.Generator) -> Cells:
        """Rows of codes, shape (num_rows, columns)."""
        lead = self.lead
        entries = np.searchsorted(lead.ends, _places(rng.random(num_rows), self.total), "right")
        codes = self.draw_within(lead.leaves[entries], rng, but=self.first)
        codes[:, self.first] = lead.codes[entries]
        return codes

    def draw_within(self, leaf: Places, rng: np.random.Generator, but: int = -1) -> Cells:
        """A row of codes from each of these leaves, one column left out."""
        codes = np.zeros((len(leaf), self.num_columns), dtype=np.int32)
        for j in range(self.num_columns):
            if j != but:
                codes[:, j] = self.pick(j, leaf, rng.random(len(leaf)), self.sizes)
        return codes

    def pick(self, column: int, leaf: Places, uniforms: Matrix, rows: Places) -> Cells:
        """A code of the column from the first so many `rows` of each leaf, shape (leaves,)."""
        at = self.begins[leaf] + _places(uniforms, rows[leaf])
        picked: Cells = self.codes[column][np.searchsorted(self.ends[column], at, side="right")]
        return picked

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """The mixture laid end to end for storage, in the smallest types that hold it."""
        parts: dict[str, Places] = {
            "leaf_sizes": self.sizes,
            "entry_codes": np.concatenate(self.codes).astype(np.int64),
            "entry_counts": np.concatenate(self.counts),
            "entries": np.array([len(codes) for codes in self.codes]),
        }
        return {name: part.astype(np.min_scalar_type(part.max())) for name, part in parts.items()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], first: int) -> Self:
        """The mixture that gave `arrays`."""
        cuts = np.cumsum(arrays["entries"].astype(np.int64))[:-1]
        codes = np.split(arrays["entry_codes"].astype(np.int32), cuts)
        counts = np.split(arrays["entry_counts"].astype(np.int64), cuts)
        return cls(arrays["leaf_sizes"].astype(np.int64), tuple(codes), tuple(counts), first)


def _places(uniforms: Matrix, sizes: Places | int) -> Places:
    """Whole numbers below the sizes, as far as the uniforms are from 0 to 1."""
    places: Places = np.minimum((uniforms * sizes).astype(np.int64), np.maximum(sizes, 1) - 1)
    return places


def chosen(weights: Matrix, uniforms: Matrix) -> Places:
    """The place that each uniform picks by its line of log weights, shape (lines, places)."""
    ends = np.cumsum(np.exp(weights - weights.max(axis=1, keepdims=True)), axis=1)
    picked = (ends <= (uniforms * ends[:, -1])[:, None]).sum(axis=1)
    places: Places = np.minimum(picked, weights.shape[1] - 1)
    return places


def log_sum(weights: Matrix) -> Matrix:
    """The log of each line's summed weights, which are logs."""
    most = weights.max(axis=1)
    summed: Matrix = most + np.log(np.exp(weights - most[:, None]).sum(axis=1))
    return summed


def known_rows(mixture: LeafMixture, num_levels: Sequence[int]) -> tuple[Places, ...]:
    """By column: how many rows of each leaf have one of the first `num_levels` codes: a value."""
    found = []
    for j, levels in enumerate(num_levels):
        is_value = mixture.codes[j] < levels
        weights = mixture.counts[j] * is_value
        size = len(mixture.sizes)
        found.append(np.bincount(mixture.leaves[j], weights, size).astype(np.int64))
    return tuple(found)
