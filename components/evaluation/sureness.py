"""What a classifier's score is worth as a probability: calibrated out of fold, and drawn."""

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import isotonic_regression

from components.data.table import Matrix
from components.evaluation.evidence import Curve
from components.evaluation.statistics import share_interval

SURE = 0.95
NUM_BINS = 10


def surely_other(
    labels: NDArray[np.bool_], scores: Matrix, folds: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """For each row of the other side: is its calibrated probability of being so at least .95.

    Scores are calibrated by isotonic regression on the rows of all other folds, and the lower of
    the two Venn-Abers probabilities is taken (Vovk and Petej 2012): what the regression gives
    with one more real row at that very score. So at least 19 rows in a row have to be right
    before anyone is sure, and chance makes next to nobody so.

    >>> labels = np.tile([False, True], 200)
    >>> folds = np.arange(400) // 100
    >>> surely_other(labels, labels.astype(float), folds).all().item()
    True
    >>> surely_other(labels, np.linspace(0, 1, 400), folds).any().item()
    False
    """
    sure = np.zeros(len(labels), dtype=np.bool_)
    for fold in np.unique(folds):
        held = folds == fold
        sure[held] = scores[held] >= sure_from(labels[~held], scores[~held])
    return sure[labels]


def sure_from(labels: NDArray[np.bool_], scores: Matrix) -> float:
    """The lowest score whose lower Venn-Abers probability is at least .95; infinity if none.

    The probability rises with the score, so a search by halves finds it.
    """
    order = np.argsort(scores, kind="stable")
    levels, first = np.unique(scores[order], return_index=True)
    counts = np.diff([*first, len(scores)])
    positives = np.add.reduceat(labels[order].astype(np.float64), first)
    low, high = 0, len(levels)
    while low < high:
        middle = (low + high) // 2
        if _lower_probability(positives, counts, middle) >= SURE:
            high = middle
        else:
            low = middle + 1
    return float(levels[low]) if low < len(levels) else np.inf


def _lower_probability(positives: Matrix, counts: NDArray[np.int64], place: int) -> float:
    """The isotonic probability at one level, with one more negative row there."""
    more = counts.astype(np.float64)
    more[place] += 1.0
    fitted = isotonic_regression(positives / more, sample_weight=more)
    return float(fitted[place])


def reliability(name: str, labels: NDArray[np.bool_], scores: Matrix) -> Curve:
    """The share of the other side's rows in ten bins of equal size by out-of-fold score.

    `x` is the mean score in the bin; the band is the 95% interval of the share. A calibrated
    score lies on the diagonal.

    >>> curve = reliability("r", np.repeat([False, True], 50), np.repeat([0.25, 0.75], 50))
    >>> curve.x, curve.y
    ((0.25, 0.75), (0.0, 1.0))
    """
    edges = np.quantile(scores, np.linspace(0, 1, NUM_BINS + 1)[1:-1])
    bins = np.searchsorted(edges, scores, side="left")
    kept = np.unique(bins)
    means = [float(scores[bins == at].mean()) for at in kept]
    shares = [
        share_interval(
            int(labels[bins == at].sum()), int((bins == at).sum()), confidence=0.95, sides=2
        )
        for at in kept
    ]
    return Curve(
        name=name,
        x=tuple(means),
        y=tuple(share.value for share in shares),
        x_title="the classifier's probability that a row is synthetic",
        y_title="share that is synthetic",
        low=tuple(share.low for share in shares),
        high=tuple(share.high for share in shares),
    )
