"""Which metrics may be gated: those that rank rows of known worth as they must.

The study of `benchmarks/calibration/ranks.py` measures five candidates on several tables and writes
`selftest.json` beside this file; `python -m benchmarks.gate_calibration --only ranks` renews it.
"""

import hashlib
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol, TypeVar

from pydantic import TypeAdapter

from components.errors import UserError
from components.evaluation.case import Metric
from components.evaluation.catalog import EVALUATORS
from components.evaluation.evidence import Value

COPY, GOOD, MARGINALS, NOISE, COLLAPSED = CANDIDATES = (
    "copy",
    "good",
    "marginals",
    "noise",
    "collapsed",
)
RECORDS = Path(__file__).with_name("selftest.json")
RENEW = "`python -m benchmarks.gate_calibration --only ranks` tests it"
LEAST_GAP = 0.01

Tiers = tuple[tuple[str, ...], ...]
Values = Mapping[str, Mapping[str, float]]
"""A metric's value by table and candidate."""


@dataclass(frozen=True)
class Expected:
    """Candidates in tiers, the best first: each must be better than all of the tiers after its own.

    Candidates that no tier names may lie anywhere. `reason` says why an exception is one.
    """

    tiers: Tiers
    reason: str = ""


BY_FAMILY = {
    "fidelity": Expected(((COPY, GOOD), (MARGINALS, NOISE))),
    "utility": Expected(((COPY, GOOD), (MARGINALS, NOISE))),
    "privacy": Expected(
        ((GOOD, NOISE), (COPY,)), "independent columns hand out training values, so may lie between"
    ),
}
GAINS = Expected(((GOOD,), (COPY, MARGINALS, NOISE)), "a copy adds nothing to the rows it copies")
EXCEPTIONS = {
    "recall": Expected(
        ((COPY, GOOD), (COLLAPSED,)),
        "noise and independent columns spread widely, so may cover the real rows",
    ),
    "trend_error": Expected(
        ((COPY, GOOD), (MARGINALS,), (NOISE,)), "where columns depend and where they do not"
    ),
    "trtr": Expected(((COPY, GOOD, MARGINALS, NOISE),), "synthetic rows take no part in it"),
    "augmentation_gain": GAINS,
    "subgroup_harm": GAINS,
    "worth_rows": GAINS,
}


class SelfTest(Value):
    """Whether a metric ranked the candidates as it must, and the values it gave them.

    `source` is the SHA-256 of the evaluator's file at the time. `reason` names the first wrong
    rank, empty where there is none.
    """

    passed: bool
    reason: str
    source: str
    values: dict[str, dict[str, float]]


def expected(metric: Metric) -> Expected:
    """The order of candidates that a metric must find; those it is blind to may lie anywhere."""
    if metric.name in EXCEPTIONS:
        return EXCEPTIONS[metric.name]
    usual = BY_FAMILY[metric.family]
    if not metric.blind_to:
        return usual
    seen = (tuple(name for name in tier if name not in metric.blind_to) for tier in usual.tiers)
    return Expected(
        tuple(tier for tier in seen if tier), f"blind to {' and '.join(sorted(metric.blind_to))}"
    )


def self_test(metric: Metric, values: Values) -> SelfTest:
    """Whether on every table each candidate is better, by .01 at least, than those of later tiers.

    >>> from components.evaluation.fidelity.shape import SHAPE_ERROR
    >>> found = {"copy": 0.0, "good": 0.02, "marginals": 0.01, "noise": 0.01}
    >>> self_test(SHAPE_ERROR, {"fair": found}).reason
    'on fair, noise (0.010) is not worse than good (0.020)'
    """
    return tested(metric, expected(metric).tiers, values, _source_of(metric.name))


def tested(metric: Metric, tiers: Tiers, values: Values, source: str) -> SelfTest:
    """The self-test of a metric by the order it must find; none passes that has nothing to rank."""
    reasons = [
        reason
        for table, found in values.items()
        for reason in _wrong(metric.goal, tiers, table, found)
    ]
    if not values:
        reasons.append("it was measured on no table")
    if len(tiers) < 2:
        reasons.append("it ranks no candidates, so nothing could tell it from a broken one")
    return SelfTest(
        passed=not reasons,
        reason=reasons[0] if reasons else "",
        source=source,
        values={table: dict(found) for table, found in values.items()},
    )


def _wrong(goal: str, tiers: Tiers, table: str, values: Mapping[str, float]) -> list[str]:
    sign = 1.0 if goal == "maximise" else -1.0
    found = []
    for place, tier in enumerate(tiers):
        for worse in (name for later in tiers[place + 1 :] for name in later):
            for better in tier:
                if {better, worse} <= set(values) and not (
                    sign * (values[better] - values[worse]) >= LEAST_GAP
                ):
                    found.append(
                        f"on {table}, {worse} ({values[worse]:.3f}) is not worse than "
                        f"{better} ({values[better]:.3f})"
                    )
    return found


def check_self_test(name: str, path: Path = RECORDS) -> None:
    """Raises UserError for a metric that failed its self-test, or has none by its present code."""
    check_record(name, path, _source_of(name), RENEW)


def check_record(name: str, path: Path, source: str, renew: str) -> None:
    """The same by the records at `path` and the source as it is; `renew` says how to renew them."""
    record = _read_once(path).get(name)
    if record is None:
        raise UserError(f"a gate asks for the metric {name!r}, which has no self-test: {renew}")
    if record.source != source:
        raise UserError(
            f"a gate asks for the metric {name!r}, whose code changed since its self-test: {renew}"
        )
    if not record.passed:
        raise UserError(
            f"a gate asks for the metric {name!r}, which is switched off, since it failed its "
            f"self-test: {record.reason}"
        )


class Measuring(Protocol):
    """An evaluator, of tables or of other data."""

    @property
    def run(self) -> Callable[..., object]:
        """The function that measures."""
        ...

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """What it may measure."""
        ...


def source_hash(evaluator: Measuring) -> str:
    """The SHA-256 of the file an evaluator is written in."""
    path = inspect.getsourcefile(evaluator.run)
    assert path is not None
    return _file_hash(path)


@cache
def _file_hash(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def _source_of(name: str) -> str:
    return source_hash(evaluator_of(name, EVALUATORS.values()))


_Any = TypeVar("_Any", bound=Measuring)


def evaluator_of(name: str, evaluators: Iterable[_Any]) -> _Any:
    """The one of `evaluators` that measures the metric `name`; KeyError where none does."""
    for evaluator in evaluators:
        if name in (metric.name for metric in evaluator.metrics):
            return evaluator
    raise KeyError(name)


@cache
def _read_once(path: Path) -> dict[str, SelfTest]:
    return read_self_tests(path)


_ADAPTER = TypeAdapter(dict[str, SelfTest])


def read_self_tests(path: Path) -> dict[str, SelfTest]:
    """The self-tests by metric that `write_self_tests` wrote, none where there is no file."""
    return _ADAPTER.validate_json(path.read_bytes()) if path.is_file() else {}


def write_self_tests(records: Mapping[str, SelfTest], path: Path) -> None:
    """Write as JSON, by name."""
    ordered = dict(sorted(records.items()))
    path.write_bytes(_ADAPTER.dump_json(ordered, indent=1) + b"\n")
