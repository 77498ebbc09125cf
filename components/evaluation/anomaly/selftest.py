"""Which metrics of detectors may be gated: those that rank scores of known worth as they must.

`python -m benchmarks.anomaly_ranks` measures six candidates on several tables and writes
`selftest.json` beside this file.
"""

from pathlib import Path

from components.evaluation.anomaly.catalog import ANOMALY_EVALUATORS
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

ORACLE, GOOD, NOISE, CONSTANT, REVERSED, OVERFIT = CANDIDATES = (
    "oracle",
    "good",
    "noise",
    "constant",
    "reversed",
    "overfit",
)
"""The truth, a distance to learned rows, chance, one score for all, the good one the wrong way
round, and the distance to the nearest learned row on the scale of these very rows."""
RECORDS = Path(__file__).with_name("selftest.json")
RENEW = "`python -m benchmarks.anomaly_ranks` tests it"

RANKED = Expected(((ORACLE,), (GOOD, OVERFIT), (NOISE, CONSTANT), (REVERSED,)))
ORDERS: dict[str, Expected] = {
    "anomaly_auroc": RANKED,
    "anomaly_precision": RANKED,
    "detected_share": Expected(((ORACLE,), (GOOD,), (NOISE, CONSTANT, REVERSED))),
    "false_alarm_share": Expected(
        ((ORACLE, GOOD, NOISE, CONSTANT), (OVERFIT,)), "a useless detector need not cry wolf"
    ),
}


def self_test(metric: Metric, values: Values) -> SelfTest:
    """Whether on every table each candidate is better, by .01 at least, than later tiers."""
    tiers = ORDERS[metric.name].tiers if metric.name in ORDERS else ()
    return tested(metric, tiers, values, _source_of(metric.name))


def check_anomaly_self_test(name: str) -> None:
    """Raises UserError for a metric that failed its self-test, or has none by its present code."""
    check_record(name, RECORDS, _source_of(name), RENEW)


def _source_of(name: str) -> str:
    return source_hash(evaluator_of(name, ANOMALY_EVALUATORS.values()))
