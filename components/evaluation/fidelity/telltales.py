"""Which columns give synthetic rows away: what a classifier loses when they are shuffled."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from scipy.stats import rankdata

from components.data.table import Matrix
from components.evaluation.evidence import Telltale
from components.evaluation.statistics import auc_influence, normal_interval, standard_error

MAX_GROUPS = 20
MAX_HELD = 1_500
CONFIDENCE = 0.95


class Classifier(Protocol):
    """Anything that gives class probabilities of rows."""

    def predict_proba(self, x: Matrix) -> Matrix:
        """Probabilities, shape (rows, classes)."""
        ...


def find_telltales(
    x: Matrix,
    labels: NDArray[np.bool_],
    folds: NDArray[np.int64],
    models: Sequence[Classifier],
    names: Sequence[str],
    seed: int,
) -> tuple[Telltale, ...]:
    """Every column's permutation importance (Breiman 2001) for the AUC out of fold, most first.

    At most 1,500 held-out rows a fold. Of more than 20 columns those that go together form 20
    groups, each shuffled as one. The interval is DeLong's paired one: it holds the chance of the
    rows, not that of the one shuffle. A column matters as far as the classifier uses it: of two
    that say the same, each may look harmless alone.
    """
    rows = [np.flatnonzero(folds == fold)[_spread(folds == fold)] for fold in range(len(models))]
    groups = _groups(x, len(names))
    positive = labels[np.concatenate(rows)]
    whole = _scores(x, rows, models)
    auc, influence = auc_influence(positive, whole)
    orders = [
        np.random.default_rng([seed, fold]).permutation(len(r)) for fold, r in enumerate(rows)
    ]
    found = []
    for group in groups:
        without, other = auc_influence(positive, _scores(x, rows, models, group, orders))
        drop = normal_interval(
            auc - without, standard_error(influence - other), confidence=CONFIDENCE, sides=2
        )
        found.append(
            Telltale(
                columns=tuple(names[i] for i in group),
                drop=drop.value,
                low=drop.low,
                high=drop.high,
            )
        )
    return tuple(sorted(found, key=lambda telltale: (-telltale.drop, telltale.columns)))


def _spread(held: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Positions of at most 1,500 of the held rows, evenly spread over both sides."""
    count = int(held.sum())
    return np.unique(np.linspace(0, count - 1, min(count, MAX_HELD)).astype(np.int64))


def _scores(
    x: Matrix,
    rows: list[NDArray[np.int64]],
    models: Sequence[Classifier],
    group: Sequence[int] = (),
    orders: Sequence[NDArray[np.int64]] = (),
) -> Matrix:
    """Out-of-fold scores of the rows, the columns of `group` shuffled together."""
    parts = []
    for fold, (held, model) in enumerate(zip(rows, models, strict=True)):
        taken = x[held]
        for column in group:
            taken[:, column] = taken[orders[fold], column]
        parts.append(model.predict_proba(taken)[:, 1])
    return np.concatenate(parts)


def _groups(x: Matrix, num_columns: int) -> list[list[int]]:
    """Columns one by one, or 20 groups by average linkage on their rank correlation."""
    if num_columns <= MAX_GROUPS:
        return [[i] for i in range(num_columns)]
    ranks = rankdata(x, axis=0, nan_policy="omit")
    ranks = np.where(np.isnan(ranks), np.nan_to_num(ranks).mean(axis=0), ranks)
    with np.errstate(invalid="ignore"):  # a constant goes together with nothing
        distance = 1.0 - np.abs(np.nan_to_num(np.corrcoef(ranks, rowvar=False)))
    np.fill_diagonal(distance, 0.0)
    tree = linkage(squareform(np.clip(distance, 0, 1), checks=False), method="average")
    labels = fcluster(tree, MAX_GROUPS, criterion="maxclust")
    return [np.flatnonzero(labels == label).tolist() for label in np.unique(labels)]
