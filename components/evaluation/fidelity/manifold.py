"""Fidelity of whole rows by their neighbours: precision and recall, density and coverage."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components.data.table import Matrix
from components.evaluation.case import Case, Evaluator, Findings, Metric, subsample
from components.evaluation.distances import coordinates
from components.evaluation.statistics import Interval, normal_interval
from components.models.contract import LogMetrics

MAX_ROWS = 3_000
NUM_NEIGHBOURS = 5
NUM_LISTED = 30
NUM_HALVES = 20
ROUNDING = 1e-9

PRECISION = Metric(
    name="precision",
    family="fidelity",
    goal="maximise",
    bounds=(0.0, 1.0),
    ideal=1.0,
    meaning="the share of synthetic rows that lie where test rows do",
)
RECALL = Metric(
    name="recall",
    family="fidelity",
    goal="maximise",
    bounds=(0.0, 1.0),
    ideal=1.0,
    meaning="the share of test rows that lie where synthetic rows do",
    blind_to=frozenset({"marginals", "noise"}),
)
DENSITY = Metric(
    name="density",
    family="fidelity",
    goal="maximise",
    bounds=(0.0, None),
    ideal=1.0,
    meaning="the number of test rows' neighbourhoods that a synthetic row lies in, over the 5 "
    "expected",
)
COVERAGE = Metric(
    name="coverage",
    family="fidelity",
    goal="maximise",
    bounds=(0.0, 1.0),
    ideal=1.0,
    meaning="the share of test rows with a synthetic row among their neighbours",
)
METRICS = (PRECISION, RECALL, DENSITY, COVERAGE)


@dataclass(frozen=True)
class Scores:
    """Precision and recall, density and coverage of points among real ones."""

    precision: float
    recall: float
    density: float
    coverage: float


def measure_manifold(case: Case, log: LogMetrics) -> Findings:
    """Precision and recall (Kynkaanniemi et al. 2019), density and coverage (Naeem et al. 2020).

    Points are rows in mixed coordinates (numbers by rank, categories as corners), as many
    synthetic as test rows, at most 3,000 of each; a neighbourhood reaches to the 5th neighbour.
    The interval is from random halves of either side, a fifth too wide where we tried it. The
    reference is what training rows reach in the synthetic rows' place: 1 is beyond chance.
    Precision and density are blind to what is left out (density above 1 is rows heaped where real
    ones are dense), recall is blind to false rows spread widely, and all four to copies.
    """
    size = min(len(case.test), len(case.train), len(case.synthetic), MAX_ROWS)
    known = case.train.matrix
    matrices = [known, case.test.matrix, case.synthetic.matrix]
    train, test, synthetic = coordinates(
        [m[subsample(len(m), size, case.seed("manifold"))] for m in matrices],
        case.train.schema,
        ranked_by=known,
    )
    scores, errors = with_errors(test, synthetic, case.seed("manifold"))
    reference = neighbour_scores(test, train)
    return Findings(
        tuple(
            metric.measured(
                _interval(scores, errors, metric.name, case.confidence(metric.name)),
                case,
                reference=getattr(reference, metric.name),
            )
            for metric in METRICS
        )
    )


def _interval(scores: Scores, errors: Scores, name: str, confidence: float) -> Interval:
    return normal_interval(getattr(scores, name), getattr(errors, name), confidence=confidence)


def neighbour_scores(real: Matrix, other: Matrix) -> Scores:
    """The four scores of points `other` among points `real`, each of shape (rows, width).

    >>> points = np.arange(12.0)[:, None]
    >>> neighbour_scores(points, points + 0.5)
    Scores(precision=1.0, recall=1.0, density=1.15, coverage=1.0)
    >>> neighbour_scores(points, points + 100.0)
    Scores(precision=0.0, recall=0.0, density=0.0, coverage=0.0)
    """
    radii = [_Neighbours.of(points).radii() for points in (real, other)]
    cross = _squared(real, other)
    return _scores(cross <= radii[0][:, None], cross <= radii[1])


def with_errors(real: Matrix, other: Matrix, seed: int) -> tuple[Scores, Scores]:
    """The four scores, and the standard error of each.

    Random halves of either side in turn are left out, twenty times: with half the rows the
    spread of a half's score about their mean is that of the whole (Politis and Romano 1994).
    A delete-one jackknife doubles the variance of scores as jagged as these.
    """
    cross = _squared(real, other)
    theirs, ours = _Neighbours.of(real), _Neighbours.of(other)
    inside, reached = cross <= theirs.radii()[:, None], cross <= ours.radii()
    rng = np.random.default_rng(seed)
    without_real, without_other = [], []
    for _ in range(NUM_HALVES):
        kept = _half(len(real), rng)
        again = cross <= np.where(kept, theirs.radii(kept), -np.inf)[:, None]
        without_real.append(_scores(again, reached, rows=kept))
        kept = _half(len(other), rng)
        again = cross <= np.where(kept, ours.radii(kept), -np.inf)
        without_other.append(_scores(inside, again, columns=kept))
    rows = (without_real, without_other)
    errors = {metric.name: _half_error(rows, metric.name, len(real)) for metric in METRICS}
    return _scores(inside, reached), Scores(**errors)


def _half(count: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    return rng.permutation(count) < count / 2


def _half_error(rows: tuple[list[Scores], ...], name: str, num_rows: int) -> float:
    """The error from both sides; at least that of half a row, so that 1 is not certain."""
    variances = [np.var([getattr(score, name) for score in side], ddof=1) for side in rows]
    return max(float(np.sqrt(sum(variances))), 0.5 / num_rows)


@dataclass(frozen=True)
class _Neighbours:
    """The nearest other points of each point: squared distances, ascending, and positions."""

    distances: Matrix
    places: NDArray[np.int64]

    @classmethod
    def of(cls, points: Matrix) -> "_Neighbours":
        """The 30 nearest of each, or all there are."""
        distances = _squared(points, points)
        np.fill_diagonal(distances, np.inf)
        count = min(NUM_LISTED, len(points) - 1)
        places = np.argpartition(distances, count - 1, axis=1)[:, :count]
        found = np.take_along_axis(distances, places, axis=1)
        order = np.argsort(found, axis=1)
        return cls(
            np.take_along_axis(found, order, axis=1), np.take_along_axis(places, order, axis=1)
        )

    def radii(self, kept: NDArray[np.bool_] | None = None) -> Matrix:
        """The squared distance to the 5th neighbour, among the points `kept`.

        Distances this close are equal but for rounding: identical rows are in one another's reach.
        """
        place = min(NUM_NEIGHBOURS, self.distances.shape[1]) - 1
        if kept is None:
            found: Matrix = self.distances[:, place] + ROUNDING
            return found
        rank = np.cumsum(kept[self.places], axis=1)
        at = np.where(rank[:, -1] > place, np.argmax(rank > place, axis=1), -1)
        found = np.take_along_axis(self.distances, at[:, None], axis=1)[:, 0] + ROUNDING
        return found


def _scores(
    inside: NDArray[np.bool_],
    reached: NDArray[np.bool_],
    *,
    rows: NDArray[np.bool_] | None = None,
    columns: NDArray[np.bool_] | None = None,
) -> Scores:
    """Of who lies in whose neighbourhood, shape (real rows, other rows), some rows left out.

    `inside` are the neighbourhoods of real rows, `reached` those of the others.
    """
    seen = inside if columns is None else inside[:, columns]
    left = np.ones(len(inside), dtype=np.bool_) if rows is None else rows
    hits = np.count_nonzero(seen, axis=0)
    return Scores(
        precision=float((hits > 0).mean()),
        recall=float(np.any(reached[left], axis=1).mean()),
        density=float(hits.mean() / NUM_NEIGHBOURS),
        coverage=float(np.any(seen[left], axis=1).mean()),
    )


def _squared(first: Matrix, second: Matrix) -> Matrix:
    """Squared Euclidean distances, shape (rows of first, rows of second)."""
    lengths = np.sum(first**2, axis=1)[:, None] + np.sum(second**2, axis=1)
    found: Matrix = lengths - 2.0 * first @ second.T
    return found


MANIFOLD = Evaluator(measure_manifold, METRICS)
