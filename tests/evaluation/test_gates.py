import json
import math

import pytest
from pydantic import ValidationError

from components.config import AUGMENTATION_GATES, SHARING_GATES, Gate, Purpose
from components.errors import UserError
from components.evaluation.evidence import Comparison, GateResult, Measurement, Outcome, Verdict
from components.evaluation.gates import decide, judge
from components.evaluation.needs import in_words, needed

PASSED, REFUSED, UNDECIDED = Outcome.PASSED, Outcome.REFUSED, Outcome.UNDECIDED


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


GAIN = Gate(metric="augmentation_gain", better_than=0.0, worthwhile=0.01)
LOSS = Gate(metric="loss", better_than=0.0, margin=0.05)


def reason(found: Measurement, gate: Gate = GAIN, purpose: Purpose = Purpose.AUGMENTATION) -> str:
    return judge([found], [gate], purpose).gates[0].reason


def test_a_refusal_says_why_in_numbers() -> None:
    verdict = judge([measurement(low=-0.004, high=0.006)], [GAIN], Purpose.AUGMENTATION)
    assert verdict.outcome is REFUSED and not verdict.passed
    assert (verdict.gates[0].bound, verdict.gates[0].reach) == (-0.004, 0.006)
    assert verdict.gates[0].reason == (
        "refused for augmentation: the interval of the gain in ROC AUC over SMOTE, "
        "-0.004 to +0.006, includes 0 and nothing of +0.01 or more"
    )
    assert verdict.summary.startswith("Not fit for augmentation (augmentation gain): the interval")


def test_a_meaning_that_ends_with_a_comma_is_not_given_two() -> None:
    found = measurement(low=-0.004, high=0.006, meaning="the gain, 3 ways tried,")
    assert "the gain, 3 ways tried, -0.004 to" in reason(found)


def test_a_loss_is_refused_by_its_better_end() -> None:
    assert reason(measurement(value=-0.02, low=-0.03, high=-0.01)) == (
        "refused for augmentation: the gain in ROC AUC over SMOTE is -0.020, at most -0.010 "
        "with 95% confidence; more than 0 is asked"
    )


def test_thin_evidence_says_how_many_rows_and_repeats_would_decide() -> None:
    found = measurement(value=0.008, low=-0.004, high=0.02, sample_size=100, repeats=2)
    verdict = judge([found], [GAIN], Purpose.AUGMENTATION)
    assert verdict.outcome is UNDECIDED and not verdict.passed
    assert verdict.gates[0].reason == (
        "undecided for augmentation: the interval of the gain in ROC AUC over SMOTE, -0.004 to "
        "+0.020, includes 0 and +0.01 or more; if +0.008 stays, about 230 rows, not 100, "
        "or about 5 repeats, not 2, would pass it"
    )
    assert verdict.summary.startswith("Undecided whether fit for augmentation")


@pytest.mark.parametrize(
    ("low", "high", "outcome"),
    [
        (0.001, 0.005, PASSED),
        (0.0, 0.02, UNDECIDED),
        (-0.001, 0.01, UNDECIDED),
        (-0.001, 0.0099, REFUSED),
        (-0.02, -0.01, REFUSED),
        (0.0, 0.0, REFUSED),
    ],
)
def test_both_ends_decide_and_a_metric_to_minimise_is_the_mirror(
    low: float, high: float, outcome: Outcome
) -> None:
    assert decide(low, high, GAIN, "maximise") is outcome
    assert decide(-high, -low, GAIN, "minimise") is outcome
    found = measurement(value=(low + high) / 2, low=low, high=high)
    assert judge([found], [GAIN], Purpose.AUGMENTATION).outcome is outcome


@pytest.mark.parametrize(
    ("low", "high", "outcome"),
    [(0.01, 0.04, PASSED), (0.01, 0.05, UNDECIDED), (0.05, 0.06, REFUSED), (0.01, 0.06, UNDECIDED)],
)
def test_nothing_worthwhile_asked_leaves_every_straddling_interval_open(
    low: float, high: float, outcome: Outcome
) -> None:
    found = measurement("loss", goal="minimise", value=0.05, low=low, high=high)
    assert judge([found], [LOSS], Purpose.SHARING).outcome is outcome


def test_more_evidence_decides_whatever_the_default_gates_ask() -> None:
    for gate in (*AUGMENTATION_GATES, *SHARING_GATES):
        goal = "maximise" if gate in AUGMENTATION_GATES else "minimise"
        for value in (gate.bar - gate.worthwhile / 2, gate.bar, gate.bar + gate.worthwhile / 2):
            half = gate.worthwhile / 10
            assert decide(value - half, value + half, gate, goal) is not UNDECIDED


def test_one_refusal_refuses_all_and_one_doubt_leaves_all_undecided() -> None:
    good = measurement(value=0.02, low=0.01, high=0.03)
    bad = measurement("loss", goal="minimise", value=0.15, low=0.1, high=0.2)
    thin = measurement("loss", goal="minimise", value=0.05, low=0.0, high=0.1)
    doubt = judge([good, thin], [GAIN, LOSS], Purpose.SHARING)
    assert [result.outcome for result in doubt.gates] == [PASSED, UNDECIDED]
    assert doubt.outcome is UNDECIDED and "(loss)" in doubt.summary
    both = judge([measurement(), bad], [GAIN, LOSS], Purpose.SHARING)
    assert [result.outcome for result in both.gates] == [UNDECIDED, REFUSED]
    assert both.outcome is REFUSED and "(loss)" in both.summary


def test_a_pass_names_what_was_cleared() -> None:
    verdict = judge([measurement(low=0.01)], [GAIN], Purpose.AUGMENTATION)
    assert verdict.passed
    assert verdict.summary == "Fit for augmentation: every gate was cleared (augmentation gain)."


def test_a_gate_on_a_baseline_asks_the_paired_difference() -> None:
    rivals = (
        Comparison(baseline="SMOTE", value=0.012, low=0.004, high=0.02),
        Comparison(baseline="real", value=0.002, low=-0.004, high=0.008),
    )
    found = measurement("average_precision", value=0.8, low=0.7, high=0.9, comparisons=rivals)
    over_smote = Gate(metric="average_precision", better_than="SMOTE", margin=0.003)
    verdict = judge([found], [over_smote], Purpose.AUGMENTATION)
    assert verdict.passed and "(average precision against SMOTE)" in verdict.summary
    over_real = Gate(metric="average_precision", better_than="real", worthwhile=0.01)
    said = reason(found, over_real)
    assert said == (
        "refused for augmentation: the interval of average precision less that of real, "
        "-0.004 to +0.008, includes 0 and nothing of +0.01 or more"
    )
    with pytest.raises(UserError, match=r"'weights'.*compared with: SMOTE, real"):
        judge([found], [Gate(metric="average_precision", better_than="weights")], Purpose.SHARING)


def test_a_gate_on_what_was_not_measured_names_what_was() -> None:
    gate = Gate(metric="charm", better_than=0)
    with pytest.raises(UserError, match=r"'charm'.*measured: augmentation_gain"):
        judge([measurement()], [gate], Purpose.AUGMENTATION)


def test_a_gate_never_uses_a_bound_of_less_confidence() -> None:
    gate = Gate(metric="augmentation_gain", better_than=0, confidence=0.99)
    with pytest.raises(UserError, match="confidence"):
        judge([measurement()], [gate], Purpose.AUGMENTATION)


@pytest.mark.parametrize("bad", [math.nan, math.inf, "nan", "", " "])
def test_a_bar_is_a_finite_number_or_a_name(bad: object) -> None:
    with pytest.raises(ValidationError, match="finite number or the name of a baseline"):
        Gate.model_validate({"metric": "m", "better_than": bad})
    assert Gate.model_validate({"metric": "m", "better_than": "0.5"}).bar == 0.5


def test_close_calls_show_more_digits() -> None:
    found = measurement("loss", goal="minimise", value=0.05, low=0.02, high=0.05004)
    assert "+0.05004" in reason(found, LOSS)


def test_old_evidence_that_knew_two_outcomes_still_loads() -> None:
    for passed, outcome in ((True, PASSED), (False, REFUSED)):
        gate = {"metric": "m", "better_than": 0.0, "margin": 0.0, "confidence": 0.95}
        result = {"gate": gate, "value": 0.1, "bound": 0.0, "passed": passed, "reason": "so"}
        old = {"purpose": "sharing", "passed": passed, "gates": [result], "summary": "so"}
        verdict = Verdict.model_validate_json(json.dumps(old))
        assert (verdict.passed, verdict.outcome, verdict.gates[0].outcome) == (
            passed,
            outcome,
            outcome,
        )
        assert Verdict.model_validate_json(verdict.model_dump_json()) == verdict
    contradiction = old | {"passed": True, "outcome": "undecided"}
    with pytest.raises(ValidationError, match="passed is True, but the outcome is undecided"):
        Verdict.model_validate(contradiction)


def test_an_outcome_is_written_with_passed_beside_it() -> None:
    result = judge([measurement()], [GAIN], Purpose.SHARING).gates[0]
    written = json.loads(result.model_dump_json())
    assert (written["outcome"], written["passed"]) == ("undecided", False)
    assert GateResult.model_validate(written) == result


def test_rows_narrow_with_the_root_and_repeats_down_to_a_floor() -> None:
    found = measurement(value=0.02, low=-0.01, high=0.05, sample_size=1000, repeats=4, floor=0.018)
    needs = needed(found, found, 0.0, 0.01)
    assert (needs.towards, round(needs.times, 9)) == ("pass", 2.25)
    assert needs.rows == 2300  # 1000 * (0.03 / 0.02)**2, to two digits
    # 4 * (0.03**2 - 0.018**2) / (0.02**2 - 0.018**2) = 30.3
    assert needs.repeats == 31
    at_floor = needed(found.model_copy(update={"floor": 0.02}), found, 0.0, 0.01)
    assert at_floor.repeats is None
    assert in_words(at_floor, found) == (
        "about 2,300 rows, not 1,000, would pass it; no number of repeats would"
    )


def test_the_decision_that_comes_first_is_foretold() -> None:
    found = measurement(value=0.001, low=-0.019, high=0.021)
    needs = needed(found, found, 0.0, 0.01)  # .001 above the bar, .009 below what matters
    assert (needs.towards, round(needs.times, 3)) == ("refuse", 4.938)
    assert in_words(needs, found) == "about 5 times as many rows would refuse it"
    of_events = found.model_copy(update={"sample_of": "anomalies"})
    assert in_words(needs, of_events) == "about 5 times as many anomalies would refuse it"
    stuck = needed(measurement(value=0.0), measurement(value=0.0), 0.0, 0.0)
    assert math.isinf(stuck.times)
    assert "no number of rows" in in_words(stuck, found)
