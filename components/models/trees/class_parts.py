"""How many rows a leaf holds, and which classes of the target have leaves of their own."""

import numpy as np
from numpy.typing import NDArray

LEAF_CROWDS = 5
"""Crowds that a leaf must hold, where there is a crowd."""

PART_LEAVES = 3
"""Leaves that a class must have room for, to have leaves of its own."""


def least_leaf(min_leaf: int, crowd: int) -> int:
    """The rows that a leaf must have: a crowd of one is none.

    >>> least_leaf(10, 15), least_leaf(10, 1)
    (75, 10)
    """
    return max(min_leaf, LEAF_CROWDS * crowd if crowd > 1 else 1)


def classes_apart(counts: NDArray[np.int64], room: int) -> list[int]:
    """The classes that are a part of their own, the largest first, by how many rows each has.

    Those with `room` rows are; all others are one part together, which takes in the smallest of
    them where it would have no room. Where a single part is left, none is apart.

    >>> classes_apart(np.array([500, 60, 300, 50]), 100)
    [0, 2]
    >>> classes_apart(np.array([500, 60, 300]), 100), classes_apart(np.array([500, 60]), 100)
    ([0], [])
    """
    total = int(counts.sum())
    apart = [int(one) for one in np.argsort(-counts, kind="stable") if counts[one] >= room]
    while apart and 0 < total - counts[apart].sum() < room:
        apart.pop()
    num_parts = len(apart) + bool(total > counts[apart].sum())
    return apart if num_parts > 1 else []
