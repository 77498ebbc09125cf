"""Fidelity of marker columns of wide tables: do those that tell classes apart still go together.

Of hundreds of columns `trend_error` compares 60 drawn at random, most of which go with nothing. The
markers of the classes are what such tables are used for.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components.data.table import Matrix
from components.evaluation.case import Case, Evaluator, Findings, Metric
from components.evaluation.features import Rows, rows_of, task_of
from components.evaluation.fidelity.trend import MAX_COLUMNS
from components.evaluation.statistics import normal_interval
from components.models.contract import LogMetrics

MARKERS = 5
"""Markers of each class, at most."""

MARKER_ERROR = Metric(
    name="marker_error",
    family="fidelity",
    goal="minimise",
    bounds=(0.0, 1.0),
    ideal=0.0,
    meaning="the mean error of how two markers of the target's classes go together, against the "
    "training rows (half the difference in correlation)",
)

Places = NDArray[np.int64]


@dataclass(frozen=True)
class Correlations:
    """Pairwise correlations (columns, columns), and the standardised rows (rows, columns)."""

    matrix: Matrix
    standard: Matrix


def measure_markers(case: Case, log: LogMetrics) -> Findings:
    """The mean error over all pairs of markers, where a table has more columns than `trend` sees.

    Markers are the numeric columns whose mean in a class is furthest above that of all training
    rows, five of each class. Missing values count as means. The interval is the infinitesimal
    jackknife's over real and synthetic rows.
    """
    if not case.train.schema.is_classification or len(case.train.schema.learned) <= MAX_COLUMNS:
        return Findings()
    task = task_of(case.train)
    train, test, synthetic = (
        rows_of(table, task) for table in (case.train, case.test, case.synthetic)
    )
    chosen = find_markers(train, np.array(task.discrete))
    if len(chosen) < 2:
        return Findings()
    real, other = correlate(train.x[:, chosen]), correlate(synthetic.x[:, chosen])
    value, error = marker_error(real, other)
    interval = normal_interval(value, error, confidence=case.confidence(MARKER_ERROR.name))
    reference, _ = marker_error(real, correlate(test.x[:, chosen]))
    meaning = f"{MARKER_ERROR.meaning}, {len(chosen)} markers"
    return Findings((MARKER_ERROR.measured(interval, case, meaning=meaning, reference=reference),))


def find_markers(rows: Rows, discrete: NDArray[np.bool_]) -> Places:
    """The columns, in order, that are among the five clearest markers of some class.

    >>> x = np.array([[9.0, 1.0, 5.0], [9.0, 1.0, 5.0], [1.0, 7.0, 5.0], [1.0, 7.0, 5.0]])
    >>> find_markers(Rows(x, np.array([0.0, 0.0, 1.0, 1.0])), np.zeros(3, bool)).tolist()
    [0, 1]
    """
    standard = correlate(rows.x).standard
    chosen: set[int] = set()
    for code in np.unique(rows.y):
        raised = np.where(discrete, 0.0, standard[rows.y == code].mean(axis=0))
        best = np.argsort(-raised, kind="stable")[:MARKERS]
        chosen.update(int(place) for place in best if raised[place] > 0)
    return np.array(sorted(chosen), dtype=np.int64)


def correlate(x: Matrix) -> Correlations:
    """The correlations of columns; a missing value is its column's mean, a constant goes with none.

    >>> correlate(np.array([[0.0, 1.0], [2.0, 3.0], [np.nan, 5.0]])).matrix.round(2).tolist()
    [[1.0, 0.5], [0.5, 1.0]]
    """
    known = ~np.isnan(x)
    counts = np.maximum(known.sum(axis=0), 1)
    centred = np.where(known, x - np.where(known, x, 0.0).sum(axis=0) / counts, 0.0)
    spread = np.sqrt((centred**2).mean(axis=0))
    standard: Matrix = centred / np.where(spread > 0, spread, 1.0)
    return Correlations(standard.T @ standard / len(x), standard)


def marker_error(real: Correlations, other: Correlations) -> tuple[float, float]:
    """Half the mean difference in correlation over pairs, and its standard error."""
    gap = real.matrix - other.matrix
    pairs = len(gap) * (len(gap) - 1) / 2
    value = float(np.abs(np.triu(gap, 1)).sum() / 2 / pairs)
    signs = np.sign(gap) * (1 - np.eye(len(gap)))
    spreads = [_influence(side, signs).var() / len(side.standard) for side in (real, other)]
    return value, float(np.sqrt(sum(spreads)) / 2 / pairs)


def _influence(side: Correlations, signs: Matrix) -> Matrix:
    """Each row's influence on the sum of the pairs' correlations times their signs."""
    together = np.einsum("ri,ij,rj->r", side.standard, signs, side.standard, optimize=True) / 2
    alone: Matrix = side.standard**2 @ (signs * side.matrix).sum(axis=1) / 2
    influence: Matrix = together - alone
    return influence


MARKER_COLUMNS = Evaluator(
    measure_markers,
    (MARKER_ERROR,),
    needs=f"a discrete target, and more than {MAX_COLUMNS} columns",
)
