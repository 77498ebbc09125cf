from pathlib import Path

import pytest

from benchmarks.calibration import ranks
from benchmarks.calibration.trials import Result, Trial
from components.config import EvaluateConfig, Gate, Purpose
from components.errors import UserError
from components.evaluation.catalog import EVALUATORS
from components.evaluation.evaluate import evaluate
from components.evaluation.fidelity.shape import SHAPE, SHAPE_ERROR
from components.evaluation.selftest import (
    CANDIDATES,
    RECORDS,
    SelfTest,
    check_self_test,
    expected,
    read_self_tests,
    self_test,
    source_hash,
    write_self_tests,
)
from tests.evaluation.samplers import fit_bootstrap, mixed_split

METRICS = {metric.name: metric for each in EVALUATORS.values() for metric in each.metrics}


def record(**changes: object) -> SelfTest:
    known = {"passed": True, "reason": "", "source": source_hash(SHAPE), "values": {}}
    return SelfTest.model_validate(known | changes)


def test_every_metric_was_tested_by_the_code_as_it_is() -> None:
    records = read_self_tests(RECORDS)
    stale = [
        metric.name
        for evaluator in EVALUATORS.values()
        for metric in evaluator.metrics
        if metric.name not in records or records[metric.name].source != source_hash(evaluator)
    ]
    assert not stale, "renew with `python -m benchmarks.gate_calibration --only ranks`"


@pytest.mark.slow
def test_what_passed_its_self_test_ranks_a_small_table_too() -> None:
    """A metric may break by a change outside of its evaluator's file."""
    trials = [Trial("ranks", "orders", name, 1, 250) for name in CANDIDATES]
    found = ranks.self_tests([Result(trial, ranks.run(trial), 0.0) for trial in trials])
    passed = [name for name, each in read_self_tests(RECORDS).items() if each.passed]
    broken = {
        name: found[name].reason for name in passed if found[name].reason and found[name].values
    }
    assert not broken


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_has_an_order_to_find(name: str) -> None:
    known = expected(METRICS[name])
    named = [candidate for tier in known.tiers for candidate in tier]
    assert set(named) <= set(CANDIDATES) and len(set(named)) == len(named)
    assert len(known.tiers) > 1 or known.reason


def test_a_metric_that_says_the_same_of_everything_fails() -> None:
    found = self_test(SHAPE_ERROR, {"a table": dict.fromkeys(CANDIDATES, 0.5)})
    assert not found.passed and "noise (0.500) is not worse than" in found.reason


def test_a_metric_that_was_never_measured_fails() -> None:
    assert not self_test(SHAPE_ERROR, {}).passed


@pytest.mark.parametrize(
    ("records", "words"),
    [
        ({}, "has no self-test"),
        ({"shape_error": record(source="of other code")}, "changed since its self-test"),
        ({"shape_error": record(passed=False, reason="noise won")}, "switched off.*noise won"),
    ],
)
def test_a_gate_needs_a_metric_that_passed(
    records: dict[str, SelfTest], words: str, tmp_path: Path
) -> None:
    path = tmp_path / "selftest.json"
    write_self_tests(records, path)
    with pytest.raises(UserError, match=rf"'shape_error'.*{words}"):
        check_self_test("shape_error", path)


def test_a_gate_on_a_metric_that_failed_is_an_error() -> None:
    failed = [name for name, each in read_self_tests(RECORDS).items() if not each.passed]
    if not failed:
        pytest.skip("every metric passes its self-test")
    gate = Gate(metric=failed[0], better_than=0.0)
    train, test, _ = mixed_split(60, 60)
    config = EvaluateConfig(purpose=Purpose.SHARING, sharing_gates=(gate,))
    with pytest.raises(UserError, match=f"{failed[0]}.*switched off"):
        evaluate(train, test, train.frame, make_and_fit=fit_bootstrap, config=config)
