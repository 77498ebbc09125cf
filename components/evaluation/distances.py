"""Where rows of mixed columns lie: coordinates whose Euclidean distance treats columns alike."""

import numpy as np
from sklearn.neighbors import NearestNeighbors

from components.data.schema import Schema
from components.data.table import Matrix

MAX_LEVELS = 50


def coordinates(matrices: list[Matrix], schema: Schema, *, ranked_by: Matrix) -> list[Matrix]:
    """The rows of encoded matrices as points, shape (rows, width), all by the same rule.

    A number becomes its rank among the rows of `ranked_by`, 0 to 1. A category becomes a corner,
    two different ones being at distance 1 (levels beyond the 50 most frequent share a corner).
    A missing number lies in the middle, and 1 apart from a present one. So every column adds at
    most about 1 to the squared distance, as in Gower's (1971).

    >>> from components.data.schema import Column, ColumnKind
    >>> column = Column(name="a", kind=ColumnKind.NUMERICAL, dtype="float64")
    >>> known = np.array([[1.0], [2.0], [9.0]])
    >>> coordinates([known], Schema(columns=(column,), target="a"), ranked_by=known)[0].tolist()
    [[0.0], [0.5], [1.0]]
    """
    parts: list[list[Matrix]] = [[] for _ in matrices]
    for place, column in enumerate(schema.learned):
        known = ranked_by[:, place]
        for part, matrix in zip(parts, matrices, strict=True):
            values = matrix[:, place]
            part.append(_corners(values, known) if column.is_discrete else _ranks(values, known))
    return [np.hstack(part).astype(np.float64) for part in parts]


def _corners(codes: Matrix, known: Matrix) -> Matrix:
    levels, counts = np.unique(np.nan_to_num(known, nan=-1.0), return_counts=True)
    kept = levels[np.argsort(-counts, kind="stable")[:MAX_LEVELS]]
    held = np.nan_to_num(codes, nan=-1.0)
    corners: Matrix = (held[:, None] == kept).astype(np.float64) / np.sqrt(2.0)
    return corners


def _ranks(values: Matrix, known: Matrix) -> Matrix:
    """Mid-ranks in 0 to 1 by interpolation between known values; a second column if some lack."""
    present = np.sort(known[~np.isnan(known)])
    points, first, counts = np.unique(present, return_index=True, return_counts=True)
    missing = np.isnan(values)
    if len(points) < 2:
        ranks = np.full(len(values), 0.5)
    else:
        middle = first + (counts - 1) / 2
        spread = (middle - middle[0]) / (middle[-1] - middle[0])
        ranks = np.interp(np.where(missing, points[0], values), points, spread)
    ranks = np.where(missing, 0.5, ranks)[:, None]
    return np.hstack([ranks, missing[:, None]]) if np.isnan(known).any() else ranks


def nearest(points: Matrix, among: Matrix, num_neighbours: int) -> Matrix:
    """Distances to the closest of `among`, ascending, shape (rows, at most num_neighbours)."""
    count = min(num_neighbours, len(among))
    index = NearestNeighbors(n_neighbors=count, algorithm="brute", n_jobs=1).fit(among)
    found: Matrix = index.kneighbors(points)[0]
    return found
