"""Ranges of steps: runs of what is true, merged where they lie close."""

import numpy as np
from numpy.typing import NDArray

from components.data.series import Positions


def ranges_of(is_true: NDArray[np.bool_]) -> Positions:
    """First step and end of each run of True, shape (ranges, 2).

    >>> ranges_of(np.array([True, False, True, True])).tolist()
    [[0, 1], [2, 4]]
    """
    changes = np.diff(is_true.astype(np.int8), prepend=0, append=0)
    return np.column_stack([np.flatnonzero(changes == 1), np.flatnonzero(changes == -1)])


def merged_ranges(
    is_true: NDArray[np.bool_], stretches: Positions, *, closing: int, shortest: int = 1
) -> Positions:
    """Runs of True within each stretch, those joined between which fewer than `closing` steps lie.

    Of these, ranges of fewer than `shortest` steps are left out.

    >>> alarms = np.array([1, 0, 1, 0, 0, 0, 1, 1], dtype=bool)
    >>> merged_ranges(alarms, np.array([[0, 8]]), closing=3).tolist()
    [[0, 3], [6, 8]]
    >>> merged_ranges(alarms, np.array([[0, 8]]), closing=4, shortest=2).tolist()
    [[0, 8]]
    >>> merged_ranges(alarms, np.array([[0, 2], [2, 8]]), closing=4).tolist()
    [[0, 1], [2, 8]]
    """
    found = [np.empty((0, 2), np.int64)]
    for first, end in stretches:
        runs = ranges_of(is_true[first:end]) + first
        if not len(runs):
            continue
        apart = runs[1:, 0] - runs[:-1, 1] >= closing
        begins = np.flatnonzero(np.append(True, apart))
        ends = np.append(begins[1:] - 1, len(runs) - 1)
        found.append(np.column_stack([runs[begins, 0], runs[ends, 1]]))
    ranges = np.concatenate(found)
    return ranges[ranges[:, 1] - ranges[:, 0] >= shortest]


def in_ranges(ranges: Positions, num_steps: int) -> NDArray[np.bool_]:
    """True for the steps in a range, shape (num_steps,).

    >>> in_ranges(np.array([[0, 1], [2, 4]]), 5).tolist()
    [True, False, True, True, False]
    """
    found = np.zeros(num_steps, dtype=bool)
    for first, end in ranges:
        found[first:end] = True
    return found
