"""Which metrics of detectors in series may be gated: those that rank scores as they must.

`python -m benchmarks.series_ranks` measures the candidates on procedural series and writes
`series_selftest.json` beside this file.
"""

from pathlib import Path

from components.evaluation.anomaly.selftest import CONSTANT, GOOD, NOISE, ORACLE, REVERSED
from components.evaluation.anomaly.series_catalog import SERIES_EVALUATORS
from components.evaluation.case import Metric
from components.evaluation.selftest import (
    Expected,
    SelfTest,
    Values,
    check_record,
    evaluator_of,
    source_hash,
    tested,
)

LOW = "low"
CANDIDATES = (ORACLE, GOOD, NOISE, CONSTANT, REVERSED, LOW)
"""The truth, a score that is odder in anomalies, chance, one score for all, the good one the wrong
way round, and the good one with a threshold that is far too low."""

RECORDS = Path(__file__).with_name("series_selftest.json")
RENEW = "`python -m benchmarks.series_ranks` tests it"

RANKED = Expected(((ORACLE,), (GOOD, LOW), (NOISE, CONSTANT), (REVERSED,)))
ORDERS: dict[str, Expected] = {
    "step_auroc": RANKED,
    "event_auroc": RANKED,
    "event_recall": Expected(((ORACLE,), (GOOD,), (NOISE, CONSTANT, REVERSED))),
    "false_events": Expected(
        ((ORACLE, GOOD, NOISE, CONSTANT), (LOW,)), "a useless detector need not cry wolf"
    ),
}
"""A delay is of what was found alone: it ranks nothing, so no gate can ask for it."""


def self_test(metric: Metric, values: Values) -> SelfTest:
    """Whether on every series each candidate is better, by .01 at least, than later tiers."""
    tiers = ORDERS[metric.name].tiers if metric.name in ORDERS else ()
    return tested(metric, tiers, values, _source_of(metric.name))


def check_series_self_test(name: str) -> None:
    """Raises UserError for a metric that failed its self-test, or has none by its present code."""
    check_record(name, RECORDS, _source_of(name), RENEW)


def _source_of(name: str) -> str:
    return source_hash(evaluator_of(name, SERIES_EVALUATORS.values()))
