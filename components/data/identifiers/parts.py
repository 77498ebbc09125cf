"""Numbers within identifiers that have bounds of their own: octets, hours, days, months."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Scalar = TypeVar("Scalar", bound=np.generic)

Place = str | tuple[str, ...]
"""What a place of an identifier is drawn from: characters, or whole numbers as text."""

MOST_DIGITS = 3
"""Numbers that have a bound have no more digits."""
_BOUNDS = (12, 23, 31, 59, 255)
_BEYOND = 10**MOST_DIGITS
_MOST_PARTS = 33
_MOST_TOTALS = 8
"""Identifiers that may have more counts of numbers than these have none with a bound."""


class BoundedParts:
    """The least and the largest of each number in identifiers, by how many numbers these have.

    >>> parts = BoundedParts()
    >>> texts = np.array(["10.0.7.255", "8.31.9.1"])
    >>> parts.add(texts.view(np.uint32).reshape(2, -1))
    >>> [len(parts.numbers(4, place)) for place in range(4)]
    [12, 32, 0, 256]
    """

    def __init__(self) -> None:
        self.low = np.full((_MOST_PARTS, _MOST_PARTS), _BEYOND)
        self.high = np.full((_MOST_PARTS, _MOST_PARTS), -1)

    def add(self, codes: NDArray[np.uint32]) -> None:
        """Take identifiers of 64 characters at most, of which these are the codes, 0 behind."""
        if self._is_over:
            return
        digits = np.minimum(codes - np.uint32(ord("0")), 10).astype(np.int16)  # below 0 it is large
        is_digit = digits < 10
        digits[~is_digit] = 0
        first, second, third = (_before(is_digit, size) for size in (1, 2, 3))
        values = digits + 10 * _before(digits, 1) + 100 * (_before(digits, 2) * first)
        values[is_digit & first & second & third] = _BEYOND
        ends = is_digit & ~_before(is_digit, -1)
        ranks = np.cumsum(is_digit & ~first, axis=1, dtype=np.int8)
        totals = np.broadcast_to(ranks[:, -1:], ranks.shape)[ends].astype(np.int64)
        found = (totals * _MOST_PARTS + ranks[ends] - 1) * (_BEYOND + 1) + values[ends]
        size = _MOST_PARTS**2 * (_BEYOND + 1)
        counts = np.bincount(found, minlength=size).reshape(*self.low.shape, -1)
        is_there = counts > 0
        met = is_there.any(axis=2)
        low, high = is_there.argmax(axis=2), _BEYOND - is_there[..., ::-1].argmax(axis=2)
        self.low = np.where(met, np.minimum(self.low, low), self.low)
        self.high = np.where(met, np.maximum(self.high, high), self.high)

    @property
    def num_alike(self) -> int | None:
        """How many numbers all identifiers have; None where some have more than others."""
        return int(self._totals[0]) if len(self._totals) == 1 else None

    @property
    def _totals(self) -> NDArray[np.int64]:
        return np.flatnonzero((self.high >= 0).any(axis=1))

    @property
    def _is_over(self) -> bool:
        return len(self._totals) > _MOST_TOTALS

    def numbers(self, total: int, place: int, width: int | None = None) -> tuple[str, ...]:
        """All numbers that may stand in a place of identifiers that have `total` numbers.

        They have `width` digits, where that is given. Empty where nothing known bounds them. The
        bound is one that such numbers have by nature, so that it tells of no row.
        """
        low, high = int(self.low[total, place]), int(self.high[total, place])
        bound = next((bound for bound in _BOUNDS if bound >= high), None)
        if (
            self._is_over
            or bound is None
            or high < 10
            or (width is not None and width < len(str(bound)))
        ):
            return ()
        start = int(low > 0 and bound < _BOUNDS[-1])
        return tuple(f"{number:0{width or 1}}" for number in range(start, bound + 1))


def _before(values: NDArray[Scalar], size: int) -> NDArray[Scalar]:
    """What stands so many places before each, zeros beyond the ends."""
    shifted = np.zeros_like(values)
    if size > 0:
        shifted[:, size:] = values[:, :-size]
    else:
        shifted[:, :size] = values[:, -size:]
    return shifted
