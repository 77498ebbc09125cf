"""The verdict: does each gated metric's interval clear its bar, fall short of it, or neither."""

from collections.abc import Sequence

from components.config import Gate, Purpose
from components.errors import UserError
from components.evaluation.evidence import Comparison, GateResult, Measurement, Outcome, Verdict
from components.evaluation.metric_names import label
from components.evaluation.needs import in_words, needed


def judge(measurements: Sequence[Measurement], gates: Sequence[Gate], purpose: Purpose) -> Verdict:
    """The outcome of every gate, and of all together, with a reason in a sentence with numbers.

    A gate looks at both one-sided ends, here for a metric to be maximised: it is passed where the
    lower end lies above the bar, refused where the upper end does not come above the bar or does
    not reach `bar + worthwhile`, and undecided otherwise. A metric to be minimised is its mirror.
    The verdict is refused where a gate is, else undecided where a gate is, else passed.
    Raises UserError for a gate on a metric, or a baseline, that was not measured.
    """
    known = {measurement.name: measurement for measurement in measurements}
    results = tuple(_result(gate, known, purpose) for gate in gates)
    outcomes = {result.outcome for result in results}
    worst = (Outcome.REFUSED, Outcome.UNDECIDED, Outcome.PASSED)
    outcome = next((one for one in worst if one in outcomes), Outcome.PASSED)
    return Verdict(
        purpose=purpose,
        outcome=outcome,
        gates=results,
        summary=_summary(results, outcome, purpose),
    )


def decide(low: float, high: float, gate: Gate, goal: str) -> Outcome:
    """What an interval says of a gate's bar.

    >>> gate = Gate(metric="gain", better_than=0.0, worthwhile=0.01)
    >>> for low, high in ((0.001, 0.1), (-0.1, 0.009), (-0.1, 0.1)):
    ...     print(decide(low, high, gate, "maximise"))
    passed
    refused
    undecided
    """
    sign = 1.0 if goal == "maximise" else -1.0
    worse, better = sorted((sign * low, sign * high))
    bar = sign * gate.bar
    if worse > bar:
        return Outcome.PASSED
    return Outcome.REFUSED if better <= bar or better < bar + gate.worthwhile else Outcome.UNDECIDED


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
    interval = interval_of(gate, measurement)
    outcome = decide(interval.low, interval.high, gate, measurement.goal)
    ends = (interval.low, interval.high)
    bound, reach = ends if measurement.goal == "maximise" else ends[::-1]
    return GateResult(
        gate=gate,
        value=interval.value,
        bound=bound,
        reach=reach,
        outcome=outcome,
        reason=f"{_WORDS[outcome]} for {purpose}: {_reason(gate, measurement, interval, outcome)}",
    )


def interval_of(gate: Gate, measurement: Measurement) -> Measurement | Comparison:
    """What the gate asks about: the metric, or its difference to the gate's baseline.

    Raises UserError where the metric was not compared with that baseline.
    """
    if gate.baseline is None:
        return measurement
    for comparison in measurement.comparisons:
        if comparison.baseline == gate.baseline:
            return comparison
    compared = ", ".join(comparison.baseline for comparison in measurement.comparisons)
    raise UserError(
        f"a gate asks for {gate.metric!r} better than {gate.baseline!r}, with which it was not "
        f"compared; compared with: {compared or 'nothing'}"
    )


_WORDS = {Outcome.PASSED: "cleared", Outcome.REFUSED: "refused", Outcome.UNDECIDED: "undecided"}


def _reason(
    gate: Gate, measurement: Measurement, interval: Measurement | Comparison, outcome: Outcome
) -> str:
    """Why, with the figures: the end that decides, or both where the interval holds the bar."""
    maximise = measurement.goal == "maximise"
    meaning = _meaning(gate, measurement)
    beyond = gate.bar + gate.worthwhile if maximise else gate.bar - gate.worthwhile
    digits = _digits((interval.low, interval.high), (gate.bar, beyond))
    signed = gate.baseline is not None or not _is_a_share(measurement)
    value, low, high = (
        _number(x, signed, digits) for x in (interval.value, interval.low, interval.high)
    )
    bar = _number(gate.bar, False, 6)
    if outcome is Outcome.PASSED or not interval.low <= gate.bar <= interval.high:
        is_low = maximise is (outcome is Outcome.PASSED)
        end = f"at least {low}" if is_low else f"at most {high}"
        return (
            f"{meaning} is {value}, {end} with {_percent(measurement.confidence)} confidence; "
            f"{'more' if maximise else 'less'} than {bar} is asked"
        )
    matters = f"{_number(beyond, signed, 6)} or {'more' if maximise else 'less'}"
    held = f"the interval of {meaning.removesuffix(',')}, {low} to {high}, includes {bar}"
    if outcome is Outcome.REFUSED:
        return f"{held} and nothing of {matters}"
    also = f" and {matters}" if gate.worthwhile else ""
    needs = needed(measurement, interval, gate.bar, gate.worthwhile)
    return f"{held}{also}; if {value} stays, {in_words(needs, measurement)}"


def _meaning(gate: Gate, measurement: Measurement) -> str:
    if gate.baseline is None:
        return measurement.meaning
    return f"{label(measurement.name)} less that of {label(gate.baseline)}"


def _is_a_share(measurement: Measurement) -> bool:
    """True where the metric cannot be negative, so that a sign says nothing."""
    least = measurement.bounds[0]
    return least is not None and least >= 0


def _digits(ends: Sequence[float], bars: Sequence[float]) -> int:
    """Three digits, more where an end and a bar would read the same."""
    for digits in range(3, 7):
        if all(round(end, digits) != round(bar, digits) for end in ends for bar in bars):
            return digits
    return 6


def _number(value: float, signed: bool, digits: int) -> str:
    shown = round(value, digits) + 0.0
    if shown == 0:
        return "0"
    text = f"{shown:+.{digits}f}" if signed else f"{shown:.{digits}f}"
    return text.rstrip("0").rstrip(".") if digits > 3 or not signed else text


def _percent(confidence: float) -> str:
    return f"{100 * confidence:.4f}".rstrip("0").rstrip(".") + "%"


def _summary(results: Sequence[GateResult], outcome: Outcome, purpose: Purpose) -> str:
    """One plain sentence."""
    if not results:
        return f"Fit for {purpose}: no gate was asked for."
    deciding = [result for result in results if result.outcome is outcome]
    names = ", ".join(_name(result.gate) for result in deciding)
    if outcome is Outcome.PASSED:
        return f"Fit for {purpose}: every gate was cleared ({names})."
    first = deciding[0].reason.split(": ", 1)[1]
    word = "Not fit" if outcome is Outcome.REFUSED else "Undecided whether fit"
    return f"{word} for {purpose} ({names}): {first}."


def _name(gate: Gate) -> str:
    name = label(gate.metric)
    return f"{name} against {label(gate.baseline)}" if gate.baseline else name
