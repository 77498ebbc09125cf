"""One encoding of rows for learners: ordinal codes for trees, one-hot and scaled for lines."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components.data.schema import Schema
from components.data.table import Matrix, Table, encode
from components.errors import UserError

MAX_LEVELS = 60


@dataclass(frozen=True)
class Task:
    """What learners predict: the target, from every other learned column.

    `num_classes` is 0 for a numeric target. `positive` is the code of the positive class of a
    binary target: the rarer one in training rows; None elsewhere. `discrete` marks the features
    that are codes. `rare` are the codes, of three classes or more, of those with less than half an
    even share of the training rows.
    """

    schema: Schema
    num_classes: int
    positive: int | None
    discrete: tuple[bool, ...]
    rare: tuple[int, ...] = ()

    @property
    def main(self) -> str:
        """The main metric's key: "roc_auc" (macro, one against the rest), or "r2"."""
        return "roc_auc" if self.num_classes else "r2"

    @property
    def main_title(self) -> str:
        """The main metric in words."""
        return "ROC AUC" if self.num_classes else "R2"


@dataclass(frozen=True)
class Rows:
    """Features with NaN for missing, shape (rows, features), and the target's codes or numbers.

    Rows with an equal number in `groups` belong together; None where each stands for itself.
    """

    x: Matrix
    y: Matrix
    groups: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.y)

    def take(self, rows: NDArray[np.int64]) -> "Rows":
        """The rows at these positions."""
        groups = None if self.groups is None else self.groups[rows]
        return Rows(self.x[rows], self.y[rows], groups)

    def joined(self, other: "Rows") -> "Rows":
        """These rows, then the other's; their groups are forgotten."""
        return Rows(np.vstack([self.x, other.x]), np.concatenate([self.y, other.y]))


def task_of(train: Table) -> Task:
    """The learning task of a table's target; raises UserError where training rows hold one class.

    >>> # a binary target with 30 "yes" in 100 rows has "yes" as its positive class
    """
    schema = train.schema
    if not schema.target_column.is_learned:
        kind = schema.target_column.kind
        raise UserError(f"target {schema.target!r} is {kind}: there is nothing to predict")
    discrete = tuple(c.is_discrete for c in schema.learned if c.name != schema.target)
    if not discrete:
        raise UserError(f"the table has no column besides the target {schema.target!r} to learn")
    if not schema.is_classification:
        return Task(schema, 0, None, discrete)
    num_classes = len(schema.target_column.categories)
    codes = _target(train)
    counts = np.bincount(codes[~np.isnan(codes)].astype(np.int64), minlength=num_classes)
    if (counts > 0).sum() < 2:
        raise UserError(f"target {schema.target!r} has one class in the training rows; two needed")
    if num_classes == 2:
        return Task(schema, num_classes, int(np.argmin(counts)), discrete)
    is_rare = (counts > 0) & (counts < counts.sum() / num_classes / 2)
    return Task(schema, num_classes, None, discrete, tuple(np.flatnonzero(is_rare).tolist()))


def rows_of(table: Table, task: Task, groups: NDArray[np.int64] | None = None) -> Rows:
    """The table's rows as learners see them, without those whose target is missing or unknown."""
    matrix = table.matrix
    names = [column.name for column in task.schema.learned]
    place = names.index(task.schema.target)
    known = ~np.isnan(matrix[:, place])
    groups = None if groups is None else groups[known]
    return Rows(np.delete(matrix[known], place, axis=1), matrix[known, place], groups)


def _target(table: Table) -> Matrix:
    target = table.schema.target_column
    only = Schema(columns=(target,), target=target.name)
    return encode(table.frame, only)[:, 0]


@dataclass(frozen=True)
class LinearForm:
    """How to turn features into columns for a linear model, fixed by the rows it was made from.

    Numbers: missing becomes the median, then mean 0 and variance 1, plus an indicator where the
    fitted rows had missing values. Codes: one column for each of the (at most 60, most frequent)
    levels; missing and unknown levels are all zeros.
    """

    discrete: tuple[bool, ...]
    medians: Matrix
    means: Matrix
    scales: Matrix
    has_missing: NDArray[np.bool_]
    levels: tuple[Matrix, ...]

    def apply(self, x: Matrix) -> Matrix:
        """The features in linear form, shape (rows, fitted width), without NaN."""
        codes = np.array(self.discrete, dtype=bool)
        numbers = x[:, ~codes]
        missing = np.isnan(numbers)
        filled = np.where(missing, self.medians, numbers)
        parts = [(filled - self.means) / self.scales, missing[:, self.has_missing].astype(float)]
        parts += [
            (x[:, [column]] == levels).astype(float)
            for column, levels in zip(np.flatnonzero(codes), self.levels, strict=True)
        ]
        return np.hstack(parts)


def linear_form(x: Matrix, discrete: tuple[bool, ...]) -> LinearForm:
    """The linear form that fits these rows.

    >>> form = linear_form(np.array([[1.0, 0.0], [3.0, 1.0], [np.nan, 1.0]]), (False, True))
    >>> form.apply(np.array([[3.0, 0.0], [np.nan, 7.0]])).round(2).tolist()
    [[1.22, 0.0, 1.0, 0.0], [0.0, 1.0, 0.0, 0.0]]
    """
    codes = np.array(discrete, dtype=bool)
    numbers = x[:, ~codes]
    missing = np.isnan(numbers)
    empty = missing.all(axis=0)
    medians = np.nanmedian(np.where(empty, 0.0, numbers), axis=0)
    filled = np.where(missing, medians, numbers)
    scales = filled.std(axis=0)
    return LinearForm(
        discrete=discrete,
        medians=medians,
        means=filled.mean(axis=0),
        scales=np.where(scales > 0, scales, 1.0),
        has_missing=np.asarray(missing.any(axis=0)),
        levels=tuple(_frequent(x[:, column]) for column in np.flatnonzero(codes)),
    )


def _frequent(codes: Matrix) -> Matrix:
    """The most frequent levels, sorted."""
    levels, counts = np.unique(codes[~np.isnan(codes)], return_counts=True)
    keep = np.argsort(-counts, kind="stable")[:MAX_LEVELS]
    return np.sort(levels[keep])
