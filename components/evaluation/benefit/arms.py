"""The arms of a benefit trial: ways to turn a fold's real rows into rows to learn from."""

import logging
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from imblearn.over_sampling import SMOTE, SMOTEN, SMOTENC
from numpy.typing import NDArray

from components.config import ClassGaussianConfig
from components.data.table import Matrix
from components.evaluation.features import Rows, Task
from components.evaluation.learners import class_weights
from components.evaluation.seeds import derived_seed

logger = logging.getLogger(__name__)

REAL = "real"
DUPLICATED = "duplicated real"
SMOTE_ARM = "SMOTE"
GAUSSIAN = "class Gaussian"
AUGMENTED = "real + synthetic"
SYNTHETIC = "synthetic"
SMOTE_NEIGHBOURS = 5
WIDE = 50
"""From so many features on, all of them numbers, a table has the arm of the class Gaussian."""


@dataclass(frozen=True)
class Fold:
    """A fold's real training rows, synthetic rows of a generator that saw only these, a seed."""

    real: Rows
    synthetic: Rows
    task: Task
    seed: int


@dataclass(frozen=True)
class Prepared:
    """Rows to learn from, and a weight for each where the arm has them."""

    rows: Rows
    weights: Matrix | None = None


def real(fold: Fold) -> Prepared:
    """The real rows, as they are."""
    return Prepared(fold.real)


def weighted(fold: Fold) -> Prepared:
    """The real rows, every class weighing the same."""
    return Prepared(fold.real, class_weights(fold.real.y))


def oversampled(fold: Fold) -> Prepared:
    """The real rows, those of smaller classes repeated at random up to the largest class."""
    rng = np.random.default_rng(fold.seed)
    y = fold.real.y
    classes, counts = np.unique(y, return_counts=True)
    extra = [
        rng.choice(np.flatnonzero(y == code), size=counts.max() - count)
        for code, count in zip(classes, counts, strict=True)
    ]
    return Prepared(fold.real.joined(fold.real.take(np.concatenate(extra))))


def duplicated(fold: Fold) -> Prepared:
    """The real rows, and as many repeated at random as the synthetic arm adds."""
    rng = np.random.default_rng(fold.seed)
    extra = rng.integers(len(fold.real), size=len(fold.synthetic))
    return Prepared(fold.real.joined(fold.real.take(extra)))


def smote(fold: Fold) -> Prepared:
    """The real rows, and interpolated ones up to the largest class (Chawla et al. 2002).

    SMOTE-NC where there are categories among numbers, SMOTE-N where there is nothing else.
    Missing numbers are filled with the median; missing categories are a level of their own. A
    class of n rows is interpolated among n - 1 neighbours where that is fewer than 5. Every class
    needs two rows; `can_smote` tells.
    """
    filled = _filled(fold.real, fold.task)
    smallest = int(np.unique(filled.y, return_counts=True)[1].min())
    sampler = _sampler(fold.task, min(SMOTE_NEIGHBOURS, smallest - 1), fold.seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        x, y = sampler.fit_resample(filled.x, filled.y)  # type: ignore[attr-defined]
    made = Rows(_unfilled(x[len(filled) :], fold.task), y[len(filled) :])
    return Prepared(fold.real.joined(made))


def can_smote(y: Matrix) -> bool:
    """True where every class that occurs has two rows at least.

    >>> can_smote(np.array([0.0, 0.0, 1.0]))
    False
    """
    return int(np.unique(y, return_counts=True)[1].min()) >= 2


def class_gaussian(fold: Fold) -> Prepared:
    """The real rows, and rows of a Gaussian for each class on the main components of these.

    As many of each class as the synthetic arm adds; see `models/records/class_gaussian.py`.
    """
    from components.models.records.class_gaussian import gaussian_sampler  # torch is slow to import

    schema = fold.task.schema
    place = [column.name for column in schema.learned].index(schema.target)
    matrix = np.insert(fold.real.x, place, fold.real.y, axis=1)
    sampler = gaussian_sampler(matrix, schema, ClassGaussianConfig())
    drawn = [
        sampler.sample(int(count), label=int(code), seed=derived_seed(fold.seed, int(code)))
        for code, count in zip(*np.unique(fold.synthetic.y, return_counts=True), strict=True)
    ]
    made = np.concatenate(drawn)
    return Prepared(fold.real.joined(Rows(np.delete(made, place, axis=1), made[:, place])))


def is_wide(task: Task) -> bool:
    """True where there are many features, all of them numbers."""
    return len(task.discrete) >= WIDE and not any(task.discrete)


def augmented(fold: Fold) -> Prepared:
    """The real rows and the synthetic rows."""
    return Prepared(fold.real.joined(fold.synthetic))


def synthetic(fold: Fold) -> Prepared:
    """The synthetic rows alone."""
    return Prepared(fold.synthetic)


Arm = Callable[[Fold], Prepared]

FOR_CLASSES: dict[str, Arm] = {
    REAL: real,
    "class weights": weighted,
    "oversampling": oversampled,
    DUPLICATED: duplicated,
    SMOTE_ARM: smote,
    AUGMENTED: augmented,
    SYNTHETIC: synthetic,
}
FOR_NUMBERS: dict[str, Arm] = {
    REAL: real,
    DUPLICATED: duplicated,
    AUGMENTED: augmented,
    SYNTHETIC: synthetic,
}


KNOWN: dict[str, Arm] = FOR_CLASSES | {GAUSSIAN: class_gaussian}


def possible_arms(task: Task, targets: Iterable[Matrix]) -> tuple[str, ...]:
    """The arms that every fold can have, given the targets of each one's training rows.

    SMOTE needs two rows of each class that occurs, and is left out, aloud, where a fold lacks them.
    The class Gaussian is for wide tables of numbers.
    """
    if not task.num_classes:
        return tuple(FOR_NUMBERS)
    arms = [*FOR_CLASSES, GAUSSIAN] if is_wide(task) else [*FOR_CLASSES]
    if not all(can_smote(y) for y in targets):
        logger.warning("the arm SMOTE is left out: in some fold a class has a single training row")
        arms.remove(SMOTE_ARM)
    return tuple(arms)


def baselines(arms: tuple[str, ...]) -> tuple[str, ...]:
    """The arms that use no generator: what a generator must beat."""
    return tuple(name for name in arms if name not in (AUGMENTED, SYNTHETIC))


def _codes(task: Task) -> NDArray[np.bool_]:
    return np.array(task.discrete, dtype=bool)


def _filled(rows: Rows, task: Task) -> Rows:
    """Without NaN: numbers get their median, codes -1."""
    empty = np.isnan(rows.x).all(axis=0)
    medians = np.nanmedian(np.where(empty, 0.0, rows.x), axis=0)
    return Rows(np.where(np.isnan(rows.x), np.where(_codes(task), -1.0, medians), rows.x), rows.y)


def _unfilled(x: Matrix, task: Task) -> Matrix:
    """Codes of -1 become missing again."""
    return np.where(_codes(task) & (x == -1.0), np.nan, x).astype(np.float64)


def _sampler(task: Task, num_neighbours: int, seed: int) -> object:
    codes = np.flatnonzero(_codes(task))
    if not len(codes):
        return SMOTE(k_neighbors=num_neighbours, random_state=seed)
    if len(codes) == len(task.discrete):
        return SMOTEN(k_neighbors=num_neighbours, random_state=seed)
    return SMOTENC(codes.tolist(), k_neighbors=num_neighbours, random_state=seed)
