"""The verdict: does the worse end of each gated metric's interval clear its bar."""

from collections.abc import Sequence

from components.config import Gate, Purpose
from components.errors import UserError
from components.evaluation.evidence import GateResult, Measurement, Verdict


def judge(measurements: Sequence[Measurement], gates: Sequence[Gate], purpose: Purpose) -> Verdict:
    """Whether all gates are cleared, and why each one is or is not, in a sentence with numbers.

    A gate looks at the worse one-sided end: the lower one of a metric to be maximised must lie
    above `better_than + margin`, the upper one of a metric to be minimised below it. A tie is not
    better. Raises UserError for a gate on a metric that was not measured.
    """
    known = {measurement.name: measurement for measurement in measurements}
    results = tuple(_result(gate, known, purpose) for gate in gates)
    passed = all(result.passed for result in results)
    return Verdict(
        purpose=purpose, passed=passed, gates=results, summary=_summary(results, purpose)
    )


def _result(gate: Gate, known: dict[str, Measurement], purpose: Purpose) -> GateResult:
    if gate.metric not in known:
        raise UserError(
            f"a gate asks for {gate.metric!r}, which was not measured; "
            f"measured: {', '.join(sorted(known))}"
        )
    measurement = known[gate.metric]
    if measurement.confidence < gate.confidence:
        raise UserError(
            f"a gate asks for {gate.metric!r} at confidence {gate.confidence:g}; "
            f"it was measured at {measurement.confidence:g}"
        )
    threshold = gate.better_than + gate.margin
    maximise = measurement.goal == "maximise"
    bound = measurement.low if maximise else measurement.high
    passed = bound > threshold if maximise else bound < threshold
    return GateResult(
        gate=gate,
        value=measurement.value,
        bound=bound,
        passed=passed,
        reason=_reason(measurement, bound, threshold, passed, purpose),
    )


def _reason(
    measurement: Measurement, bound: float, threshold: float, passed: bool, purpose: Purpose
) -> str:
    """One sentence: the outcome, the value, its worse end and the bar."""
    maximise = measurement.goal == "maximise"
    reach, asked = ("at least", "more") if maximise else ("at most", "less")
    outcome = "cleared" if passed else "refused"
    signed = not _is_a_share(measurement)
    digits = _digits(bound, threshold)
    value, end = (_number(x, signed, digits) for x in (measurement.value, bound))
    return (
        (
            f"{outcome} for {purpose}: {measurement.meaning} is {value}, {reach} {end} with "
            f"{measurement.confidence:.4g} confidence; {asked} than {_number(threshold, False, 3)} "
            "is asked"
        )
        .replace(
            f"{measurement.confidence:.4g} confidence", f"{measurement.confidence:.4%} confidence"
        )
        .replace(".0000%", "%")
    )


def _is_a_share(measurement: Measurement) -> bool:
    """True where the metric cannot be negative, so that a sign says nothing."""
    least = measurement.bounds[0]
    return least is not None and least >= 0


def _digits(bound: float, threshold: float) -> int:
    """Three digits, more where the bound and the bar would read the same."""
    for digits in range(3, 7):
        if round(bound, digits) != round(threshold, digits):
            return digits
    return 6


def _number(value: float, signed: bool, digits: int) -> str:
    shown = round(value, digits) + 0.0
    if shown == 0:
        return "0"
    return f"{shown:+.{digits}f}" if signed else f"{shown:.{digits}f}".rstrip("0").rstrip(".")


def _summary(results: Sequence[GateResult], purpose: Purpose) -> str:
    """One plain sentence."""
    failed = [result for result in results if not result.passed]
    if not results:
        return f"Fit for {purpose}: no gate was asked for."
    if not failed:
        names = ", ".join(result.gate.metric for result in results)
        return f"Fit for {purpose}: every gate was cleared ({names})."
    names = ", ".join(result.gate.metric for result in failed)
    first = failed[0].reason.split(": ", 1)[1]
    return f"Not fit for {purpose} ({names}): {first}."
