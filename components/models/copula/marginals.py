"""Columns as monotone functions of a standard normal variable, and normal scores of columns."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components.data.crowds import shares_below, stretches
from components.data.table import Matrix

MAX_KNOTS = 512
"""Quantiles kept of a stretch without spikes."""

INNER_KNOTS = 4
"""Of them in each stretch of a crowd, which is even: scores alone would crowd at its inner end."""
SPIKE_ROWS = 4
SPIKE_SHARE = 0.002
"""A value is a spike where at least so many rows, and so large a share of them, have it."""


@dataclass(frozen=True)
class Marginal:
    """A column's quantile function of a normal score: interpolated between knots, flat on spikes.

    `scores` increases and `values` does not fall, shape (knots,). Scores under `missing_below`
    are missing values.
    """

    scores: Matrix
    values: Matrix
    missing_below: float

    def at(self, scores: Matrix) -> Matrix:
        """The column's values at these normal scores, NaN where missing."""
        return np.where(scores < self.missing_below, np.nan, self._value(scores))

    def present_at(self, scores: Matrix) -> Matrix:
        """The values that a column would have there if none were missing."""
        from scipy.special import ndtr, ndtri

        share = float(ndtr(self.missing_below))
        return self._value(ndtri(share + (1 - share) * ndtr(scores)) if share else scores)

    def _value(self, scores: Matrix) -> Matrix:
        values: Matrix = np.interp(scores, self.scores, self.values)
        return values


def fit_marginal(values: Matrix, *, all_spikes: bool, crowd: int = 1) -> Marginal:
    """The marginal of a column's values, NaN where missing.

    With `all_spikes` each distinct value is a spike, as for discrete codes. Otherwise values
    between spikes are interpolated, so that a quantile grid is kept and not the rows themselves.
    With a `crowd` above 1 only what so many rows have is a spike, and all other values are spread
    evenly over stretches of as many rows (`stretches`).
    """
    from scipy.special import ndtri

    present = np.sort(values[~np.isnan(values)])
    share_missing = 1 - len(present) / len(values)
    missing_below = float(ndtri(share_missing))
    if len(present) == 0:
        return Marginal(np.zeros(1), np.full(1, np.nan), np.inf)
    is_blurred = crowd > 1 and not all_spikes
    shares, knots = (
        _blurred_knots(present, crowd) if is_blurred else _quantile_knots(present, all_spikes)
    )
    scores = ndtri(np.clip(share_missing + (1 - share_missing) * shares, 1e-12, 1 - 1e-12))
    return Marginal(scores, knots, missing_below)


def _quantile_knots(present: Matrix, all_spikes: bool) -> tuple[Matrix, Matrix]:
    """Shares from 0 to 1 and the values there; a spike's value stands at both of its ends."""
    num_rows = len(present)
    levels, counts = np.unique(present, return_counts=True)
    ends = np.cumsum(counts)
    spike = counts >= max(SPIKE_ROWS, SPIKE_SHARE * num_rows) if not all_spikes else counts > 0
    smooth = _thinned(np.flatnonzero(~spike))
    shares = (
        np.concatenate([(ends - counts)[spike], ends[spike], (ends - counts / 2)[smooth]])
        / num_rows
    )
    knots = np.concatenate([levels[spike], levels[spike], levels[smooth]])
    order = np.lexsort((knots, shares))
    return shares[order], knots[order]


def _blurred_knots(present: Matrix, crowd: int) -> tuple[Matrix, Matrix]:
    """Shares from 0 to 1 and the values there: both ends of each stretch, and some in between."""
    levels, counts = np.unique(present, return_counts=True)
    least = max(crowd, math.ceil(len(present) / (MAX_KNOTS / INNER_KNOTS)))
    groups, low, high = stretches(counts, levels, least)
    ends = shares_below(groups, counts)
    parts = np.linspace(0, 1, INNER_KNOTS)
    shares, knots = (
        start[:, None] * (1 - parts) + end[:, None] * parts
        for start, end in ((ends[:-1], ends[1:]), (low, high))
    )
    is_spike = low == high
    kept = ~is_spike[:, None] | (parts == 0) | (parts == 1)
    return shares[kept], knots[kept]


def _thinned(positions: NDArray[np.int64]) -> NDArray[np.int64]:
    if len(positions) <= MAX_KNOTS:
        return positions
    kept = np.linspace(0, len(positions) - 1, MAX_KNOTS).round().astype(np.int64)
    return positions.take(kept)


def pack(marginals: Sequence[Marginal]) -> dict[str, Matrix]:
    """The marginals laid end to end for storage."""
    parts = {"scores": [m.scores for m in marginals], "values": [m.values for m in marginals]}
    arrays = {name: np.concatenate([np.empty(0), *part]) for name, part in parts.items()}
    arrays["ends"] = np.cumsum([len(m.scores) for m in marginals], dtype=np.float64)
    arrays["missing_below"] = np.array([m.missing_below for m in marginals])
    return arrays


def unpack(arrays: Mapping[str, Matrix]) -> list[Marginal]:
    """The marginals that `pack` was given, in their order."""
    ends = arrays["ends"].astype(np.int64)
    return [
        Marginal(arrays["scores"][start:end], arrays["values"][start:end], float(below))
        for start, end, below in zip(
            np.append(0, ends)[:-1], ends, arrays["missing_below"], strict=True
        )
    ]
