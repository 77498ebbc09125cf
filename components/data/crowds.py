"""Values that many rows share: spikes as they are, all others blurred over filled stretches."""

import numpy as np
from numpy.typing import NDArray

from components.data.table import Matrix

Places = NDArray[np.int64]


def crowded(counts: Places, known: Matrix, crowd: int) -> Places:
    """The group of each of `known` distinct values, ascending, that `counts` rows have.

    A value that `crowd` rows have is a group of its own. Between two such, or at an end, the others
    form stretches of `crowd` to 3 `crowd` rows; where there are too few for one, each goes with the
    nearer of its two neighbours. A column without any crowd is one group. Groups are numbered in
    the order of their values.

    >>> crowded(np.array([1, 9, 1, 2, 2, 1]), np.array([0.0, 1, 2, 3, 4, 5]), 3).tolist()
    [0, 0, 1, 1, 1, 1]
    """
    is_spike = counts >= crowd
    segment = np.cumsum(np.append(0, is_spike[1:] | is_spike[:-1]))
    _, first, segment = np.unique(segment, return_index=True, return_inverse=True)
    before = np.cumsum(counts) - counts
    rows = np.add.reduceat(counts, first)
    most = np.maximum(rows // (2 * crowd), 1) - 1
    within = np.minimum((before - before[first][segment]) // (2 * crowd), most[segment])
    keys = segment * (len(known) + 1) + within
    is_short = rows[segment] < crowd
    if is_short.all():
        return np.zeros(len(known), dtype=np.int64)
    places = np.arange(len(known))
    kept = places[~is_short]
    after = np.minimum(np.searchsorted(kept, places), len(kept) - 1)
    earlier = np.maximum(np.searchsorted(kept, places, side="right") - 1, 0)
    below, above = kept[earlier], kept[after]
    nearer = np.where(np.abs(known - known[below]) <= np.abs(known[above] - known), below, above)
    groups: Places = np.unique(keys[np.where(is_short, nearer, places)], return_inverse=True)[1]
    return groups


def stretches(counts: Places, known: Matrix, crowd: int) -> tuple[Places, Matrix, Matrix]:
    """The group of each distinct value, and where each group's values lie: its ends, ascending.

    Both ends of a spike are its value. Two stretches that touch meet halfway.
    """
    groups = crowded(counts, known, crowd)
    own = np.flatnonzero(counts >= crowd)
    spikes = np.full(groups.max() + 1, -1)
    spikes[groups[own]] = own
    first = np.searchsorted(groups, np.arange(len(spikes)))
    last = np.searchsorted(groups, np.arange(len(spikes)), side="right") - 1
    is_spike = spikes >= 0
    low = np.where(is_spike, known[spikes], known[first])
    high = np.where(is_spike, known[spikes], known[last])
    touch = ~is_spike[:-1] & ~is_spike[1:]
    halfway = (known[last[:-1]] + known[first[1:]]) / 2
    low[1:] = np.where(touch, halfway, low[1:])
    high[:-1] = np.where(touch, halfway, high[:-1])
    return groups, low, high


def crowded_ends(values: Matrix, crowd: int) -> tuple[float, float]:
    """Where known values end as far as two crowds tell: the `crowd` least and the `crowd` largest.

    Each crowd is taken to be spread evenly about the median that it has, from the value next to it
    on; so a few rows far out do not move its end. No end is beyond the true one. Of fewer rows than
    two crowds each half is one.

    >>> crowded_ends(np.append(np.arange(100.0), 1e6), 10)
    (0.0, 101.0)
    """
    crowd = min(crowd, len(values) // 2)
    if crowd < 2:
        return float(values.min()), float(values.max())
    size = float(np.abs(values).max()) or 1.0  # so that nothing overflows
    parted = np.partition(values / size, [crowd, len(values) - crowd - 1])
    low = 2 * np.median(parted[:crowd]) - parted[crowd]
    high = 2 * np.median(parted[-crowd:]) - parted[-crowd - 1]
    return max(float(values.min()), float(low * size)), min(float(values.max()), float(high * size))


def shares_below(groups: Places, counts: Places) -> Matrix:
    """The share of rows below each group, and last that of all: one more than there are groups.

    >>> shares_below(np.array([0, 0, 1]), np.array([1, 2, 1])).tolist()
    [0.0, 0.75, 1.0]
    """
    shares: Matrix = np.append(0.0, np.bincount(groups, weights=counts).cumsum() / counts.sum())
    return shares
