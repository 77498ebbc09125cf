"""Things that are timed in turns, so that what else the machine does falls on all alike."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median


def in_turns(runs: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Seconds of the processor that each run takes, round by round; whose turn is first changes.

    The processor's time, not the clock's: with one thread both are one on a machine that does
    nothing else, and only the former is right on another.
    """
    names = list(runs)
    found: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            found[name].append(seconds_of(runs[name]))
    return found


def seconds_of(run: Callable[[], object]) -> float:
    """Seconds of the processor that it takes."""
    began = time.process_time()
    run()
    return time.process_time() - began


@dataclass(frozen=True)
class Ratio:
    """How many times as fast one is as another: the median over rounds, the least, the most."""

    middle: float
    low: float
    high: float

    def __str__(self) -> str:
        """The median, and the others in brackets."""
        return f"{self.middle:.2f} ({self.low:.2f} to {self.high:.2f})"


def times_as_fast(ours: Sequence[float], theirs: Sequence[float]) -> Ratio:
    """The ratio by seconds of the same work in each round.

    >>> str(times_as_fast([1.0, 2.0, 1.0], [2.0, 2.0, 4.0]))
    '2.00 (1.00 to 4.00)'
    """
    ratios = [their / our for our, their in zip(ours, theirs, strict=True)]
    return Ratio(median(ratios), min(ratios), max(ratios))
