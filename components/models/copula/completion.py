"""Drawing normal scores of what is not known of rows, given what is, by a Gaussian copula."""

import numpy as np
from numpy.typing import NDArray

from components.data.table import Matrix
from components.models.copula.density import Marks, chunk_rows, correlations_among

SWEEPS = 8
"""How often each score that is known to lie in a stretch is drawn anew, given all the others."""


def complete_scores(
    low: Matrix,
    high: Matrix,
    root: NDArray[np.float32],
    rng: np.random.Generator,
    evidence: float = np.inf,
) -> Matrix:
    """Normal scores of rows, shape (rows, columns), each between its ends.

    Of what is not known the ends are infinite. A score with two ends, as of a category, is drawn
    between them given the others (Gibbs sampling, Geweke 1991), then all that is not known at once
    from its normal distribution given these. The first rows are the same however many follow.

    Where `root` is drawn as `evidence` rows leave it open, what known columns leave is spread
    wider: a regression on k columns leaves its own rows too little by k of them, and a drawn one
    again (its residual has as many degrees of freedom less).
    """
    found = np.empty_like(low)
    size = chunk_rows(low.shape[1])
    for start in range(0, len(low), size):
        rows = slice(start, start + size)
        normal = rng.standard_normal((size, low.shape[1]))
        uniforms = rng.random((size, SWEEPS, low.shape[1]))
        num_rows = len(low[rows])
        found[rows] = _chunk(
            low[rows], high[rows], root, normal[:num_rows], uniforms[:num_rows], evidence
        )
    return found


def _chunk(
    low: Matrix,
    high: Matrix,
    root: NDArray[np.float32],
    normal: Matrix,
    uniforms: Matrix,
    evidence: float,
) -> Matrix:
    is_known = np.isfinite(low) | np.isfinite(high)
    patterns, which = np.unique(is_known, axis=0, return_inverse=True)
    precisions = np.linalg.inv(correlations_among(patterns, root)).astype(np.float64)
    scores = np.where(is_known, _middle(low, high), 0.0)
    is_stretch = is_known & (low < high)
    for sweep in range(SWEEPS):
        for k in np.flatnonzero(is_stretch.any(axis=0)):
            rows = is_stretch[:, k]
            own = precisions[which[rows], k]
            spread = 1 / np.sqrt(own[:, k])
            mean = scores[rows, k] - np.einsum("nj,nj->n", own, scores[rows]) / own[:, k]
            ends = low[rows, k], high[rows, k]
            scores[rows, k] = _truncated(mean, spread, *ends, uniforms[rows, sweep, k])
    told = np.einsum("nij,nj->ni", precisions[which], scores)
    factor = root.astype(np.float64)
    whole = factor @ factor.T
    mean = np.einsum("ij,nj->ni", whole, told)
    left = np.einsum("nij,nj->ni", _left_roots(patterns, precisions, whole)[which], normal)
    if np.isfinite(evidence):
        left *= (evidence / (evidence - is_known.sum(axis=1)))[:, None]
    drawn: Matrix = np.where(is_known, scores, mean + left)
    return drawn


def _left_roots(is_known: Marks, precisions: Matrix, whole: Matrix) -> Matrix:
    """Roots of the covariance that unknown columns have left, 0 for known ones, by pattern."""
    known = is_known.astype(np.float64)
    told = whole * known[:, None, :]
    left = whole - told @ (precisions * (known[:, :, None] * known[:, None, :])) @ whole
    left *= (1 - known)[:, :, None] * (1 - known)[:, None, :]
    diagonal = np.arange(whole.shape[0])
    left[:, diagonal, diagonal] = np.maximum(left[:, diagonal, diagonal], 0.0) + known
    values, vectors = np.linalg.eigh(left)  # a root also where next to nothing is left
    roots: Matrix = vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :]
    return roots * (1 - known)[:, :, None]


def _middle(low: Matrix, high: Matrix) -> Matrix:
    from scipy.special import ndtr, ndtri

    middle = ndtri((ndtr(low) + ndtr(high)) / 2)
    found: Matrix = np.where(low < high, np.clip(middle, low, high), low)
    return found


def _truncated(mean: Matrix, spread: Matrix, low: Matrix, high: Matrix, uniforms: Matrix) -> Matrix:
    """Draws of normal variables between their ends, by the inverse of the distribution function."""
    from scipy.special import ndtr, ndtri

    ends = (low - mean) / spread, (high - mean) / spread
    is_above = ends[0] > 0  # where little is left of 1, the other tail tells more
    least = np.where(is_above, -ends[1], ends[0])
    most = np.where(is_above, -ends[0], ends[1])
    shares = ndtr(least), ndtr(most)
    drawn = ndtri(shares[0] + uniforms * (shares[1] - shares[0]))
    drawn = np.clip(np.where(np.isfinite(drawn), drawn, most), least, most)
    found: Matrix = mean + spread * np.where(is_above, -drawn, drawn)
    return found
