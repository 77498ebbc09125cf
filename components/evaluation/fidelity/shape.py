"""Fidelity of single columns: how far each one's distribution is from the real one."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components.data.schema import Column
from components.data.table import Matrix, Table
from components.evaluation.case import Case, Evaluator, Findings, Metric
from components.evaluation.evidence import ColumnFidelity
from components.evaluation.fidelity.histograms import histogram
from components.evaluation.statistics import normal_interval
from components.models.contract import LogMetrics

MAX_COUNTED = 100_000

SHAPE_ERROR = Metric(
    name="shape_error",
    family="fidelity",
    goal="minimise",
    bounds=(0.0, 1.0),
    ideal=0.0,
    meaning="the mean distance of a column's distribution from the training rows' "
    "(Kolmogorov-Smirnov for numbers and dates, total variation for categories)",
    blind_to=frozenset({"marginals"}),
)


@dataclass(frozen=True)
class Distance:
    """A distance between two samples, and the influence on it of each row of either."""

    value: float
    real: Matrix
    synthetic: Matrix


def measure_shape(case: Case, log: LogMetrics) -> Findings:
    """The shape error of every learned column, their mean, and what to draw of them.

    Each error is one minus the score that sdmetrics' ColumnShapes gives the column. The interval
    of the mean is the infinitesimal jackknife's over real and synthetic rows.
    """
    schema = case.train.schema
    real, synthetic = case.train.matrix, case.synthetic.matrix
    distances = [
        column_distance(real[:, i], synthetic[:, i], discrete=column.is_discrete)
        for i, column in enumerate(schema.learned)
    ]
    columns = tuple(
        _drawn(column, distances[i].value, real[:, i], synthetic[:, i])
        for i, column in enumerate(schema.learned)
    )
    interval = normal_interval(
        float(np.mean([d.value for d in distances])),
        joint_error(distances),
        confidence=case.confidence(SHAPE_ERROR.name),
    )
    reference = _mean_distance(case.train, case.test)
    return Findings((SHAPE_ERROR.measured(interval, case, reference=reference),), columns)


def joint_error(distances: list[Distance]) -> float:
    """The standard error of the mean of several distances between the same two sets of rows."""
    real = np.mean([d.real for d in distances], axis=0)
    synthetic = np.mean([d.synthetic for d in distances], axis=0)
    return float(np.sqrt(real.var() / len(real) + synthetic.var() / len(synthetic)))


def _mean_distance(first: Table, second: Table) -> float:
    """What real rows score against other real rows."""
    one, other = first.matrix, second.matrix
    errors = [
        column_distance(one[:, i], other[:, i], discrete=column.is_discrete).value
        for i, column in enumerate(first.schema.learned)
    ]
    return float(np.mean(errors))


def column_distance(real: Matrix, synthetic: Matrix, *, discrete: bool) -> Distance:
    """The distance between two samples of one column, 0 (the same) to 1.

    Discrete: the total variation distance, missing being a level of its own. Numbers: the
    Kolmogorov-Smirnov distance of the present values, or the difference in the share of missing
    ones where that is larger.

    >>> column_distance(np.array([1.0, 2.0, 3.0, 4.0]), np.array([3.0, 4.0, 5.0, 6.0]),
    ...                 discrete=False).value
    0.5
    >>> column_distance(np.array([0.0, 0.0, 1.0, np.nan]), np.array([0.0, 1.0, 1.0, np.nan]),
    ...                 discrete=True).value
    0.25
    """
    if discrete:
        real, synthetic = np.nan_to_num(real, nan=-1.0) + 1, np.nan_to_num(synthetic, nan=-1.0) + 1
        return total_variation(real.astype(np.int64), synthetic.astype(np.int64))
    missing = total_variation(np.isnan(real).astype(np.int64), np.isnan(synthetic).astype(np.int64))
    present = _kolmogorov_smirnov(real, synthetic)
    return present if present.value >= missing.value else missing


def total_variation(real: NDArray[np.int64], synthetic: NDArray[np.int64]) -> Distance:
    """Half the summed differences in the shares of each code, codes being 0 or more."""
    count = int(max(real.max(), synthetic.max())) + 1
    if count > MAX_COUNTED:
        codes = np.unique(np.concatenate([real, synthetic]), return_inverse=True)[1]
        real, synthetic, count = codes[: len(real)], codes[len(real) :], int(codes.max()) + 1
    first = np.bincount(real, minlength=count) / len(real)
    second = np.bincount(synthetic, minlength=count) / len(synthetic)
    signs = np.sign(first - second)
    value = 0.5 * float(np.abs(first - second).sum())
    return Distance(value, 0.5 * signs[real], -0.5 * signs[synthetic])


def _kolmogorov_smirnov(real: Matrix, synthetic: Matrix) -> Distance:
    """The largest difference of the distribution functions; NaN rows take no part."""
    samples = [np.sort(sample[~np.isnan(sample)]) for sample in (real, synthetic)]
    nothing = Distance(0.0, np.zeros(len(real)), np.zeros(len(synthetic)))
    if not len(samples[0]) or not len(samples[1]):
        return nothing  # the share of missing values tells the difference
    points = np.unique(np.concatenate(samples))
    first, second = (np.searchsorted(s, points, side="right") / len(s) for s in samples)
    worst = int(np.argmax(np.abs(first - second)))
    sign = np.sign(first[worst] - second[worst])
    value = float(abs(first[worst] - second[worst]))
    ours = _below(real, points[worst], first[worst])
    return Distance(value, sign * ours, -sign * _below(synthetic, points[worst], second[worst]))


def _below(sample: Matrix, point: float, share: float) -> Matrix:
    """Each row's influence on the share of present values at or below a point."""
    present = ~np.isnan(sample)
    influence: Matrix = np.where(present, (sample <= point) - share, 0.0)
    return influence * (len(sample) / float(present.sum()))


def _drawn(column: Column, error: float, real: Matrix, synthetic: Matrix) -> ColumnFidelity:
    bars = histogram(column, real, synthetic)
    return ColumnFidelity(
        column=column.name,
        error=error,
        labels=bars.labels,
        real=bars.real,
        synthetic=bars.synthetic,
    )


SHAPE = Evaluator(measure_shape, (SHAPE_ERROR,))
