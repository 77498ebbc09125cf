"""Drift of the rows as a whole: can trees tell new rows from training rows they never saw?"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.monitoring.levels import Numbers
from components.monitoring.report import JointColumn, JointDrift
from components.threads import limited_threads

MAX_ROWS = 3_000
"""Rows of either side that the trees see: an effect needs no more."""
MIN_ROWS = 50
LIMIT = 0.55
"""The AUC that counts: what a tenth of the rows elsewhere gives, the others being as they were."""
_ITERATIONS = 60
_BINS = 63
_SHOWN = 5
_WORTH_NAMING = 0.005


@dataclass(frozen=True)
class Auc:
    """The area under a ROC curve of held-out rows, with its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class _Fold:
    """Trees, and the rows that they did not learn from."""

    trees: Any
    x: Numbers
    is_new: NDArray[np.bool_]


def tell_apart(
    reference: Numbers, current: Numbers, names: tuple[str, ...], *, alpha: float, seed: int = 0
) -> JointDrift:
    """The classifier two-sample test (Lopez-Paz and Oquab 2017) on rows of these columns.

    Both of shape (rows, columns), at most `MAX_ROWS` are expected. The rows are cut in two halves;
    trees learn on one and are asked about the other, and the other way round. Their order does not
    matter. `alpha` is the chance of either end of the interval of being wrong.
    """
    x, is_new = _rows(reference, current)
    with limited_threads(1):  # two gain little on trees so small, and lose much beside others
        folds = _cross_fit(x, is_new, seed)
        auc = _auc(folds, alpha)
        drifted = auc.low > LIMIT
        needed = _needed(folds, auc.value, names, seed) if drifted else ()
    return JointDrift(
        num_reference=len(reference),
        num_current=len(current),
        auc=auc.value,
        low=auc.low,
        high=auc.high,
        limit=LIMIT,
        drifted=drifted,
        columns=needed,
    )


def _rows(reference: Numbers, current: Numbers) -> tuple[Numbers, NDArray[np.bool_]]:
    """Both sides in one matrix, each in an order of its own that its rows alone decide."""
    x = np.vstack([side[np.lexsort(side.T)] for side in (reference, current)])
    empty = np.isnan(x).all(axis=0)  # a column without a value tells nothing
    return np.where(empty, 0.0, x), np.repeat([False, True], [len(reference), len(current)])


def _cross_fit(x: Numbers, is_new: NDArray[np.bool_], seed: int) -> tuple[_Fold, ...]:
    from sklearn.model_selection import StratifiedKFold

    folds = []
    for fit, held in StratifiedKFold(2, shuffle=True, random_state=seed).split(x, is_new):
        trees = fitted_trees(x[fit], is_new[fit], seed=seed)
        folds.append(_Fold(trees, x[held], is_new[held]))
    return tuple(folds)


def fitted_trees(x: Numbers, y: NDArray[Any], *, seed: int, learning_rate: float = 0.1) -> Any:
    """Boosted trees that tell the classes `y` of rows, small where these are few."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(
        max_iter=_ITERATIONS,
        learning_rate=learning_rate,
        max_leaf_nodes=15,
        min_samples_leaf=int(np.clip(len(y) // 20, 3, 20)),
        max_bins=_BINS,
        early_stopping=False,
        random_state=seed,
    ).fit(x, y)


def _auc(folds: tuple[_Fold, ...], alpha: float) -> Auc:
    """The mean of the folds' areas, its interval on the scale of its log odds (Pepe 2003, ch. 5).

    Given its trees a fold's area has DeLong's variance (1988). The folds are not independent; the
    standard deviation of a mean is at most the mean of those of its parts, however they depend.
    """
    from scipy.special import expit, logit
    from scipy.stats import norm

    parts = [area(fold.is_new, fold.trees.predict_proba(fold.x)[:, 1]) for fold in folds]
    value, error = (float(np.mean([part[place] for part in parts])) for place in (0, 1))
    least = 0.5 / min(min(fold.is_new.sum(), (~fold.is_new).sum()) for fold in folds)
    held = float(np.clip(value, least, 1 - least))
    reach = float(norm.isf(alpha)) * max(error, least) / (held * (1 - held))
    low, high = float(expit(logit(held) - reach)), float(expit(logit(held) + reach))
    return Auc(value, min(low, value), max(high, value))


def area(positive: NDArray[np.bool_], scores: Numbers) -> tuple[float, float]:
    """The area under the ROC curve and its standard error (DeLong 1988); ties count a half.

    >>> value, error = area(np.array([False, False, True, True]), np.array([0.1, 0.4, 0.35, 0.8]))
    >>> value, round(error, 4)
    (0.75, 0.3536)
    """
    from scipy.stats import rankdata

    ranks = rankdata(scores)
    num_other = int((~positive).sum())
    above = (ranks[positive] - rankdata(scores[positive])) / num_other
    below = 1.0 - (ranks[~positive] - rankdata(scores[~positive])) / int(positive.sum())
    variance = sum(float(np.var(side, ddof=1)) / len(side) for side in (above, below))
    return float(above.mean()), float(np.sqrt(variance))


def _needed(
    folds: tuple[_Fold, ...], auc: float, names: tuple[str, ...], seed: int
) -> tuple[JointColumn, ...]:
    """The columns without which the trees know less, by what they lose (Breiman 2001)."""
    rng = np.random.default_rng(seed)
    losses = []
    for position, name in enumerate(names):
        found = []
        for fold in folds:
            x = fold.x.copy()
            x[:, position] = rng.permutation(x[:, position])
            found.append(area(fold.is_new, fold.trees.predict_proba(x)[:, 1])[0])
        losses.append(JointColumn(name=name, loss=auc - float(np.mean(found))))
    losses.sort(key=lambda column: (-column.loss, column.name))
    return tuple(column for column in losses[:_SHOWN] if column.loss > _WORTH_NAMING)
