"""The density of rows under a Gaussian copula: of their normal scores, and of each column."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from components.data.table import Matrix
from components.models.marginals import Marginal

LEAST_SHARE = 1e-9
"""What a value counts at least: one the marginal cannot make."""

_FAR = 6.0


def log_density(
    columns: Matrix, marginals: Sequence[Marginal], root: NDArray[np.float32]
) -> Matrix:
    """The log density of rows of a group's columns, shape (rows,).

    That is the marginals' densities times the Gaussian copula's density at their normal scores.
    A value with a share of its own (a spike, a category, missing) stands at the middle of its
    stretch of scores, which takes the copula as even over the stretch.
    """
    from scipy.linalg import solve_triangular

    if not marginals:
        return np.zeros(len(columns))
    located = [
        locate(values, marginal) for values, marginal in zip(columns.T, marginals, strict=True)
    ]
    scores = np.column_stack([z for z, _ in located])
    factor = root.astype(np.float64)
    white = solve_triangular(factor, scores.T, lower=True).T
    copula = (scores**2 - white**2).sum(axis=1) / 2 - np.log(np.diag(factor)).sum()
    total: Matrix = copula + np.sum([term for _, term in located], axis=0)
    return total


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


def _located_present(values: Matrix, marginal: Marginal) -> tuple[Matrix, Matrix]:
    from scipy.special import ndtr

    knots, shares = marginal.values, ndtr(marginal.scores)
    first = np.searchsorted(knots, values, side="left")
    past = np.searchsorted(knots, values, side="right")
    last = len(knots) - 1
    is_knot = past > first
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
    middle = (marginal.scores[low] + marginal.scores[high]) / 2
    between = np.interp(values, knots, marginal.scores)
    scores = np.where(is_knot, middle, between)
    return scores, np.log(np.maximum(mass, LEAST_SHARE))
