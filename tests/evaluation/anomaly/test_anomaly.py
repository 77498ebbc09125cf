"""Evaluators of detectors, on scores of known worth."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from components.config import EvaluateConfig, Gate, Purpose
from components.errors import UserError
from components.evaluation.anomaly.case import AnomalyCase, Scored
from components.evaluation.anomaly.catalog import ANOMALY_EVALUATORS, anomaly_metrics
from components.evaluation.anomaly.challenge import challenge_detectors
from components.evaluation.anomaly.evaluate import Origin, judge_detector
from components.evaluation.anomaly.ranking import auc_difference, average_precision
from components.evaluation.anomaly.selftest import ORDERS, RECORDS, check_anomaly_self_test
from components.evaluation.evidence import Outcome
from components.evaluation.selftest import read_self_tests
from components.models.calibration import Calibration

ORIGIN = Origin(num_train=100, num_synthetic=100, target="state", test_sha256="")


def scored(rng: np.random.Generator, odd: np.ndarray, shift: float) -> Scored:
    """Normal scores of which those of anomalies are higher by `shift`."""
    return Scored(rng.normal(size=len(odd)) + shift * odd, Calibration.of(rng.normal(size=200)))


def case(shift: float = 2.0, baseline: float = 1.0, **config: object) -> AnomalyCase:
    rng = np.random.default_rng(0)
    kinds = np.array(["normal"] * 300 + ["crack"] * 50 + ["rust"] * 50, dtype=object)
    odd = kinds != "normal"
    settings = EvaluateConfig.model_validate({"purpose": Purpose.ANOMALY, **config})
    model, other = scored(rng, odd, shift), scored(rng, odd, baseline)
    return AnomalyCase(kinds, model, settings, {"pca": other})


def measured(asked: AnomalyCase) -> dict[str, float]:
    evidence = judge_detector(asked, ORIGIN)
    return {found.name: found.value for found in evidence.measurements}


def test_areas_are_those_of_two_normal_distributions():
    found = measured(case(shift=2.0))
    assert found["anomaly_auroc"] == pytest.approx(0.921, abs=0.03)  # Phi(2 / sqrt 2)
    assert found["false_alarm_share"] == pytest.approx(0.05, abs=0.04)
    assert found["detected_share"] == pytest.approx(0.639, abs=0.12)  # 1 - Phi(1.645 - 2)


def test_a_better_detector_passes_an_equal_one_does_not_and_a_worse_one_is_refused():
    better, equal, worse = (
        judge_detector(case(shift, baseline), ORIGIN).verdict.outcome
        for shift, baseline in ((2.0, 0.5), (1.0, 1.0), (0.5, 2.0))
    )
    assert (better, worse) == (Outcome.PASSED, Outcome.REFUSED)
    assert equal is not Outcome.PASSED


def test_equal_detectors_pass_at_most_one_in_twenty_times():
    """The gate's own false alarms, where model and baseline are equally good."""
    rng, passed = np.random.default_rng(0), 0
    odd = np.repeat([False, True], [150, 100])
    for _ in range(200):
        base = rng.normal(size=250) + odd  # what both see
        one, two = (base + 0.5 * rng.normal(size=250) for _ in range(2))
        passed += auc_difference(odd, one, two, 0.95).low > 0
    assert passed <= 19  # 10 are expected; 20 or more come in 1 of 300 such tests


def test_average_precision_is_the_usual_one_also_where_scores_are_equal():
    rng = np.random.default_rng(0)
    odd, scores = rng.random(200) < 0.3, rng.integers(0, 20, 200).astype(float)
    assert average_precision(odd, scores) == pytest.approx(average_precision_score(odd, scores))


def test_any_order_of_rows_gives_the_same_areas_and_a_rising_scale_changes_nothing():
    asked = case()
    order = np.random.default_rng(1).permutation(len(asked.kinds))
    turned = AnomalyCase(
        asked.kinds[order],
        Scored(np.exp(asked.model.oddness[order]), asked.model.calibration),
        asked.config,
    )
    first, second = (ANOMALY_EVALUATORS["ranking"].run(each) for each in (asked, turned))
    for before, after in zip(first.measurements, second.measurements, strict=True):
        assert before.value == pytest.approx(after.value, abs=1e-12)


def test_the_kinds_that_are_hardest_to_find_are_named():
    assert "hardest to find first" in judge_detector(case(), ORIGIN).notes[-1]


def test_gates_that_cannot_be_asked_are_refused():
    strange = Gate(metric="tstr_loss", better_than=0.0)
    with pytest.raises(UserError, match="known: anomaly_auroc"):
        judge_detector(case(anomaly_gates=(strange,)), ORIGIN)
    alone = Gate(metric="anomaly_auroc", better_than="oracle")
    with pytest.raises(UserError, match="there are: pca"):
        judge_detector(case(anomaly_gates=(alone,)), ORIGIN)


def test_a_test_without_anomalies_is_refused():
    asked = case()
    none = AnomalyCase(np.full(400, "normal", dtype=object), asked.model, asked.config)
    with pytest.raises(UserError, match="0 anomalies"):
        judge_detector(AnomalyCase(none.kinds, none.model, none.config, asked.baselines), ORIGIN)


def test_a_challenger_that_finds_less_is_not_promoted():
    asked = case(shift=2.0, baseline=0.5)
    strong, weak = asked.model.oddness, asked.baselines["pca"].oddness
    assert challenge_detectors(asked.kinds, champion=weak, challenger=strong).passed
    assert not challenge_detectors(asked.kinds, champion=strong, challenger=weak).passed
    assert challenge_detectors(asked.kinds, champion=strong, challenger=strong).loss == 0


def test_every_metric_has_an_order_and_passed_its_self_test_by_its_present_code():
    assert set(ORDERS) == set(anomaly_metrics()) == set(read_self_tests(RECORDS))
    for name in anomaly_metrics():
        check_anomaly_self_test(name)


def test_a_perfect_separation_of_few_anomalies_is_no_certainty():
    rng, odd = np.random.default_rng(0), np.repeat([False, True], [30, 10])
    oddness, other = rng.random((2, 40)) + 9.0 * odd
    both = [Scored(each, Calibration.of(oddness[~odd])) for each in (oddness, other)]
    kinds = np.where(odd, "crack", "normal").astype(object)
    settings = EvaluateConfig(purpose=Purpose.ANOMALY)
    few = AnomalyCase(kinds, both[0], settings, {"pca": both[1]})
    for found in ANOMALY_EVALUATORS["ranking"].run(few).measurements:
        assert found.value == 1.0 and found.low < 0.95
        (equal,) = found.comparisons
        assert equal.value == 0.0 and equal.low < -0.05 and equal.high > 0.05
