"""The last number within identifiers, where all else of them is common: `ORD-2024-000123`."""

import numpy as np
from numpy.typing import NDArray

from components.data.identifiers.numbers import NumberPattern
from components.data.schema import FreshNumbers

_MOST_DIGITS = 18
"""So many digits fit into a whole number of 64 bits."""


class SerialNumbers:
    """Where the last number of each identifier stands and which they are; `add` takes the next.

    >>> serials = SerialNumbers()
    >>> texts = np.array(["P-0017", "P-0020"])
    >>> serials.add(texts.view(np.uint32).reshape(2, -1))
    >>> serials.start, serials.end, serials.fresh().digits
    (2, 6, 4)
    """

    def __init__(self) -> None:
        self.start: int | None = None
        """The place of the first digit; None where it is not the same in all."""
        self.end: int | None = None
        """The place behind the last digit; None where the number ends each, at any length."""
        self._is_told = True
        self.width = 0
        """The most digits that one has."""
        self._numbers = NumberPattern()

    def add(self, codes: NDArray[np.uint32]) -> None:
        """Take identifiers of 64 characters at most, of which these are the codes, 0 behind."""
        if not self._is_told or not len(codes):
            return
        first, last, numbers = _last_numbers(codes)
        lengths = (codes > 0).sum(axis=1)
        known = (self.start, self.end) if self._numbers.num_rows else (int(first[0]), int(last[0]))
        self.start = known[0]
        is_alike = known[1] is not None and bool((last == known[1]).all())
        self.end = known[1] if is_alike else None
        self.width = max(self.width, int((last - first).max()))
        ends_all = bool((last == lengths).all())
        self._is_told = (
            bool((first == self.start).all())
            and self.width <= _MOST_DIGITS
            and (is_alike or ends_all)
        )
        self._numbers.add(numbers)

    def fresh(self) -> FreshNumbers | None:
        """Numbers that none of the identifiers has; None where it is not by them that these differ.

        That is so where there are fewer from the least to the largest than there are identifiers.
        """
        if not self._is_told or self.start is None or self._numbers.span < self._numbers.num_rows:
            return None
        return self._numbers.fresh(digits=self.width if self.end is not None else None)


def _last_numbers(
    codes: NDArray[np.uint32],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Where the last number of each row begins, where it ends, and the number; 0 without any.

    Numbers too long for 64 bits come out as some other number.
    """
    begins, ends, numbers = (np.zeros(len(codes), dtype=np.int64) for _ in range(3))
    for place, column in enumerate(codes.T):
        digit = column.astype(np.int64) - ord("0")
        is_digit = (digit >= 0) & (digit < 10)
        goes_on = is_digit & (ends == place)
        begins = np.where(is_digit & ~goes_on, place, begins)
        numbers = np.where(is_digit, np.where(goes_on, 10 * numbers, 0) + digit, numbers)
        ends = np.where(is_digit, place + 1, ends)
    return begins, ends, numbers
