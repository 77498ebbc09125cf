"""Noise for differential privacy: whole numbers, from a secret, and the account of what it costs.

The mechanisms are the discrete Gaussian (Canonne, Kamath and Steinke 2020, "The discrete Gaussian
for differential privacy") and the exponential mechanism; their costs add up as zero-concentrated
differential privacy (Bun and Steinke 2016). One row is exchanged for another: the number of rows is
public.
"""

import hashlib
import math
from dataclasses import dataclass, field
from functools import cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from components.data.table import Matrix
from components.errors import UserError

HISTOGRAM_SENSITIVITY = 2.0
"""The squared Euclidean distance of the histograms of two tables that differ in one row."""
L1_SENSITIVITY = 2.0
_BITS = 62
_FAR = 10.0
_STEPS = np.geomspace(1e-4, 1e5, 2_000)
_ORDERS = 1 + _STEPS


@cache
def rho_of(epsilon: float, delta: float) -> float:
    """The most zero-concentrated privacy loss that is (epsilon, delta)-differentially private.

    >>> round(rho_of(1.0, 1e-6), 4)
    0.0213
    """
    low, high = 0.0, epsilon
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if delta_of(middle, epsilon) <= delta else (low, middle)
    return low


def delta_of(rho: float, epsilon: float) -> float:
    """The delta that goes with `epsilon` under a loss of `rho` (Canonne et al. 2020, cor. 13)."""
    if rho <= 0:
        return 0.0
    exponents = _STEPS * (_ORDERS * rho - epsilon) + _ORDERS * np.log1p(-1 / _ORDERS)
    return math.exp(min(float((exponents - np.log(_STEPS)).min()), 0.0))


@dataclass
class Account:
    """What may be lost of privacy in all, and what was spent.

    A third of `delta` pays for the Gaussian noise, a third for the thresholds behind which rare
    values stay, a third for noise that is drawn to 62 binary digits only.
    """

    epsilon: float
    delta: float
    num_thresholds: int
    rho_spent: float = 0.0
    rounding: float = 0.0
    rho: float = field(init=False)

    def __post_init__(self) -> None:
        """Work out the loss that the two allow."""
        self.rho = rho_of(self.epsilon, self.delta / 3)

    def bar(self, sigma: float) -> float:
        """What a count with noise must be above, to be told of although no row need be in it.

        A value that one row alone has is above it with a chance of a third of delta over the number
        of thresholds. The tail of the discrete Gaussian at a whole number is at most that of the
        continuous one a step before (Canonne et al. 2020, prop. 25).
        """
        chance = self.delta / 3 / max(self.num_thresholds, 1)
        return 2 + sigma * NormalDist().inv_cdf(1 - chance)

    @property
    def left(self) -> float:
        """What is yet to be spent."""
        return self.rho - self.rho_spent

    def spend(self, rho: float) -> None:
        """Spend part of what is left."""
        self.rho_spent += rho
        assert self.rho_spent <= self.rho * (1 + 1e-9), "more privacy spent than there was"

    def count_draws(self, number: int, entries: int) -> None:
        """Note draws from a table of so many cumulative probabilities, each rounded to 2^-62.

        Raises UserError where they are more than `delta` pays for.
        """
        self.rounding += number * entries * 2.0**-_BITS
        if self.rounding > self.delta / 3:
            raise UserError(
                f"delta = {self.delta:g} is smaller than can be kept on a table so wide"
            )


class Noise:
    """Random numbers that only who knows the secret can make again, and their account.

    The stream is SHAKE-256 of the key and of everything that is computed on, so that no two tables
    share their noise: the difference of their results would otherwise be the difference of rows.
    """

    def __init__(self, key: bytes, account: Account) -> None:
        """A stream from its key."""
        self.account = account
        self._key, self._calls = key, 0

    def _uniform(self, number: int) -> NDArray[np.uint64]:
        """Whole numbers from 0 up to 2^62, each as likely."""
        self._calls += 1
        stream = hashlib.shake_256(self._key + self._calls.to_bytes(8, "big"))
        words = np.frombuffer(stream.digest(8 * number), dtype=np.uint64)
        return words >> np.uint64(64 - _BITS)

    def _pick(self, ends: NDArray[np.longdouble], number: int) -> NDArray[np.int64]:
        """Places that the cumulative probabilities `ends` give."""
        self.account.count_draws(number, len(ends))
        limits = np.floor(ends / ends[-1] * np.longdouble(2**_BITS)).astype(np.uint64)
        return np.searchsorted(limits, self._uniform(number), side="right")

    def histogram(self, counts: NDArray[np.int64], rho: float) -> tuple[Matrix, float]:
        """The counts of disjoint cells with noise at a cost of `rho`, and its deviation."""
        self.account.spend(rho)
        sigma = math.sqrt(HISTOGRAM_SENSITIVITY / (2 * rho))
        reach = math.ceil(_FAR * sigma + 2)
        assert reach < 2**19, f"noise of deviation {sigma:.0f} is beyond any use"
        steps = np.arange(-reach, reach + 1, dtype=np.longdouble)
        ends = np.cumsum(np.exp(-(steps**2) / (2 * np.longdouble(sigma) ** 2)))
        drawn = self._pick(ends, counts.size).reshape(counts.shape) - reach
        return (counts + drawn).astype(np.float64), sigma

    def choose(self, scores: Matrix, rho: float) -> int:
        """The place of a high score, each changed by at most 2 by one row, at a cost of `rho`."""
        self.account.spend(rho)
        epsilon = math.sqrt(8 * rho)  # Cesar and Rogers 2021
        logits = epsilon * (scores - scores.max()) / (2 * L1_SENSITIVITY)
        ends = np.cumsum(np.exp(logits.astype(np.longdouble)))
        return int(self._pick(ends, 1)[0])

    def assigned(self, weights: Matrix, num_rows: int) -> NDArray[np.int64]:
        """A place for each row, drawn by the weights: a row's own, whatever the others are."""
        ends = np.cumsum(weights / weights.sum())
        return np.searchsorted(ends, self._uniform(num_rows) * 2.0**-_BITS, side="right").clip(
            max=len(weights) - 1
        )
