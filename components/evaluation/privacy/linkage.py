"""Privacy: do synthetic rows help to put the two halves of a training row together."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors

from components.data.schema import Schema
from components.data.table import Matrix, Table
from components.evaluation.case import Case, Evaluator, Findings, Metric, subsample
from components.evaluation.distances import coordinates
from components.evaluation.statistics import normal_interval
from components.models.contract import LogMetrics

MAX_ROWS = 1_000
MAX_SYNTHETIC = 10_000
NUM_SPLITS = 3
NUM_CANDIDATES = 5

LINKAGE_EXCESS = Metric(
    name="linkage_excess",
    family="privacy",
    goal="minimise",
    bounds=(-1.0, 1.0),
    ideal=0.0,
    meaning="how much more often two halves of a training row are linked by a synthetic row than "
    "those of a test row",
)


@dataclass(frozen=True)
class Linked:
    """Encoded training and test rows, and the synthetic rows an attacker holds."""

    members: Matrix
    controls: Matrix
    synthetic: Matrix
    schema: Schema


def measure_linkage(case: Case, log: LogMetrics) -> Findings:
    """The excess of training rows whose halves are linked over a control group's.

    The linkability attack of Anonymeter (Giomi et al. 2023): two parties hold different columns of
    the same people, the attacker takes two half rows for one person's where they have a synthetic
    row among the 5 nearest to both. Test rows are the control group: what links them is chance,
    and what the columns say of each other. The columns are halved at random three times; at most
    1,000 rows of either side and 10,000 synthetic ones.
    """
    columns = case.train.schema.learned
    if len(columns) < 2:
        return Findings()
    linked = Linked(
        _drawn(case, case.train, MAX_ROWS),
        _drawn(case, case.test, MAX_ROWS),
        _drawn(case, case.synthetic, MAX_SYNTHETIC),
        case.train.schema,
    )
    rng = np.random.default_rng(case.seed("halves"))
    halves = [np.array_split(rng.permutation(len(columns)), 2) for _ in range(NUM_SPLITS)]
    found = [_told(linked, first, second) for first, second in halves]
    members, controls = (np.mean([side[i] for side in found], axis=0) for i in (0, 1))
    error = np.sqrt(members.var() / len(members) + controls.var() / len(controls))
    interval = normal_interval(
        float(members.mean() - controls.mean()),
        max(float(error), 0.5 / min(len(members), len(controls))),
        confidence=case.confidence(LINKAGE_EXCESS.name),
    )
    return Findings((LINKAGE_EXCESS.measured(interval, case),))


def _drawn(case: Case, table: Table, most: int) -> Matrix:
    kept = subsample(len(table), most, case.seed("linkage"))
    return table.matrix[kept]


def _told(
    linked: Linked, first: NDArray[np.int64], second: NDArray[np.int64]
) -> tuple[Matrix, Matrix]:
    """For each member and each control, 1 where its halves are linked, else 0."""
    rows = np.vstack([linked.members, linked.controls])
    near = [_nearest(rows, linked.synthetic, linked.schema, half) for half in (first, second)]
    is_linked = share_one(*near).astype(np.float64)
    return is_linked[: len(linked.members)], is_linked[len(linked.members) :]


def _nearest(
    rows: Matrix, synthetic: Matrix, schema: Schema, half: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Positions of the nearest synthetic rows by the columns of one half."""
    kept = np.sort(half)
    known = Schema(columns=tuple(schema.learned[i] for i in kept), target=schema.target)
    points, made = coordinates(
        [rows[:, kept], synthetic[:, kept]], known, ranked_by=synthetic[:, kept]
    )
    count = min(NUM_CANDIDATES, len(made))
    index = NearestNeighbors(n_neighbors=count, algorithm="brute", n_jobs=1).fit(made)
    found: NDArray[np.int64] = index.kneighbors(points, return_distance=False)
    return found


def share_one(first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each row of two arrays, shape (rows, candidates), has an element in common.

    >>> share_one(np.array([[1, 2], [3, 4]]), np.array([[2, 9], [5, 6]])).tolist()
    [True, False]
    """
    common: NDArray[np.bool_] = (first[:, :, None] == second[:, None, :]).any(axis=(1, 2))
    return common


LINKAGE = Evaluator(measure_linkage, (LINKAGE_EXCESS,))
