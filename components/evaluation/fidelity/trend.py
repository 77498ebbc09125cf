"""Fidelity of pairs of columns: do they go together in synthetic rows as in real ones."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from components.data.schema import Column
from components.data.table import Matrix, Table
from components.evaluation.case import Case, Evaluator, Findings, Metric, subsample
from components.evaluation.evidence import PairFidelity
from components.evaluation.fidelity.shape import Distance, total_variation
from components.evaluation.statistics import normal_interval
from components.models.contract import LogMetrics

MAX_COLUMNS = 60
NUM_BINS = 10

TREND_ERROR = Metric(
    name="trend_error",
    family="fidelity",
    goal="minimise",
    bounds=(0.0, 1.0),
    ideal=0.0,
    meaning="the mean error of how two columns go together, against the training rows "
    "(half the difference in correlation, or the total variation of the contingency table)",
)


@dataclass(frozen=True)
class Side:
    """One table's columns, each as codes for contingency and as standardised numbers."""

    codes: tuple[NDArray[np.int64], ...]
    numbers: Matrix


def measure_trend(case: Case, log: LogMetrics) -> Findings:
    """The error of every pair of learned columns, worst first, and their mean.

    Each error is one minus the score that sdmetrics' ColumnPairTrends gives the pair. Of more
    than 60 learned columns, 60 drawn by the seed are compared, and the meaning says so.
    """
    columns = case.train.schema.learned
    kept = subsample(len(columns), MAX_COLUMNS, case.seed("trend columns"))
    if len(kept) < 2:
        return Findings()
    chosen = tuple(columns[i] for i in kept)
    real, synthetic = _sides(chosen, kept, case.train, case.synthetic)
    places = list(combinations(range(len(kept)), 2))
    errors: list[float] = []
    error = _joint_error((_distance(chosen, i, j, real, synthetic) for i, j in places), errors)
    interval = normal_interval(
        float(np.mean(errors)),
        error,
        confidence=case.confidence(TREND_ERROR.name),
    )
    meaning = TREND_ERROR.meaning
    if len(kept) < len(columns):
        meaning += f", {len(kept)} of {len(columns)} columns"
    measured = TREND_ERROR.measured(
        interval, case, meaning=meaning, reference=_mean_error(chosen, kept, case.train, case.test)
    )
    pairs = [_pair(chosen, i, j, real, synthetic, errors[k]) for k, (i, j) in enumerate(places)]
    return Findings((measured,), pairs=tuple(sorted(pairs, key=lambda pair: -pair.error)))


def _mean_error(
    columns: tuple[Column, ...], kept: NDArray[np.int64], first: Table, second: Table
) -> float:
    """What real rows score against other real rows."""
    one, other = _sides(columns, kept, first, second)
    pairs = combinations(range(len(columns)), 2)
    return float(np.mean([_distance(columns, i, j, one, other).value for i, j in pairs]))


def _joint_error(distances: Iterator[Distance], values: list[float]) -> float:
    """The standard error of the mean of many distances, whose values are appended to `values`.

    Influences are summed as they come: kept, those of 1,770 pairs would fill the memory.
    """
    real, synthetic = np.zeros(1), np.zeros(1)
    for distance in distances:
        values.append(distance.value)
        real, synthetic = real + distance.real, synthetic + distance.synthetic
    parts = (part.var() / len(values) ** 2 / len(part) for part in (real, synthetic))
    return float(np.sqrt(sum(parts)))


def _sides(
    columns: tuple[Column, ...], kept: NDArray[np.int64], real: Table, other: Table
) -> tuple[Side, Side]:
    matrices = [table.matrix[:, kept] for table in (real, other)]
    edges = [
        None if column.is_discrete else _edges(matrices[0][:, i])
        for i, column in enumerate(columns)
    ]
    sides = [
        Side(tuple(_codes(matrix[:, i], edges[i]) for i in range(len(columns))), matrix)
        for matrix in matrices
    ]
    return sides[0], sides[1]


def _edges(values: Matrix) -> Matrix:
    """Ten equal bins over the real values, the outer ones open, as sdmetrics makes them."""
    present = values[~np.isnan(values)]
    edges = np.histogram_bin_edges(present, bins=NUM_BINS).astype(np.float64)
    edges[[0, -1]] = -np.inf, np.inf
    return edges


def _codes(values: Matrix, edges: Matrix | None) -> NDArray[np.int64]:
    """Levels or bins, from 1; 0 is missing."""
    missing = np.isnan(values)
    levels = values + 1 if edges is None else np.digitize(values, edges)
    return np.where(missing, 0, levels).astype(np.int64)


def _distance(columns: tuple[Column, ...], i: int, j: int, real: Side, other: Side) -> Distance:
    if columns[i].is_discrete or columns[j].is_discrete:
        return contingency_distance(real.codes[i], real.codes[j], other.codes[i], other.codes[j])
    first, ours = _correlation(real.numbers[:, i], real.numbers[:, j])
    second, theirs = _correlation(other.numbers[:, i], other.numbers[:, j])
    sign = 0.5 * np.sign(first - second)
    return Distance(abs(first - second) / 2, sign * ours, -sign * theirs)


def contingency_distance(
    first: NDArray[np.int64],
    second: NDArray[np.int64],
    other_first: NDArray[np.int64],
    other_second: NDArray[np.int64],
) -> Distance:
    """The total variation distance of two contingency tables.

    >>> real, other = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    >>> contingency_distance(real, real, real, other).value
    0.5
    """
    width = max(int(second.max()), int(other_second.max())) + 1
    cells, other_cells = first * width + second, other_first * width + other_second
    return total_variation(cells, other_cells)


def _correlation(x: Matrix, y: Matrix) -> tuple[float, Matrix]:
    """Pearson's correlation of rows where both are present, and influences; 0 for a constant."""
    both = ~(np.isnan(x) | np.isnan(y))
    influence = np.zeros(len(x))
    if both.sum() < 2:
        return 0.0, influence
    a, b = x[both] - x[both].mean(), y[both] - y[both].mean()
    scale = np.sqrt(np.mean(a**2)), np.sqrt(np.mean(b**2))
    if min(scale) == 0:
        return 0.0, influence
    a, b = a / scale[0], b / scale[1]
    found = float(np.clip(np.mean(a * b), -1.0, 1.0))
    influence[both] = (a * b - found * (a**2 + b**2) / 2) * (len(x) / both.sum())
    return found, influence


def _pair(
    columns: tuple[Column, ...], i: int, j: int, real: Side, other: Side, error: float
) -> PairFidelity:
    return PairFidelity(
        first=columns[i].name,
        second=columns[j].name,
        real=_association(columns, i, j, real),
        synthetic=_association(columns, i, j, other),
        error=error,
    )


def _association(columns: tuple[Column, ...], i: int, j: int, side: Side) -> float:
    """|Pearson| of two numeric columns, else Cramer's V of levels and bins: 0 to 1."""
    if columns[i].is_discrete or columns[j].is_discrete:
        return cramers_v(side.codes[i], side.codes[j])
    return abs(_correlation(side.numbers[:, i], side.numbers[:, j])[0])


def cramers_v(first: NDArray[np.int64], second: NDArray[np.int64]) -> float:
    """Cramer's V with Bergsma's (2013) correction for the number of cells, 0 to 1.

    >>> cramers_v(np.tile([0, 1], 50), np.tile([0, 1], 50)).__round__(2)
    1.0
    """
    rows, columns = (np.unique(codes, return_inverse=True)[1] for codes in (first, second))
    height, width, count = int(rows.max()) + 1, int(columns.max()) + 1, len(rows)
    if min(height, width) < 2 or count < 2:
        return 0.0
    cells, seen = np.unique(rows * width + columns, return_counts=True)
    margins = np.bincount(rows)[cells // width] * np.bincount(columns)[cells % width]
    spread = float(np.sum(seen**2 / margins)) - 1.0
    excess = max(0.0, spread - (height - 1) * (width - 1) / (count - 1))
    heights = height - (height - 1) ** 2 / (count - 1)
    widths = width - (width - 1) ** 2 / (count - 1)
    least = min(heights, widths) - 1.0
    return float(np.clip(np.sqrt(excess / least), 0.0, 1.0)) if least > 0 else 0.0


TREND = Evaluator(measure_trend, (TREND_ERROR,))
