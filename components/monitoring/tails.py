"""How far beyond anything seen a number is, and the chance of that, by the tail of those seen."""

from dataclasses import dataclass
from math import exp, log, log1p
from typing import Self

import numpy as np

from components.models.calibration import Calibration
from components.monitoring.levels import Numbers

FACTOR = 5.0
"""How many times as far from the middle as the furthest number seen a number has to be."""
FURTHEST = 100.0
"""How many times as far a value is told of whatever the chance."""
_FEWEST, _MOST = 5, 50
KEPT = _MOST + 1
"""How many of the largest numbers tell a tail."""
_PART = 10
_GAP = 3
_LONG = 1e7
_ALL_DIGITS = 1e15
"""Whole numbers below this are written in all their digits."""


def _num_beyond(num_above: int, num_seen: int) -> int:
    """How many of the largest numbers tell the tail, of so many above the median."""
    return min(int(np.clip(num_seen // _PART, _FEWEST, _MOST)), num_above - 1)


def _cluster_maxima(numbers: Numbers, count: int) -> Numbers:
    """The largest of each group of the `count` largest numbers that are close to one another."""
    places = np.sort(np.argsort(-numbers, kind="stable")[:count])
    begins = np.flatnonzero(np.diff(places, prepend=-_GAP - 1) > _GAP)
    return np.maximum.reduceat(numbers[places], begins)


def _largest_of(scale: Calibration) -> Numbers:
    assert scale.above[:KEPT] == tuple(range(min(len(scale.above), KEPT)))
    return np.array(scale.kept[:KEPT])


def _middle_of(scale: Calibration) -> float:
    """The median of the scores, or the kept one after it."""
    place = int(np.searchsorted(scale.above, scale.num_rows // 2))
    return scale.kept[min(place, len(scale.kept) - 1)]


def as_number(number: float) -> str:
    """A number in six digits, a whole one in all of its.

    >>> as_number(99999.0), as_number(1e300), as_number(0.1234567)
    ('99999', '1e+300', '0.123457')
    """
    is_whole = number.is_integer() and abs(number) < _ALL_DIGITS
    return str(int(number)) if is_whole else f"{number:.6g}"


def as_times(times: float) -> str:
    """A number of times in words.

    >>> as_times(14_297.3), as_times(3e9)
    ('14,297 times', '3e+09 times')
    """
    return f"{times:,.0f} times" if times < _LONG else f"{times:.0e} times"


@dataclass(frozen=True)
class Tail:
    """The upper tail of numbers that were seen, as Pareto's law has it.

    The `num_beyond` largest of `num_seen` lie beyond `start`; `logs` is the sum of the logarithms
    of how many times as far from the `middle` (the median) they are as that. No normal or
    exponential tail is heavier than this, so that of these a chance is told too high, never too
    low; what has tails beyond any power, as a logarithm with Cauchy's law, is not covered.
    """

    middle: float
    start: float
    furthest: float
    logs: float
    num_beyond: int
    num_seen: int

    @classmethod
    def of(cls, numbers: Numbers) -> Self | None:
        """That of finite numbers in their order; None where too few are above their median to tell.

        In a series what is large is followed by what is large, and says no more than the largest of
        them: numbers beyond the start that are at most `_GAP` apart count as one (Leadbetter et al.
        1983, section 3.7). Where that leaves few, the tail begins earlier.
        """
        ordered = np.sort(numbers)[::-1]
        middle = float(np.median(ordered)) if len(ordered) else 0.0
        num_above = int((ordered > middle).sum())
        count = _num_beyond(num_above, len(ordered))
        if count < _FEWEST:
            return None
        most = max(count, min(len(ordered) // 4, num_above - 1))
        largest = _cluster_maxima(numbers, count)
        while len(largest) < 2 * _FEWEST and count < most:
            count = min(2 * count, most)
            largest = _cluster_maxima(numbers, count)
        largest = np.append(np.sort(largest)[::-1], ordered[count])
        return cls._told_by(largest, middle, len(ordered))

    @classmethod
    def of_scale(cls, scale: Calibration) -> Self | None:
        """That of the scores of held-out rows: a scale keeps all of its largest."""
        return cls._of_largest(_largest_of(scale), _middle_of(scale), scale.num_rows)

    @classmethod
    def of_both(cls, scale: Calibration, largest: Numbers, num_more: int) -> Self | None:
        """That of held-out rows and of `num_more` others, of whose scores `largest` are."""
        both = np.sort(np.concatenate([_largest_of(scale), largest]))[::-1][:KEPT]
        return cls._of_largest(both, _middle_of(scale), scale.num_rows + num_more)

    @classmethod
    def _of_largest(cls, largest: Numbers, middle: float, num_seen: int) -> Self | None:
        count = _num_beyond(int((largest > middle).sum()), num_seen)
        return cls._told_by(largest[: count + 1], middle, num_seen) if count >= _FEWEST else None

    @classmethod
    def _told_by(cls, largest: Numbers, middle: float, num_seen: int) -> Self:
        """That of numbers beyond the last of these, which is the start, the largest first."""
        distances = largest - middle
        return cls(
            middle=middle,
            start=float(largest[-1]),
            furthest=float(largest[0]),
            logs=float(np.log(distances[:-1] / distances[-1]).sum()),
            num_beyond=len(largest) - 1,
            num_seen=num_seen,
        )

    def times(self, number: float) -> float:
        """How many times as far from the middle the number is as the furthest that was seen."""
        return (number - self.middle) / (self.furthest - self.middle)

    def chance(self, number: float) -> float:
        """The chance that one more number is at least so far, 1 for one up to the tail's start.

        Where the tail is Pareto's it is exact for any number of numbers seen, as its uncertain
        exponent is integrated out: beyond the start the logarithm of the distance is exponential,
        and its ratio to the sum of as many others has Lomax's law.

        >>> tail = Tail.of(np.exp(np.arange(100) * 13 % 100 / 10))  # up to 20,000, in no order
        >>> [round(tail.chance(number), 4) for number in (1.0, 1e4, 1e5, 1e6)]
        [1.0, 0.0628, 0.0023, 0.0002]
        """
        if number <= self.start:
            return 1.0
        further = log((number - self.middle) / (self.start - self.middle))
        share = (self.num_beyond + 1) / (self.num_seen + 1)
        if not self.logs:
            return 0.0
        return share * exp(-self.num_beyond * log1p(further / self.logs))

    def is_far(self, number: float, num_now: int, chance: float) -> bool:
        """Whether the largest of so many new numbers is far beyond anything seen.

        It is `FACTOR` times as far from the middle, and so would any of so many be with at most
        this chance, where they are like those that were seen.
        """
        is_far = self.times(number) >= FACTOR
        return is_far and num_now * self.chance(number) <= chance
