"""The latent correlations of mixed columns, from normal scores with ties undone."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.data.table import Matrix

NUM_TERMS = 10
"""Hermite terms kept of a covariance as a function of the latent correlation."""

_FAR = 8.0
_HALVINGS = 20
_MAX_CORRELATION = 0.995
_COUNTED_AT_ONCE = 65_536
"""Rows whose cells are counted at once: all would take as much memory as the table."""
_LEAST_VARIANCE = 1e-9
"""Of scores: less is that of a constant."""


def latent_correlation(columns: Matrix, shrinkage: float) -> Matrix:
    """The correlation matrix of the normal variables under `columns`, shape (columns, columns).

    A pair's is that of the rows that have both (values may be missing, NaN), and 0 where one of the
    two is constant. Ties weaken the correlation of scores; for Gaussian variables by a known power
    series (Mehler's formula), which is inverted pair by pair. The rest is made positive definite
    and shrunk towards independence by `shrinkage` of the way, so that no column follows from others
    by more than that.
    """
    num_rows, num_columns = columns.shape
    scores = np.empty((num_rows, num_columns))
    terms = np.empty((NUM_TERMS, num_columns))
    for i, column in enumerate(columns.T):
        scores[:, i], terms[:, i] = _level_scores(column)
    correlation = _undo_ties(scores.T @ scores / _rows_with_both(columns), terms)
    np.fill_diagonal(correlation, 1.0)
    return (1 - shrinkage) * positive_definite(correlation) + shrinkage * np.eye(num_columns)


def normal_scores(column: Matrix) -> Matrix:
    """The mean of a standard normal variable over each value's stretch of ranks, shape (rows,).

    It is 0 for a missing value.
    """
    return _level_scores(column)[0]


def _rows_with_both(columns: Matrix) -> Matrix | int:
    """How many rows have a value in both of two columns, 1 where none has; or in any two."""
    if not np.isnan(columns).any():
        return len(columns)
    both = np.zeros((columns.shape[1], columns.shape[1]))
    for start in range(0, len(columns), _COUNTED_AT_ONCE):
        there = (~np.isnan(columns[start : start + _COUNTED_AT_ONCE])).astype(np.float64)
        both += there.T @ there
    return np.maximum(both, 1.0)


def _level_scores(column: Matrix) -> tuple[Matrix, Matrix]:
    """Normal scores of a column, and the first Hermite coefficients of the score as a function."""
    from scipy.special import ndtri

    is_there = ~np.isnan(column)
    scores = np.zeros(len(column))
    if not is_there.any():
        return scores, np.zeros(NUM_TERMS)
    _, inverse, counts = np.unique(column[is_there], return_inverse=True, return_counts=True)
    share = counts / len(inverse)
    edges = np.clip(ndtri(np.clip(np.append(0, np.cumsum(share)), 0, 1)), -_FAR, _FAR)
    density = np.exp(-(edges**2) / 2) / np.sqrt(2 * np.pi)
    means = -np.diff(density) / share
    hermite = _hermite(edges, NUM_TERMS)
    terms = np.array([means @ -np.diff(density * polynomial) for polynomial in hermite])
    factorials = np.cumprod(np.arange(1, NUM_TERMS + 1, dtype=np.float64))
    scores[is_there] = means[inverse]
    return scores, terms / np.sqrt(factorials)


def _hermite(points: Matrix, num_terms: int) -> list[Matrix]:
    """The probabilists' Hermite polynomials 0 to `num_terms` - 1 at these points."""
    polynomials = [np.ones_like(points), points]
    for k in range(1, num_terms - 1):
        polynomials.append(points * polynomials[k] - k * polynomials[k - 1])
    return polynomials[:num_terms]


def _undo_ties(covariance: Matrix, terms: Matrix) -> Matrix:
    """The latent correlation that gives each pair of columns the covariance of its scores."""
    low = np.full_like(covariance, -_MAX_CORRELATION)
    high = np.full_like(covariance, _MAX_CORRELATION)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        implied = np.zeros_like(covariance)
        for term in terms[::-1]:
            implied = middle * (implied + np.outer(term, term))
        below = implied < covariance
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    varies = (terms**2).sum(axis=0) > _LEAST_VARIANCE
    found: Matrix = np.where(varies[:, None] & varies, (low + high) / 2, 0.0)
    return found


def positive_definite(correlation: Matrix, floor: float = 1e-6) -> Matrix:
    """The matrix itself where it has a Cholesky root, else the nearest that surely has one.

    Its eigenvalues are raised to at least `floor` and its diagonal is scaled back to ones.
    """
    try:
        np.linalg.cholesky(correlation - floor * np.eye(len(correlation)))
        return correlation
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(correlation)
    repaired = (vectors * np.maximum(values, floor)) @ vectors.T
    scale = np.sqrt(np.diag(repaired))
    unit: Matrix = repaired / np.outer(scale, scale)
    return unit


def main_direction(columns: Matrix, is_discrete: NDArray[np.bool_], seed: int) -> Matrix:
    """The rows' scores on the first component of mixed columns, shape (rows,), unit variance.

    Power iteration on the sum of each column's projection: on its normal scores where it is a
    number, on its levels' means where it is discrete (factor analysis of mixed data, Pages 2004).
    """
    projected: list[NDArray[Any]] = [
        _levels(column) if discrete else normal_scores(column)
        for column, discrete in zip(columns.T, is_discrete, strict=True)
    ]
    direction = np.random.default_rng(seed).standard_normal(len(columns))
    for _ in range(_HALVINGS):
        total = np.zeros(len(columns))
        for values, discrete in zip(projected, is_discrete, strict=True):
            total += (
                level_means(direction, values)[values]
                if discrete
                else values * (values @ direction) / max(float(values @ values), 1e-12)
            )
        total -= total.mean()
        direction = total / max(float(total.std()), 1e-12)
    return direction


def _levels(codes: Matrix) -> NDArray[np.int32]:
    """Codes as levels from 1 up, 0 where missing, in half the memory."""
    return np.where(np.isnan(codes), -1, codes).astype(np.int32) + 1


def level_means(values: Matrix, levels: NDArray[np.integer], num_levels: int = 0) -> Matrix:
    """The mean of `values` at each level from 0 up; 0 where a level has no rows."""
    counts = np.bincount(levels, minlength=num_levels)
    sums = np.bincount(levels, weights=values, minlength=num_levels)
    return sums / np.maximum(counts, 1)
