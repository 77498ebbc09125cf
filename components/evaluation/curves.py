"""ROC curves, thinned for drawing."""

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_curve

from components.data.table import Matrix
from components.evaluation.evidence import Curve

MAX_POINTS = 200


def roc(name: str, positive: NDArray[np.bool_], scores: Matrix) -> Curve:
    """The ROC curve of scores, from (0, 0) to (1, 1), at most 200 points.

    >>> roc("example", np.array([False, True]), np.array([0.1, 0.9])).y
    (0.0, 1.0, 1.0)
    """
    false, true, _ = roc_curve(positive, scores)
    kept = np.unique(np.linspace(0, len(false) - 1, min(len(false), MAX_POINTS)).round())
    points = kept.astype(np.int64)
    return Curve(
        name=name,
        x=tuple(float(x) for x in false[points]),
        y=tuple(float(y) for y in true[points]),
        x_title="false positive rate",
        y_title="true positive rate",
    )
