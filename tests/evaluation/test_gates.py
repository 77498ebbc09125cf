import pytest

from components.config import Gate, Purpose
from components.errors import UserError
from components.evaluation.evidence import Measurement
from components.evaluation.gates import judge


def measurement(name: str = "augmentation_gain", **changes: object) -> Measurement:
    fields: dict[str, object] = {
        "name": name,
        "family": "utility",
        "value": 0.001,
        "low": -0.0123,
        "high": 0.0143,
        "confidence": 0.95,
        "goal": "maximise",
        "ideal": 1.0,
        "meaning": "the gain in ROC AUC over SMOTE",
    }
    return Measurement.model_validate(fields | changes)


GAIN = Gate(metric="augmentation_gain", better_than=0.0)
LOSS = Gate(metric="loss", better_than=0.0, margin=0.05)


def test_a_refusal_says_why_in_numbers() -> None:
    verdict = judge([measurement()], [GAIN], Purpose.AUGMENTATION)
    assert not verdict.passed
    assert verdict.gates[0].bound == -0.0123
    assert verdict.gates[0].reason == (
        "refused for augmentation: the gain in ROC AUC over SMOTE is +0.001, at least -0.012 "
        "with 95% confidence; more than 0 is asked"
    )
    assert verdict.summary.startswith("Not fit for augmentation (augmentation_gain): the gain")


@pytest.mark.parametrize(("low", "passed"), [(0.001, True), (0.0, False), (-0.001, False)])
def test_maximised_metrics_need_their_lower_end_above_the_bar(low: float, passed: bool) -> None:
    assert judge([measurement(low=low)], [GAIN], Purpose.AUGMENTATION).passed is passed


@pytest.mark.parametrize(("high", "passed"), [(0.04, True), (0.05, False), (0.06, False)])
def test_minimised_metrics_need_their_upper_end_below_the_bar(high: float, passed: bool) -> None:
    found = measurement("loss", goal="minimise", high=high)
    assert judge([found], [LOSS], Purpose.SHARING).passed is passed


def test_one_failure_fails_all() -> None:
    found = [measurement(low=0.01), measurement("loss", goal="minimise", high=0.2)]
    verdict = judge(found, [GAIN, LOSS], Purpose.SHARING)
    assert [result.passed for result in verdict.gates] == [True, False]
    assert not verdict.passed and "(loss)" in verdict.summary


def test_a_pass_names_what_was_cleared() -> None:
    verdict = judge([measurement(low=0.01)], [GAIN], Purpose.AUGMENTATION)
    assert verdict.summary == "Fit for augmentation: every gate was cleared (augmentation_gain)."


def test_a_gate_on_what_was_not_measured_names_what_was() -> None:
    gate = Gate(metric="charm", better_than=0)
    with pytest.raises(UserError, match=r"'charm'.*measured: augmentation_gain"):
        judge([measurement()], [gate], Purpose.AUGMENTATION)


def test_a_gate_never_uses_a_bound_of_less_confidence() -> None:
    gate = Gate(metric="augmentation_gain", better_than=0, confidence=0.99)
    with pytest.raises(UserError, match="confidence"):
        judge([measurement()], [gate], Purpose.AUGMENTATION)


def test_close_calls_show_more_digits() -> None:
    found = measurement("loss", goal="minimise", value=0.05, high=0.05004)
    reason = judge([found], [LOSS], Purpose.SHARING).gates[0].reason
    assert "+0.05004" in reason
