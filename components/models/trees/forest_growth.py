"""Splitting the leaves of a tree so that columns come apart within them: all leaves at once."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from components.data.table import Matrix
from components.models.codes.row_codes import ColumnCodes

Cells = NDArray[np.int32]
Places = NDArray[np.int64]
Marks = NDArray[np.bool_]

MOST_COUNTED = 16
"""Groups of codes that a column is counted in: enough to see a shape, few enough to be filled."""

MOST_GROWING_ROWS = 100_000
"""Cuts are looked for on at most so many rows."""

NUM_PATTERNS = 16
PATTERN_SHARES = (0.0, 0.3, 0.5)
"""How large a share of a column's other codes may go left with the one that is cut off."""

ALONE = 0.15
"""How often one code of an ordered column is cut off alone, as a spike asks for."""


@dataclass(frozen=True)
class Rows:
    """Training rows as codes, shape (rows, columns), and as what is counted of them.

    `slots` has each cell's group of codes, numbered over all columns; `owner` is each slot's
    column. `dice` are patterns of uniform numbers, one for each code, that choose sets of codes.
    `is_growing` marks the rows that decide on cuts.
    """

    codes: Cells
    slots: Cells
    owner: Places
    is_ordered: Marks
    dice: NDArray[np.float32]
    is_growing: Marks

    @classmethod
    def of(cls, codes: Cells, columns: tuple[ColumnCodes, ...], rng: np.random.Generator) -> Self:
        """The rows of these codes; of very many, some at random decide on cuts."""
        parts: list[Cells] = []
        sizes: list[int] = []
        for values, column in zip(codes.T, columns, strict=True):
            groups = _counted(np.bincount(values, minlength=column.num_codes), column.is_ordered)
            parts.append((groups[values] + sum(sizes)).astype(np.int32))
            sizes.append(int(groups.max()) + 1)
        most = max(column.num_codes for column in columns)
        is_growing = np.ones(len(codes), dtype=bool)
        if len(codes) > MOST_GROWING_ROWS:
            is_growing[:] = False
            is_growing[rng.choice(len(codes), MOST_GROWING_ROWS, replace=False)] = True
        return cls(
            codes=codes,
            slots=np.column_stack(parts),
            owner=np.repeat(np.arange(len(sizes)), sizes),
            is_ordered=np.array([column.is_ordered for column in columns]),
            dice=rng.random((NUM_PATTERNS, most), dtype=np.float32),
            is_growing=is_growing,
        )


def _counted(counts: Places, is_ordered: bool) -> Places:
    """The group of each code: of as many rows each in their order, or the rarest ones as one."""
    if len(counts) <= MOST_COUNTED:
        return np.arange(len(counts))
    if is_ordered:
        middle = (np.cumsum(counts) - counts / 2) / counts.sum()
        groups: Places = np.unique((middle * MOST_COUNTED).astype(int), return_inverse=True)[1]
        return groups
    rank = np.argsort(np.argsort(-counts, kind="stable"), kind="stable")
    return np.minimum(rank, MOST_COUNTED - 1)


@dataclass(frozen=True)
class Cuts:
    """A cut for each of some leaves: which codes of which column go left.

    Those up to `code` where `pattern` is -1; else `code` itself, and those whose number in that
    pattern of the dice is below `share`.
    """

    column: Places
    code: Places
    pattern: Places
    share: Matrix

    @classmethod
    def at_random(cls, rows: Rows, examples: Places, rng: np.random.Generator) -> Self:
        """Cuts at codes of example rows, one of each leaf: where a leaf has rows, it is cut."""
        num_leaves = len(examples)
        column = rng.integers(0, rows.codes.shape[1], num_leaves)
        is_ordered = rows.is_ordered[column]
        is_alone = rng.random(num_leaves) < ALONE
        pattern = rng.integers(0, NUM_PATTERNS, num_leaves)
        share = rng.choice(PATTERN_SHARES, num_leaves)
        return cls(
            column=column,
            code=rows.codes[examples, column].astype(np.int64),
            pattern=np.where(is_ordered & ~is_alone, -1, pattern),
            share=np.where(is_ordered, 0.0, share),
        )

    def goes_left(self, rows: Rows, chosen: Places, leaf: Places) -> Marks:
        """Whether the chosen rows go left, each by the cut of its leaf."""
        value, code = rows.codes[chosen, self.column[leaf]], self.code[leaf]
        pattern = self.pattern[leaf]
        is_in_set = (value == code) | (rows.dice[pattern, value] < self.share[leaf])
        left: Marks = np.where(pattern < 0, value <= code, is_in_set)
        return left

    def replaced(self, where: Marks, by: "Cuts") -> "Cuts":
        """These cuts with some replaced."""
        return Cuts(
            np.where(where, by.column, self.column),
            np.where(where, by.code, self.code),
            np.where(where, by.pattern, self.pattern),
            np.where(where, by.share, self.share),
        )


def split_leaves(
    rows: Rows,
    leaf: Places,
    *,
    levels: int,
    min_leaf: int,
    num_cuts: int,
    rng: np.random.Generator,
) -> Places:
    """The leaf of each row, from 0 up, after the leaves in `leaf` are split `levels` times.

    Within a leaf made rows have their columns apart, so no single cut of it tells real rows from
    made ones; of `num_cuts` cuts at random the one is taken after which other columns differ most
    from what they are in the whole leaf, so that next cuts would tell. That is twice the gain of
    likelihood when both sides have marginals of their own; what chance alone would give (one for
    each number more) is taken off, and a leaf without a gain is left whole. Both sides of a cut
    have `min_leaf` rows or more.
    """
    leaf = leaf.copy()
    is_open = np.ones(int(leaf.max()) + 1, dtype=bool)
    for _ in range(levels):
        size = np.bincount(leaf[rows.is_growing], minlength=len(is_open))
        is_open &= size >= 2 * min_leaf
        if not is_open.any():
            break
        cuts, is_cut = _best_cuts(rows, leaf, is_open, min_leaf, num_cuts, rng)
        chosen = np.flatnonzero(is_cut[leaf])
        if not len(chosen):
            break
        number = np.cumsum(is_cut) - 1
        goes_left = cuts.goes_left(rows, chosen, (np.cumsum(is_open) - 1)[leaf[chosen]])
        right = chosen[~goes_left]
        leaf[right] = len(is_cut) + number[leaf[right]]
        is_open = np.append(is_cut, np.ones(int(is_cut.sum()), dtype=bool))
    return leaf


def _best_cuts(
    rows: Rows,
    leaf: Places,
    is_open: Marks,
    min_leaf: int,
    num_cuts: int,
    rng: np.random.Generator,
) -> tuple[Cuts, Marks]:
    """The best cut of each open leaf, and by leaf whether there is one."""
    chosen = np.flatnonzero(rows.is_growing & is_open[leaf])
    at = (np.cumsum(is_open) - 1)[leaf[chosen]]
    counted = _Counted.of(rows, chosen, at)
    by_leaf = chosen[np.argsort(at, kind="stable")]
    first = np.cumsum(counted.size) - counted.size
    best = Cuts.at_random(rows, by_leaf[first], rng)
    gain = np.zeros(len(first))
    for _ in range(num_cuts):
        examples = first + (rng.random(len(first)) * counted.size).astype(np.int64)
        cuts = Cuts.at_random(rows, by_leaf[examples], rng)
        found = counted.gains(cuts, cuts.goes_left(rows, chosen, at), min_leaf)
        is_better = found > gain
        best, gain = best.replaced(is_better, cuts), np.maximum(gain, found)
    is_cut = is_open.copy()
    is_cut[is_open] = gain > 0
    return best, is_cut


@dataclass(frozen=True)
class _Counted:
    """Rows of open leaves counted: `whole` by leaf and slot, `size` by leaf, `keys` by cell."""

    at: Places
    keys: Places
    whole: Places
    size: Places
    owner: Places
    entropy: Matrix

    @classmethod
    def of(cls, rows: Rows, chosen: Places, at: Places) -> Self:
        num_slots, size = len(rows.owner), np.bincount(at)
        keys = at[:, None] * num_slots + rows.slots[chosen]
        whole = np.bincount(keys.ravel(), minlength=len(size) * num_slots)
        counts = np.arange(len(chosen) + 1.0)
        entropy = counts * np.log(np.maximum(counts, 1.0))
        return cls(at, keys, whole.reshape(len(size), num_slots), size, rows.owner, entropy)

    def gains(self, cuts: Cuts, goes_left: Marks, min_leaf: int) -> Matrix:
        """What each leaf's cut gains over what chance gives; minus infinity where it may not be."""
        entropy, whole = self.entropy, self.whole
        left_size = np.bincount(self.at[goes_left], minlength=len(self.size))
        right_size = self.size - left_size
        left = np.bincount(self.keys[goes_left].ravel(), minlength=whole.size).reshape(whole.shape)
        is_other = self.owner != cuts.column[:, None]
        terms = entropy[left] + entropy[whole - left] - entropy[whole]
        sides = entropy[left_size] + entropy[right_size] - entropy[self.size]
        num_others = int(self.owner[-1])
        gained = 2 * ((terms * is_other).sum(axis=1) - num_others * sides)
        by_chance = ((whole > 0) & is_other).sum(axis=1) - num_others
        is_allowed = (left_size >= min_leaf) & (right_size >= min_leaf)
        return np.where(is_allowed, gained - by_chance, -np.inf)
