"""Parameters of a Gaussian copula drawn as what its rows leave open, for proper imputation.

Imputation with the parameters as fitted is improper: its intervals are too narrow where rows are
few (Rubin 1987, chapter 4). All that is needed here is what a fitted copula keeps anyway - its
correlations, its quantiles and how many rows stand behind them - and no row.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from components.data.table import Matrix
from components.models.copula.marginals import Marginal

_LEAST_ROWS = 5.0
"""Behind a column's marginal: one with hardly any of its own has that of all rows."""
_ENDLESS = 7.0
_LEAST_SHARE = 1e-12
_FAR = 7.0345
"""The score of a share of `_LEAST_SHARE`: the end of all marginals."""

_END_KNOTS = 6
_TAIL_SHARE = 0.1
_HALF = 0.5


def drawn_root(
    root: NDArray[np.float32], evidence: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """A root of a correlation matrix as `evidence` rows would give it, drawn about that of `root`.

    The matrix is one of a Wishart distribution (by Bartlett's decomposition), scaled to ones.
    """
    width = len(root)
    factor = np.tril(rng.standard_normal((width, width)), -1)
    factor[np.diag_indices(width)] = np.sqrt(rng.chisquare(evidence - np.arange(width)))
    turned = root.astype(np.float64) @ factor
    unit = turned / np.sqrt((turned**2).sum(axis=1, keepdims=True))
    found: NDArray[np.float32] = unit.astype(np.float32)
    return found


def drawn_marginal(marginal: Marginal, num_rows: float, rng: np.random.Generator) -> Marginal:
    """A column's quantiles as `num_rows` rows leave them open: a Bayesian bootstrap (Rubin 1981).

    What lies between two knots gets a share of Dirichlet's distribution. Values beyond the last
    half row at either end go on as a normal tail would, from the outer tenth of the rows, so that
    a class may be drawn out of its own range (`decode` clips to that of the column).
    """
    from scipy.special import ndtr, ndtri

    if np.isnan(marginal.values).any() or marginal.missing_below > -np.inf:
        return marginal
    shares, values = _even_end(ndtr(marginal.scores), marginal.values, num_rows)
    below, mirrored = _even_end(1 - shares[::-1], -values[::-1], num_rows)
    shares, values = 1 - below[::-1], -mirrored[::-1]
    if len(values) < 2:
        return marginal
    steps = rng.standard_gamma(num_rows * np.maximum(np.diff(shares), 0.0))
    risen = np.append(0.0, steps.cumsum()) / max(steps.sum(), _LEAST_SHARE)
    shares = shares[0] + (shares[-1] - shares[0]) * risen
    scores = ndtri(np.clip(shares, _LEAST_SHARE, 1 - _LEAST_SHARE))
    low, high = _tail(scores, values), _tail(-scores[::-1], -values[::-1])
    if low is not None:
        scores, values = np.append(-_FAR, scores), np.append(low, values)
    if high is not None:
        scores, values = np.append(scores, _FAR), np.append(values, -high)
    return Marginal(scores, values, marginal.missing_below)


def _even_end(shares: Matrix, values: Matrix, num_rows: float) -> tuple[Matrix, Matrix]:
    """The knots with the low end of a stretch that begins at share 0 even down to half a row.

    Between knots values are linear in scores, and the score of share 0 is far out: all but a few
    values would crowd at the end's inner knot.
    """
    if len(values) < 2 or shares[0] > _LEAST_SHARE * 2 or values[0] == values[1]:
        return shares, values
    half = _HALF / num_rows
    if shares[1] <= half:
        return shares[1:], values[1:]
    placed = np.geomspace(half, shares[1], _END_KNOTS)[:-1]
    rise = (values[1] - values[0]) * placed / shares[1]
    return np.append(placed, shares[1:]), np.append(values[0] + rise, values[1:])


def _tail(scores: Matrix, values: Matrix) -> float | None:
    """The value at the far low end of a normal tail, None where the end is a spike."""
    from scipy.special import ndtr, ndtri

    if scores[0] <= -_ENDLESS:
        return None
    inner = float(ndtri(min(max(_TAIL_SHARE, 4 * float(ndtr(scores[0]))), _HALF)))
    rise = float(np.interp(inner, scores, values)) - values[0]
    reach = inner - scores[0]
    return float(values[0] - rise / reach * (scores[0] + _FAR)) if reach > 0 else None


def rows_known(
    marginals: Sequence[Marginal], gapped: Sequence[int], num_rows: float
) -> tuple[Matrix, float]:
    """How many rows have a value in each column, shape (columns,); and in a pair of them, mostly.

    The last marginals say for each of `gapped` whether it is missing.
    """
    width = len(marginals) - len(gapped)
    shares = np.ones(len(marginals))
    for place, says in zip(gapped, marginals[width:], strict=True):
        shares[place] = _share_of_zero(says)
    both = np.outer(shares, shares)[~np.eye(len(shares), dtype=bool)]
    in_pair = float(both.mean()) if len(both) else 1.0
    return np.maximum(num_rows * shares, _LEAST_ROWS), num_rows * in_pair


def _share_of_zero(marginal: Marginal) -> float:
    from scipy.special import ndtr

    zeros = marginal.scores[marginal.values < _HALF]
    return float(ndtr(zeros[-1])) if len(zeros) else 0.0
