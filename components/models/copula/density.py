"""The density of rows under a Gaussian copula: of their normal scores, and of each column."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.data.table import Matrix
from components.models.copula.marginals import Marginal

LEAST_SHARE = 1e-9
"""What a value counts at least: one the marginal cannot make."""

_FAR = 6.0
_ENDLESS = 7.0
"""Scores beyond are those of the shares 0 and 1, which are infinite (`fit_marginal`)."""
_MOST_ROWS = 2_048
_MOST_CELLS = 4_000_000


Marks = NDArray[np.bool_]


def log_density(
    columns: Matrix, marginals: Sequence[Marginal], root: NDArray[np.float32], is_unknown: Marks
) -> Matrix:
    """The log density of rows of a group's columns, shape (rows,), as far as these are known.

    That is the marginals' densities times the Gaussian copula's density at their normal scores.
    A value with a share of its own (a spike, a category, missing), or out at an end, stands at the
    middle of its stretch of scores (`score_ends`), which takes the copula as even over the stretch.
    """
    if not marginals:
        return np.zeros(len(columns))
    located = [
        locate(values, marginal) for values, marginal in zip(columns.T, marginals, strict=True)
    ]
    scores, terms = (
        np.where(is_unknown, 0.0, np.column_stack(parts)) for parts in zip(*located, strict=True)
    )
    is_whole = ~is_unknown.any(axis=1)
    copula = np.empty(len(columns))
    copula[is_whole] = _copula_density(scores[is_whole], root.astype(np.float64))
    copula[~is_whole] = _known_density(scores[~is_whole], is_unknown[~is_whole], root)
    total: Matrix = copula + terms.sum(axis=1)
    return total


def _copula_density(scores: Matrix, root: Matrix) -> Matrix:
    """The log density of a Gaussian copula at whole rows of normal scores."""
    from scipy.linalg import solve_triangular

    white = solve_triangular(root, scores.T, lower=True).T
    found: Matrix = (scores**2 - white**2).sum(axis=1) / 2 - np.log(np.diag(root)).sum()
    return found


def _known_density(scores: Matrix, is_unknown: Marks, root: NDArray[np.float32]) -> Matrix:
    """The same of what is known of rows, whose other scores are 0."""
    found = np.empty(len(scores))
    for start in range(0, len(scores), size := chunk_rows(len(root))):
        rows = slice(start, start + size)
        patterns, which = np.unique(is_unknown[rows], axis=0, return_inverse=True)
        among = correlations_among(~patterns, root)
        turned = np.einsum("nij,nj->ni", np.linalg.inv(among)[which], scores[rows])
        found[rows] = (scores[rows] * (scores[rows] - turned)).sum(axis=1) / 2
        found[rows] -= np.linalg.slogdet(among)[1][which] / 2
    return found


def chunk_rows(num_columns: int) -> int:
    """Of rows with gaps of their own, so many are worked on at once."""
    return int(np.clip(_MOST_CELLS // max(num_columns, 1) ** 2, 16, _MOST_ROWS))


def correlations_among(is_known: Marks, root: NDArray[np.float32]) -> Matrix:
    """The correlations of known columns alone, of others as if independent of all.

    `is_known` has shape (patterns, columns), the result (patterns, columns, columns).
    """
    factor = root.astype(np.float64)
    known = is_known.astype(np.float64)
    among: Matrix = (factor @ factor.T) * (known[:, :, None] * known[:, None, :])
    diagonal = np.arange(len(root))
    among[:, diagonal, diagonal] = 1.0
    return among


def locate(values: Matrix, marginal: Marginal) -> tuple[Matrix, Matrix]:
    """The normal score and the log density (of a spike: its log share) of each value."""
    from scipy.special import ndtr, ndtri

    share_missing = float(ndtr(marginal.missing_below))
    missing = np.isnan(values)
    absent = float(ndtri(np.clip(share_missing / 2, LEAST_SHARE, 1 - LEAST_SHARE)))
    if np.isnan(marginal.values).any():
        present = np.zeros(len(values)), np.full(len(values), np.log(LEAST_SHARE))
    else:
        present = _located_present(np.where(missing, marginal.values[0], values), marginal)
    scores = np.where(missing, absent, present[0])
    terms = np.where(missing, np.log(max(share_missing, LEAST_SHARE)), present[1])
    return np.clip(scores, -_FAR, _FAR), terms


def score_ends(values: Matrix, marginal: Marginal) -> tuple[Matrix, Matrix]:
    """Between which normal scores each known value lies: both ends of a spike, else one score.

    A value below or above all knots but those at a share of 0 or 1, or beyond these, is known to
    be out there and no more: taken for a score of its own it would be one that no row has.
    """
    first, past, is_knot = _knots_at(values, marginal)
    last = len(marginal.values) - 1
    between = np.interp(values, marginal.values, marginal.scores)
    low = np.where(is_knot, marginal.scores[first.clip(0, last)], between)
    high = np.where(is_knot, marginal.scores[(past - 1).clip(0, last)], between)
    inner = np.flatnonzero(np.abs(marginal.scores) < _ENDLESS)
    least, most = (inner[0], inner[-1]) if len(inner) else (last, 0)
    is_below, is_above = values < marginal.values[least], values > marginal.values[most]
    low = np.where(is_above, marginal.scores[most], low)
    high = np.where(is_below, marginal.scores[least], high)
    low = np.where(is_below, marginal.scores[0], low)
    high = np.where(is_above, marginal.scores[last], high)
    return low, high


def _knots_at(values: Matrix, marginal: Marginal) -> tuple[NDArray[Any], ...]:
    """The first knot at or above each value, that past it, and whether it is one itself."""
    first = np.searchsorted(marginal.values, values, side="left")
    past = np.searchsorted(marginal.values, values, side="right")
    return first, past, past > first


def _located_present(values: Matrix, marginal: Marginal) -> tuple[Matrix, Matrix]:
    from scipy.special import ndtr, ndtri

    knots, shares = marginal.values, ndtr(marginal.scores)
    first, past, is_knot = _knots_at(values, marginal)
    last = len(knots) - 1
    low = np.where(is_knot, first, np.maximum(first - 1, 0)).clip(0, last)
    high = np.where(is_knot, past - 1, first).clip(0, last)
    held = shares[high] - shares[low]
    is_spike = is_knot & (high > low)
    before, after = np.where(is_knot, low - 1, low).clip(0, last), (high + is_knot).clip(0, last)
    width = knots[after] - knots[before]
    rise = shares[after] - shares[before]
    slope = np.where(width > 0, rise / np.where(width > 0, width, 1.0), 0.0)
    outside = (values < knots[0]) | (values > knots[-1])
    mass = np.where(is_spike, held, np.where(outside, 0.0, slope))
    ends = score_ends(values, marginal)
    middle = ndtri((ndtr(ends[0]) + ndtr(ends[1])) / 2)
    scores = np.where(ends[0] < ends[1], middle, ends[0])
    return scores, np.log(np.maximum(mass, LEAST_SHARE))
