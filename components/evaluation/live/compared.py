"""Live rows: what learners taught by one set of rows reach on new rows, beside another's."""

import numpy as np

from components.evaluation.difference import Difference
from components.evaluation.features import Rows, Task
from components.evaluation.learners import Predict, fit_learner
from components.evaluation.scores import least_error, main_score
from components.evaluation.statistics import standard_error

LEARNER = "boosting"
"""One learner for all looks, so that they can be compared; it also costs least."""

MIN_ROWS = 50
MIN_CLASS_ROWS = 8


def teach(rows: Rows, task: Task, seed: int) -> Predict:
    """What the learner of all looks makes of the rows."""
    return fit_learner(LEARNER, rows, task, seed=seed)


def compare(first: Predict, second: Predict, live: Rows, task: Task) -> Difference:
    """How much better `first` does on the live rows than `second`."""
    scores = [main_score(live.y, predict(live.x), task) for predict in (first, second)]
    (one, influence), (other, other_influence) = scores
    error = max(standard_error(influence - other_influence), least_error(live.y, task))
    return Difference(one, other, error, len(live))


def level_error(predict: Predict, live: Rows, task: Task) -> float:
    """The standard error of what one learner reaches on the live rows."""
    influence = main_score(live.y, predict(live.x), task)[1]
    return max(standard_error(influence), least_error(live.y, task))


def why_too_few(live: Rows, task: Task) -> str:
    """Why nothing can be told from so few rows, in words; empty where it can."""
    if len(live) < MIN_ROWS:
        return f"{len(live)} labelled rows are new; at least {MIN_ROWS} are needed"
    if not task.num_classes:
        return "all new rows have one value of the target" if np.ptp(live.y) == 0 else ""
    counts = [int((live.y == code).sum()) for code in range(task.num_classes)]
    if sorted(counts)[-2] < MIN_CLASS_ROWS:
        return f"fewer than two classes have {MIN_CLASS_ROWS} of the {len(live)} new labelled rows"
    return ""
