"""Privacy: does a synthetic table betray one column of training rows to who knows the others."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors

from components.data.schema import Column, Schema
from components.data.table import Matrix, Table
from components.evaluation.case import Case, Evaluator, Findings, Metric, subsample
from components.evaluation.distances import coordinates
from components.evaluation.evidence import Measurement
from components.evaluation.statistics import Interval, normal_interval, robust_spread
from components.models.contract import LogMetrics

MAX_ROWS = 1_000
MAX_SYNTHETIC = 10_000
MAX_SECRETS = 12
TOLERANCE = 0.1

ATTRIBUTE_EXCESS = Metric(
    name="attribute_excess",
    family="privacy",
    goal="minimise",
    bounds=(-1.0, 1.0),
    ideal=0.0,
    meaning="how much more often the nearest synthetic row tells a training row's secret column "
    "than a test row's",
)
ATTRIBUTE_EXCESS_WORST = Metric(
    name="attribute_excess_worst",
    family="privacy",
    goal="minimise",
    bounds=(-1.0, 1.0),
    ideal=0.0,
    meaning="how much more often the nearest synthetic row tells the column of a training row that "
    "it betrays most than that of a test row",
)


@dataclass(frozen=True)
class Attacked:
    """Encoded training and test rows, and the synthetic rows an attacker holds."""

    members: Matrix
    controls: Matrix
    synthetic: Matrix
    schema: Schema


def measure_attributes(case: Case, log: LogMetrics) -> Findings:
    """The excess of secrets told of training rows over those told of a control group.

    Attribute inference by the nearest neighbour, as in Anonymeter (Giomi et al. 2023): each
    learned column in turn is the secret, the attacker knows the others of a row and says what the
    nearest synthetic row has. Right is the same category, or a number within a tenth of the
    controls' spread (`robust_spread`). Test rows are the control group: what is told of them is
    what the synthetic rows teach of people in general, which is their use. At most 1,000 rows of
    either side, 10,000 synthetic rows and 12 secrets, drawn by the seed.
    """
    places = np.arange(len(case.train.schema.learned))
    if len(places) < 2:
        return Findings()
    attacked = Attacked(
        _drawn(case, case.train, MAX_ROWS),
        _drawn(case, case.test, MAX_ROWS),
        _drawn(case, case.synthetic, MAX_SYNTHETIC),
        case.train.schema,
    )
    secrets = subsample(len(places), MAX_SECRETS, case.seed("secrets"))
    told = [_told(attacked, int(secret)) for secret in secrets]
    members, controls = (np.mean([side[i] for side in told], axis=0) for i in (0, 1))
    overall = _excess(members, controls, case.confidence(ATTRIBUTE_EXCESS.name))
    names = [case.train.schema.learned[secret].name for secret in secrets]
    return Findings((ATTRIBUTE_EXCESS.measured(overall, case), _worst(case, names, told)))


def _worst(case: Case, names: list[str], told: list[tuple[Matrix, Matrix]]) -> Measurement:
    """The column that is betrayed most, each column's error a part of the whole (Bonferroni).

    The upper bound is the highest of all columns' and the lower the highest of theirs, so both
    hold for the worst column although it was chosen by its figure.
    """
    confidence = case.confidence(ATTRIBUTE_EXCESS_WORST.name)
    each = 1.0 - (1.0 - confidence) / len(told)
    found = [_excess(members, controls, each) for members, controls in told]
    worst = int(np.argmax([interval.value for interval in found]))
    interval = Interval(
        found[worst].value,
        min(max(one.low for one in found), found[worst].value),
        max(one.high for one in found),
    )
    meaning = (
        f"how much more often the nearest synthetic row tells {names[worst]!r}, the worst of "
        f"{len(names)} columns, of a training row than of a test row"
    )
    return ATTRIBUTE_EXCESS_WORST.measured(interval, case, meaning=meaning)


def _excess(members: Matrix, controls: Matrix, confidence: float) -> Interval:
    """The interval of the difference of two means, no narrower than half a row of either."""
    error = float(np.sqrt(members.var() / len(members) + controls.var() / len(controls)))
    least = 0.5 / min(len(members), len(controls))
    difference = float(members.mean() - controls.mean())
    return normal_interval(difference, max(error, least), confidence=confidence)


def _drawn(case: Case, table: Table, most: int) -> Matrix:
    kept = subsample(len(table), most, case.seed("attributes"))
    return table.matrix[kept]


def _told(attacked: Attacked, secret: int) -> tuple[Matrix, Matrix]:
    """For each member and each control, 1 where the attacker is right about the secret, else 0."""
    schema = attacked.schema
    column = schema.learned[secret]
    others = tuple(other for other in schema.learned if other.name != column.name)
    rest = [
        np.delete(m, secret, axis=1)
        for m in (attacked.members, attacked.controls, attacked.synthetic)
    ]
    known = Schema(columns=others, target=schema.target)
    members, controls, synthetic = coordinates(rest, known, ranked_by=rest[2])
    index = NearestNeighbors(n_neighbors=1, algorithm="brute", n_jobs=1).fit(synthetic)
    spread = robust_spread(attacked.controls[:, secret])
    found = []
    for points, rows in ((members, attacked.members), (controls, attacked.controls)):
        guesses = attacked.synthetic[index.kneighbors(points)[1][:, 0], secret]
        found.append(is_right(guesses, rows[:, secret], column, spread).astype(np.float64))
    return found[0], found[1]


def is_right(guesses: Matrix, truth: Matrix, column: Column, spread: float) -> NDArray[np.bool_]:
    """Whether each guess hits: the same category, a near number, or missing for missing.

    >>> from components.data.schema import ColumnKind
    >>> column = Column(name="a", kind=ColumnKind.NUMERICAL, dtype="float64")
    >>> is_right(np.array([1.0, 1.0, np.nan]), np.array([1.05, 2.0, np.nan]), column, 1.0).tolist()
    [True, False, True]
    """
    both = np.isnan(guesses) & np.isnan(truth)
    reach = 0.0 if column.is_discrete else TOLERANCE * spread
    near: NDArray[np.bool_] = np.abs(guesses - truth) <= reach
    return near | both


ATTRIBUTES = Evaluator(measure_attributes, (ATTRIBUTE_EXCESS, ATTRIBUTE_EXCESS_WORST))
