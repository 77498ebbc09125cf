"""Finding columns of which exactly one is true in every row: a category spread over columns."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from components.data.schema import Column, ColumnKind
from components.data.table import Matrix

Counts = NDArray[np.int64]
Mask = NDArray[np.bool_]

MOST_CHANCE = 1e-8
_BATCH = 40_000


def is_zero_or_one(column: Column) -> bool:
    """True where the column's values in `encode`'s form are 0 and 1, and stand for themselves."""
    if column.kind is ColumnKind.INTEGER:
        return (column.minimum, column.maximum) == (0, 1) and column.number_form is None
    return column.is_discrete and column.categories == (0, 1)  # as (False, True) is


def find_groups(rows: Matrix) -> list[tuple[int, ...]]:
    """Disjoint groups of columns, of which exactly one is 1 in every row that has their values.

    `rows` has zeros and ones, NaN where missing; columns of a group are missing together. A group
    is found where shuffled columns would form any such group with a chance below 1e-8. No subsets
    are searched: rows are read to count which two columns are true together, and no more.

    >>> colours = np.eye(3)[np.arange(90) % 3]
    >>> others = np.arange(180).reshape(90, 2) % 7 < 3
    >>> find_groups(np.column_stack([others[:, 0], colours, others[:, 1]]))
    [(1, 2, 3)]
    """
    known_alike: dict[bytes, list[int]] = {}
    known = ~np.isnan(rows)
    for place, is_known in enumerate(known.T):
        known_alike.setdefault(np.packbits(is_known).tobytes(), []).append(place)
    found = []
    for places in known_alike.values():
        is_true = rows[known[:, places[0]]][:, places] == 1
        used = np.flatnonzero(is_true.any(axis=0) & ~is_true.all(axis=0))
        for group in _groups(is_true[:, used], rows.shape[1]):
            found.append(tuple(places[used[i]] for i in group))
    return found


def _groups(is_true: Mask, num_tried: int) -> Iterator[list[int]]:
    """The groups among columns of both truths, each with one column that any row has as true."""
    if not len(is_true) or not is_true.any(axis=1).all():
        return
    counts, left = is_true.sum(axis=0), np.ones(is_true.shape[1], dtype=np.bool_)
    scarcest = np.where(is_true, counts, len(is_true)).min(axis=1)
    clashing = _clashing(is_true)
    for seed in np.flatnonzero(is_true[np.argmax(scarcest)]):
        group = _disjoint(int(seed), clashing, counts, left)
        if counts[group].sum() == len(is_true) and _is_no_chance(counts[group], num_tried):
            left[group] = False
            yield sorted(group)


def _clashing(is_true: Mask) -> Mask:
    """Which two columns are both true in some row."""
    both = np.zeros((is_true.shape[1],) * 2)
    for first in range(0, len(is_true), _BATCH):
        batch = is_true[first : first + _BATCH].astype(np.float32)
        both += batch.T @ batch
    return both > 0


def _disjoint(seed: int, clashing: Mask, counts: Counts, left: Mask) -> list[int]:
    """Columns true in different rows, the seed first: next, who clashes with fewest that could be.

    So a column that is apart from the seed by chance alone comes late, if at all.
    """
    group, could_be = [seed], left & ~clashing[seed]
    clashes = clashing[:, could_be].sum(axis=1)
    while could_be.any():
        places = np.flatnonzero(could_be)
        best = int(places[np.lexsort((-counts[places], clashes[places]))[0]])
        gone = could_be & clashing[best]
        gone[best] = True
        group.append(best)
        could_be &= ~gone
        clashes = clashes - clashing[:, gone].sum(axis=1)
    return group


def _is_no_chance(counts: Counts, num_tried: int) -> bool:
    """Would none of the groups of so many columns be one by chance, were the columns shuffled.

    Columns true in n_i of n rows, sum n, are true in rows of their own with a chance of
    prod (n - n_i)! / n!^(k - 1).
    """
    n, k = counts.sum(), len(counts)
    chance = gammaln(n - counts + 1).sum() - (k - 1) * gammaln(n + 1)
    return bool(chance + k * np.log(num_tried) < np.log(MOST_CHANCE))
