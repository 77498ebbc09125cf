"""How many rows or images there must be at least, so that they can be judged."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from components.errors import UserError

MIN_ROWS = 10
"""Of a table, training, test and synthetic ones each."""

MIN_IMAGES = 50
"""Training, test and synthetic ones each."""

MIN_OF_A_SIDE = 10
"""Test rows or images that are normal, and those that are not, where anomalies are to be found."""

NOTHING_TO_TELL = "the {name} images are all the same: nothing can be told from them"


def check_folds(shown: "pd.Series[str]", groups: NDArray[np.int64] | None, folds: int) -> None:
    """Raise UserError for a class with fewer training images, or groups of them, than folds.

    `shown` is the class of each image.
    """
    counts = shown.value_counts()
    if counts.min() < folds:
        raise UserError(
            f"evaluate.folds = {folds}: the class {counts.idxmin()!r} has {counts.min()} "
            f"training images, so at most {counts.min()} folds are possible; lower it, or "
            "add images of the class"
        )
    if groups is None:
        return
    whole = pd.Series(groups).groupby(shown.to_numpy()).nunique()
    if whole.min() < folds:
        raise UserError(
            f"evaluate.folds = {folds}: the training images of the class {whole.idxmin()!r} are of "
            f"{whole.min()} groups that are kept whole, so at most {whole.min()} folds are possible"
        )
