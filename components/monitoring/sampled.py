"""A bounded random sample of the rows of a stream."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from components.monitoring.levels import Numbers, Places
from components.monitoring.sketch import Batch

_SEED = 0x51
_GOLDEN = 0x9E3779B97F4A7C15


class RowSample:
    """At most `most` rows of all that were added, each as likely as any other.

    Which rows they are is told by their numbers in the stream alone, so that it is the same every
    time; all are kept where there are no more.
    """

    def __init__(self, most: int) -> None:
        self.names: tuple[str, ...] = ()
        self._most = most
        self._parts: list[tuple[NDArray[np.uint64], Numbers, Places]] = []
        self._num_seen = 0
        self._num_held = 0
        self._limit = np.uint64(2**64 - 1)

    def add(self, num_rows: int, take: Callable[[Places], Batch]) -> None:
        """Add so many rows that follow those before, of which `take` gives those at positions."""
        ranks = _ranks(self._num_seen, num_rows)
        self._num_seen += num_rows
        kept = np.flatnonzero(ranks <= self._limit)
        batch = take(kept)
        self.names = batch.names
        self._parts.append((ranks[kept], batch.matrix, batch.phases))
        self._num_held += len(kept)
        if self._num_held > 2 * self._most:
            self._shrink()

    def rows(self) -> Batch:
        """The rows that are kept."""
        if not self._parts:
            return Batch((), np.empty((0, 0)), np.empty(0, dtype=np.intp))
        self._shrink()
        _, matrix, phases = self._parts[0]
        return Batch(self.names, matrix, phases)

    def _shrink(self) -> None:
        ranks, matrix, phases = (np.concatenate(part) for part in zip(*self._parts, strict=True))
        kept = np.sort(np.argsort(ranks, kind="stable")[: self._most])
        self._parts = [(ranks[kept], matrix[kept], phases[kept])]
        self._num_held = len(kept)
        if len(kept) == self._most:
            self._limit = ranks[kept].max()


def _ranks(first: int, count: int) -> NDArray[np.uint64]:
    """A random rank for each row by its number (SplitMix64, Steele, Lea and Flood 2014)."""
    z = np.arange(first + _SEED, first + _SEED + count, dtype=np.uint64) * np.uint64(_GOLDEN)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
