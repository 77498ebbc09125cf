"""Windows of series, made as they are asked for, and what is told of windows told of steps."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from components.data.ranges import in_ranges
from components.data.series import Positions, Series, Values

BATCH = 1_024


@dataclass(frozen=True)
class Scaling:
    """Each channel about its median in robust deviations, as training rows have them.

    A channel that hardly varies has its plain deviation, a constant 1.
    """

    centre: Values
    spread: Values

    @classmethod
    def of(cls, values: Values) -> "Scaling":
        """The scaling of these training values, shape (rows, channels).

        >>> scaling = Scaling.of(np.array([[1.0], [2.0], [3.0], [4.0], [500.0]]))
        >>> scaling.centre.tolist(), scaling.spread.round(3).tolist()
        ([3.0], [1.483])
        """
        low, centre, high = np.quantile(values, [0.25, 0.5, 0.75], axis=0)
        robust, plain = (high - low) / 1.349, values.std(axis=0)
        spread = np.where(robust > 0, robust, np.where(plain > 0, plain, 1.0))
        return cls(centre, spread)

    def apply(self, values: Values) -> Values:
        """Values of shape (..., channels) in robust deviations."""
        scaled: Values = (values - self.centre) / self.spread
        return scaled

    def squashed(self, values: Values) -> Values:
        """The same with short tails: beyond a deviation they grow as the logarithm does (asinh).

        What is far out shows, and a spike does not drown all else.
        """
        scaled: Values = np.arcsinh(self.apply(values))
        return scaled

    def unsquashed(self, scaled: Values) -> Values:
        """The values that `squashed` gives these of."""
        values: Values = np.sinh(scaled) * self.spread + self.centre
        return values


def window_starts(stretches: Positions, window: int, stride: int = 1) -> Positions:
    """Where windows begin: `stride` apart in each stretch, and one that ends where it does.

    So every row of a stretch of a window or more is in some window, and none crosses a stretch.

    >>> window_starts(np.array([[0, 10], [10, 12], [12, 16]]), 4, 4).tolist()
    [0, 4, 6, 12]
    """
    found = [
        np.unique(np.append(np.arange(first, end - window + 1, stride), end - window))
        for first, end in stretches
        if end - first >= window
    ]
    return np.concatenate(found).astype(np.int64) if found else np.empty(0, np.int64)


def windows_at(values: Values, starts: Positions, window: int) -> Values:
    """The windows of `values`, (rows, channels), that begin there: (windows, channels, window)."""
    rows = starts[:, None] + np.arange(window)
    return np.ascontiguousarray(values[rows].transpose(0, 2, 1))


def window_batches(
    values: Values, starts: Positions, window: int, size: int = BATCH
) -> Iterator[tuple[Positions, Values]]:
    """All windows, so many at a time, with where they begin."""
    for first in range(0, len(starts), size):
        part = starts[first : first + size]
        yield part, windows_at(values, part, window)


class StepMeans:
    """The mean, for each row and channel, of what windows that have it say of it."""

    def __init__(self, num_rows: int, num_channels: int, window: int) -> None:
        self._totals = np.zeros((num_rows, num_channels))
        self._counts = np.zeros(num_rows)
        self._window = window

    def add(self, starts: Positions, told: Values) -> None:
        """Take what windows that begin there say, shape (windows, channels, window)."""
        for step in range(self._window):  # within one step all rows are distinct
            self._totals[starts + step] += told[:, :, step]
            self._counts[starts + step] += 1

    def means(self) -> Values:
        """Shape (rows, channels), NaN for rows that no window has."""
        with np.errstate(invalid="ignore"):
            found: Values = self._totals / self._counts[:, None]
        return found


def cut_last(stretches: Positions, share: float) -> tuple[Positions, Positions]:
    """The stretches without their last `share` of rows, and that last share of each.

    >>> [part.tolist() for part in cut_last(np.array([[0, 10], [20, 24]]), 0.25)]
    [[[0, 8], [20, 23]], [[8, 10], [23, 24]]]
    """
    firsts, ends = stretches.T
    cuts = ends - np.round(share * (ends - firsts)).astype(np.int64)
    return np.column_stack([firsts, cuts]), np.column_stack([cuts, ends])


def latest_rows(series: Series, share: float) -> tuple[Positions, Positions]:
    """Positions in the table of all rows but the last `share` of each stretch, and of those.

    Rows that lack a value are in neither.
    """
    parts = cut_last(series.stretches, share)
    earlier, latest = (
        np.sort(series.places[in_ranges(part, len(series.values))]) for part in parts
    )
    return earlier, latest
