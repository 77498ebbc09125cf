"""Fresh identifiers that are whole numbers: with as many digits as real ones, none of them real.

What is kept of the real ones is how many digits they have, and one remainder that none of them
leaves when divided by some number: numbers that leave it are nobody's. Where these are few, it is
the first two digits that no real one reaches. No real one is kept.
"""

from math import isqrt
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from components.data.schema import FreshNumbers

_Numbers = NDArray[np.uint64]

_ROUNDS = 4
_PLENTY = 1_000
"""So many numbers for each real one are enough, whichever they are."""
_LARGEST = 1 << 21
"""The largest divisor; of twenty million random numbers some remainder of it is left by none."""


def _divisors() -> list[int]:
    """Odd numbers, each about a third larger than that before."""
    found = [3]
    while (larger := max(found[-1] + 2, int(found[-1] * 1.3) | 1)) < _LARGEST:
        found.append(larger)
    return found


class CountingUp:
    """Whether each number is one more than that before it; `add` takes the next ones in order.

    >>> counting = CountingUp()
    >>> counting.add(np.array([7, 8]))
    >>> counting.add(np.array([9]))
    >>> counting.holds
    True
    """

    def __init__(self) -> None:
        self.holds = True
        self._last: float | None = None

    def add(self, numbers: NDArray[Any]) -> None:
        """Take the next numbers, of int64, uint64 or float64."""
        if not self.holds or not len(numbers):
            return
        with np.errstate(invalid="ignore", over="ignore"):
            follows = self._last is None or numbers[0].item() - self._last == 1
            self.holds = follows and bool((np.diff(numbers) == 1).all())
        self._last = numbers[-1].item()


class NumberPattern:
    """What whole numbers of training rows tell fresh ones; `add` takes the next, none missing.

    >>> pattern = NumberPattern()
    >>> pattern.add(np.array([48210573, 10023987, 77120354]))
    >>> pattern.fresh()
    FreshNumbers(low=10000000, high=99999999, step=3)
    """

    def __init__(self) -> None:
        self.num_rows = 0
        self._counting = CountingUp()
        self._low = self._high = 0
        self._bounds = np.iinfo(np.int64)
        self._left: dict[int, NDArray[np.bool_]] = {}

    def add(self, numbers: NDArray[Any]) -> None:
        """Take the next rows' numbers, of int64 or uint64."""
        if not len(numbers):
            return
        if not self.num_rows:
            self._low = self._high = int(numbers[0])
            self._bounds = np.iinfo(numbers.dtype)
            self._left = {divisor: np.zeros(divisor, dtype=bool) for divisor in _divisors()}
        self._low = min(self._low, int(numbers.min()))
        self._high = max(self._high, int(numbers.max()))
        self._counting.add(numbers)
        self.num_rows += len(numbers)
        for divisor, left in self._left.items():
            left[(numbers % numbers.dtype.type(divisor)).astype(np.int64)] = True

    @property
    def span(self) -> int:
        """How many numbers there are from the least to the largest; 0 without any."""
        return self._high - self._low + 1 if self.num_rows else 0

    @property
    def counts_up(self) -> bool:
        """Whether each is one more than that before."""
        return self._counting.holds

    def fresh(self, digits: int | None = None) -> FreshNumbers:
        """The numbers that fresh ones are drawn from, none of which was among those added.

        They have as many digits, or `digits` with zeros in front where told. Where real ones leave
        no such room, as when they fill their range, fresh ones have a digit more.
        """
        low, high = (
            _with_as_many_digits(self._low, self._high) if digits is None else (0, 10**digits - 1)
        )
        low, high = max(low, int(self._bounds.min)), min(high, int(self._bounds.max))
        left = self._that_leave_no_remainder(low, high)
        if left.count < _PLENTY * self.num_rows:
            beyond = max(low, _first_beyond(self._high, len(str(high))))
            left = max(left, FreshNumbers(low=beyond, high=high, step=1), key=lambda way: way.count)
        if left.count < self.num_rows:
            left = _longer(FreshNumbers(low=low, high=high, step=1), int(self._bounds.max))
        return left.model_copy(update={"digits": digits or 1})

    def _that_leave_no_remainder(self, low: int, high: int) -> FreshNumbers:
        """Those that leave a remainder which no real one leaves; none where real ones leave all."""
        for divisor, left in self._left.items():
            if not left.all():
                start = low + (int(np.flatnonzero(~left)[0]) - low) % divisor
                return FreshNumbers(low=start, high=high, step=divisor)
        return FreshNumbers(low=low, high=low - 1, step=1)


def whole_numbers(values: "pd.Series[Any]") -> NDArray[Any]:
    """Whole numbers, none missing, as int64 or uint64."""
    is_unsigned = str(values.dtype).lower().startswith("u")
    return values.to_numpy(dtype=np.uint64 if is_unsigned else np.int64)


def fresh_numbers(
    pattern: FreshNumbers, rows: range, total: int, dtype: str, rng: np.random.Generator
) -> NDArray[Any]:
    """The identifiers of some of `total` rows, distinct among all; each depends on its row alone.

    They have more digits where the pattern has too few numbers. A Feistel network over two halves,
    by keys from `rng`, sends each row's number to another place in the pattern.
    """
    kept = np.dtype(dtype)
    while isqrt(pattern.count) ** 2 < total:
        pattern = _longer(pattern, int(np.iinfo(kept).max))
    base = np.uint64(isqrt(pattern.count))
    left, right = np.divmod(np.arange(rows.start, rows.stop, dtype=np.uint64), base)
    for key in rng.integers(2**63, size=_ROUNDS, dtype=np.uint64):
        left, right = right, (left + hashed(right, key) % base) % base
    places = left * base + right
    start = np.uint64(pattern.low % 2**64)
    return (start + places * np.uint64(pattern.step)).view(kept)  # modulo 2^64, as signs are kept


def _with_as_many_digits(low: int, high: int) -> tuple[int, int]:
    """The least and the greatest whole number with as many digits as from `low` to `high`."""
    if high < 0:
        above, below = _with_as_many_digits(-high, -low)
        return -below, -above
    most = 10 ** len(str(high)) - 1
    if low < 0:
        return 1 - 10 ** len(str(-low)), most
    return (10 ** (len(str(low)) - 1) if low else 0), most


def _first_beyond(number: int, num_digits: int) -> int:
    """The first number that begins with other two digits than all up to `number`.

    >>> _first_beyond(101_499, 6), _first_beyond(1_499, 6)
    (110000, 10000)
    """
    unit: int = 10 ** max(num_digits - 2, 0)
    return (number // unit + 1) * unit


def _longer(pattern: FreshNumbers, most: int) -> FreshNumbers:
    """All numbers up to `most` with one digit more than any of the pattern's range."""
    low = 10 ** max(len(str(abs(end))) for end in (pattern.low, pattern.high))
    assert low <= most, "numbers of so many digits leave room for any rows"
    return FreshNumbers(low=low, high=min(10 * low - 1, most), step=1)


def hashed(numbers: _Numbers, key: np.uint64) -> _Numbers:
    """Numbers that look random, one for each: the finaliser of SplitMix64 (Steele et al. 2014)."""
    mixed = numbers * np.uint64(0x9E3779B97F4A7C15) + key
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    found: _Numbers = mixed ^ (mixed >> np.uint64(31))
    return found
