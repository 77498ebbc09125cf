"""What a model has to beat: detectors that anyone has at hand, fitted on the same rows."""

from collections.abc import Callable
from functools import partial

import numpy as np
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest

from components.data.table import Matrix
from components.evaluation.statistics import Vector

Detector = Callable[[Matrix], Vector]
"""Takes rows of numbers, (rows, columns), to how odd each is, (rows,)."""

FitDetector = Callable[[Matrix, int], Detector]
"""Fits a detector on normal rows, by a seed."""

PCA_NAME, FOREST_NAME = "pca", "isolation_forest"

EXPLAINED = (0.8, 0.9, 0.95, 0.99)
"""Shares of the variance that components are tried to explain."""

NUM_TREES = 200


def fit_pca(rows: Matrix, seed: int, explained: float = 0.95) -> Detector:
    """How far a row lies from the components that explain a share of the variance.

    The squared distance, summed over the columns.

    >>> line = np.outer(np.arange(20.0), [1.0, 2.0])
    >>> fit_pca(line, 0)(np.array([[3.0, 6.0], [3.0, 1.0]])).round(1).tolist()
    [0.0, 5.0]
    """
    found = PCA(n_components=explained, svd_solver="full", random_state=seed).fit(rows)

    def oddness(asked: Matrix) -> Vector:
        back = found.inverse_transform(found.transform(asked))
        return np.asarray(((asked - back) ** 2).sum(axis=1))

    return oddness


def fit_isolation_forest(rows: Matrix, seed: int) -> Detector:
    """How few cuts at random part a row from the others (Liu et al. 2008)."""
    forest = IsolationForest(n_estimators=NUM_TREES, random_state=seed, n_jobs=1).fit(rows)
    return lambda asked: np.asarray(-forest.score_samples(asked))


BASELINES: dict[str, tuple[FitDetector, ...]] = {
    PCA_NAME: tuple(partial(fit_pca, explained=share) for share in EXPLAINED),
    FOREST_NAME: (fit_isolation_forest,),
}
"""Each baseline by name, with the settings that are tried."""
