"""A learning curve: how many real rows are the synthetic rows worth?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components.data.table import Matrix
from components.evaluation.benefit.arms import AUGMENTED, REAL
from components.evaluation.benefit.gain import TWO_SIDED, Split, Trial, check_held
from components.evaluation.benefit.inner import Tuned, make_fold
from components.evaluation.benefit.tunable import TUNABLE, fit_tunable, learnable
from components.evaluation.case import Case, Metric
from components.evaluation.evidence import Curve, Measurement
from components.evaluation.features import Rows, Task, rows_of
from components.evaluation.scores import main_score
from components.evaluation.statistics import Interval, Sides, corrected_interval

SHARES = (0.125, 0.25, 0.5, 0.75)
BASE = 0.5
NUM_STEPS = 65

Positions = NDArray[np.int64]

WORTH_ROWS = Metric(
    name="worth_rows",
    family="utility",
    goal="maximise",
    bounds=(0.0, 1.0),
    ideal=1.0,
    meaning="how many further real rows a synthetic row is worth",
)


@dataclass(frozen=True)
class Growth:
    """The main metric in one fold by learner, with fewer real rows, and with synthetic ones.

    `real` has shape (learners, shares); `augmented` (learners,) is that of half the real rows and
    as many synthetic ones, by a generator that saw this half alone.
    """

    real: Matrix
    augmented: Matrix


def judge_growth(case: Case, task: Task, tuned: Tuned, split: Split) -> Growth:
    """What learners reach with an eighth, a quarter, a half and three quarters of a fold's rows."""
    held = rows_of(case.train.take(split.held), task)
    check_held(held, task, case.config.folds)
    rows = rows_of(case.train, task)
    order = _nested(rows.y, task, split, case.seed("growth", split.number))
    seed = case.seed("growth learners", split.number)
    real = [
        _reached(rows.take(order[: _count(share, order)]), held, task, tuned, REAL, seed)
        for share in SHARES
    ]
    half = Split(split.number, order[: _count(BASE, order)], split.held)
    fold, _ = make_fold(case, task, half, 1.0, "growth")
    joined = fold.real.joined(fold.synthetic)
    augmented = _reached(joined, held, task, tuned, AUGMENTED, seed)
    return Growth(np.column_stack(real), augmented)


def _count(share: float, order: Positions) -> int:
    return max(round(share * len(order)), 2)


def _nested(y: Matrix, task: Task, split: Split, seed: int) -> Positions:
    """A fold's training positions in an order of which every start has each class's share."""
    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(split.fit)
    if not task.num_classes:
        return shuffled
    place = np.empty(len(shuffled))
    for code in np.unique(y[shuffled]):
        members = np.flatnonzero(y[shuffled] == code)
        place[members] = (np.arange(len(members)) + 0.5) / len(members)
    return shuffled[np.argsort(place, kind="stable")]


def _reached(rows: Rows, held: Rows, task: Task, tuned: Tuned, arm: str, seed: int) -> Matrix:
    given = learnable(rows, None, task)
    found = []
    for learner in TUNABLE:
        setting = tuned.settings[arm, learner]
        predict = fit_tunable(learner, given, task, setting=setting, seed=seed)
        found.append(main_score(held.y, predict(held.x), task)[0])
    return np.array(found)


def measure_worth(
    case: Case, trial: Trial, growths: Sequence[Growth], num_rows: int
) -> tuple[Measurement, list[Curve]]:
    """How many real rows a synthetic row is worth, and the learning curves, of the first repeat.

    Half of a fold's real rows get as many synthetic ones; the learning curve says how many further
    real rows would have done the same. It is measured where it is drawn, between half of the rows
    and all of them: 0 is "none", 1 "as many as were added, or more than measured". The bounds are
    the numbers of rows at which the paired, corrected interval of the difference ends; folds of
    half the rows have twice the held-out rows for each training row. `num_rows` is the number of
    training rows of a fold.
    """
    full = {
        arm: np.array([trial.main(arm, name)[: len(growths)] for name in trial.learners]).T
        for arm in (REAL, AUGMENTED)
    }
    real = np.array(
        [
            np.column_stack([growth.real, full[REAL][fold]]).mean(axis=0)
            for fold, growth in enumerate(growths)
        ]
    )
    level = np.array([growth.augmented.mean() for growth in growths])
    confidence = case.confidence(WORTH_ROWS.name)
    worth = worth_of(level, real[:, -3:], 2 * trial.test_to_train, confidence=confidence)
    half = round(BASE * num_rows)
    meaning = (
        f"how many further real rows a synthetic row is worth, {half} of them added to {half} "
        f"real rows{_saturation(worth)}"
    )
    found = WORTH_ROWS.measured(worth, case, meaning=meaning).model_copy(
        update={"sample_size": len(case.train), "repeats": 1}
    )
    curves = list(_curves(trial, growths, full, level, num_rows))
    return found, curves


def _saturation(worth: Interval) -> str:
    if worth.value >= 1:
        return " (1: that many or more, which was not measured)"
    if worth.value <= 0:
        return " (0: none)"
    return ""


def worth_of(level: Matrix, real: Matrix, test_to_train: float, *, confidence: float) -> Interval:
    """The share of a half's rows by which real rows must grow to reach `level`, with bounds.

    `real` of shape (folds, 3) is what is reached with 1, 1.5 and 2 times the half's rows, and is
    linear in the logarithm of the number of rows between them. Each end is the least growth at
    which the difference to `level` (its interval's end) is no longer above 0.

    >>> real = np.array([[0.70, 0.75, 0.80], [0.71, 0.76, 0.80]])
    >>> found = worth_of(np.array([0.75, 0.76]), real, 0.5, confidence=0.95)
    >>> round(found.value, 2), found.low <= found.value <= found.high
    (0.5, True)
    """
    growth = np.linspace(0.0, 1.0, NUM_STEPS)
    known = np.log1p(np.array([0.0, 0.5, 1.0]))
    ahead = [
        corrected_interval(level - reached, test_to_train=test_to_train, confidence=confidence)
        for reached in np.array([np.interp(np.log1p(growth), known, row) for row in real]).T
    ]
    ends = [
        [interval.value for interval in ahead],
        [interval.low for interval in ahead],
        [interval.high for interval in ahead],
    ]
    value, low, high = (_first_at_most_zero(np.array(end), growth) for end in ends)
    return Interval(value, low, high)


def _first_at_most_zero(ahead: Matrix, growth: Matrix) -> float:
    """Where a line through these points first comes down to 0; 1 where it does not."""
    below = np.flatnonzero(ahead <= 1e-12)
    if not len(below):
        return 1.0
    place = int(below[0])
    if place == 0:
        return 0.0
    before, after = ahead[place - 1], ahead[place]
    share = before / (before - after)
    return float(growth[place - 1] + share * (growth[place] - growth[place - 1]))


def _curves(
    trial: Trial, growths: Sequence[Growth], full: dict[str, Matrix], level: Matrix, num_rows: int
) -> Iterator[Curve]:
    """The learning curve of real rows, averaged and by learner, and that with synthetic rows."""
    counts = tuple(float(round(share * num_rows)) for share in (*SHARES, 1.0))
    real = np.array([np.column_stack([g.real, full[REAL][fold]]) for fold, g in enumerate(growths)])
    yield _curve("real", counts, real.mean(axis=1), trial)
    for place, learner in enumerate(trial.learners):
        yield _curve(f"real_{learner}", counts, real[:, place], trial)
    ours = np.column_stack([level, full[AUGMENTED].mean(axis=1)])
    yield _curve("augmented", (counts[SHARES.index(BASE)], counts[-1]), ours, trial)


def _curve(name: str, counts: tuple[float, ...], reached: Matrix, trial: Trial) -> Curve:
    """Means over folds with their corrected two-sided bands; `reached` is (folds, counts)."""
    sides: Sides = 2
    bands = [
        corrected_interval(
            column, test_to_train=trial.test_to_train, confidence=TWO_SIDED, sides=sides
        )
        for column in reached.T
    ]
    return Curve(
        name=f"learning_curve_{name}",
        x=counts,
        y=tuple(band.value for band in bands),
        low=tuple(band.low for band in bands),
        high=tuple(band.high for band in bands),
        x_title="real training rows",
        y_title=trial.task.main_title,
    )
