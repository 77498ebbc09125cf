"""The gates and measurements of an evidence as rows of text, and the verdict in a few words."""

from dataclasses import dataclass

from components.config import SHARING_GATES, Gate, Purpose
from components.evaluation.evidence import Evidence, GateResult, Measurement, Outcome
from components.evaluation.metric_names import label
from components.reporting.lineage import Lineage
from components.reporting.wording import (
    capitalised,
    interval,
    measured,
    number,
    percent,
    sentence,
    title,
    told_apart,
)

_WORDS = {"minimise": "less than", "maximise": "more than"}


@dataclass(frozen=True)
class Headline:
    """The verdict as one phrase, whether it is good news, and why it is as a sentence."""

    text: str
    tone: Outcome
    why: str


@dataclass(frozen=True)
class GateRow:
    """A gate in words; `asked` reads "less than 0.55"."""

    metric: str
    title: str
    value: str
    bound: str
    asked: str
    outcome: Outcome
    reason: str


@dataclass(frozen=True)
class MeasurementRow:
    """A measurement in words; `reference` is what real rows reach, a dash where not known."""

    metric: str
    title: str
    family: str
    value: str
    interval: str
    ideal: str
    reference: str
    meaning: str


def headline(evidence: Evidence, lineage: Lineage) -> Headline:
    """What became of the candidate: refused, undecided, passed, held back, or promoted."""
    verdict = evidence.verdict
    purpose, outcome, why = verdict.purpose.value, verdict.outcome, verdict.summary
    if outcome is not Outcome.PASSED:
        kept = f" (it still carries the alias {lineage.alias})" if lineage.alias else ""
        return Headline(f"{outcome.capitalize()} for {purpose}{kept}", outcome, why)
    if lineage.alias:
        return Headline(f"Promoted to {lineage.alias} for {purpose}", outcome, why)
    if lineage.held_back:
        why = f"{why} Not promoted: {lineage.held_back}."
        return Headline(f"Fit for {purpose}, but not promoted", Outcome.UNDECIDED, why)
    return Headline(f"Passed for {purpose}", outcome, why)


def warnings(evidence: Evidence) -> tuple[str, ...]:
    """What no gate of the purpose asks about, and a reader should know all the same."""
    if evidence.verdict.purpose is not Purpose.AUGMENTATION:
        return ()
    bars = {gate.metric: gate.bar for gate in SHARING_GATES}
    leaks = [
        f"{label(m.name)} {measured(m.value)}"
        for m in evidence.measurements
        if m.goal == "minimise" and m.low > bars.get(m.name, m.low) and m.family == "privacy"
    ]
    if not leaks:
        return ()
    return (
        "privacy is not asked of rows for augmentation, and these give training rows away "
        f"({', '.join(leaks)}): keep them where the training rows are",
    )


def gate_rows(evidence: Evidence) -> tuple[GateRow, ...]:
    """One row a gate, in the verdict's order."""
    goals = {measurement.name: measurement.goal for measurement in evidence.measurements}
    return tuple(
        _gate_row(result, goals.get(result.gate.metric)) for result in evidence.verdict.gates
    )


def gate_name(gate: Gate) -> str:
    """What a gate looks at, inside a sentence: a metric, or what it has more than a baseline's.

    >>> gate_name(Gate(metric="anomaly_auroc", better_than="pca"))
    'anomaly AUROC less that of PCA'
    """
    against = f" less that of {label(gate.baseline)}" if gate.baseline else ""
    return f"{label(gate.metric)}{against}"


def _gate_row(result: GateResult, goal: str | None) -> GateRow:
    wanted = number(result.gate.bar)
    return GateRow(
        metric=result.gate.metric,
        title=capitalised(gate_name(result.gate)),
        value=measured(result.value),
        bound=f"{told_apart(result.bound, result.gate.bar)} at {percent(result.gate.confidence)}",
        asked=wanted if goal is None else f"{_WORDS[goal]} {wanted}",
        outcome=result.outcome,
        reason=result.reason,
    )


def measurement_rows(evidence: Evidence) -> tuple[MeasurementRow, ...]:
    """One row a measurement, in the evidence's order."""
    return tuple(_measurement_row(measurement) for measurement in evidence.measurements)


def _measurement_row(measurement: Measurement) -> MeasurementRow:
    return MeasurementRow(
        metric=measurement.name,
        title=title(measurement.name),
        family=measurement.family,
        value=measured(measurement.value),
        interval=interval(measurement.low, measurement.high),
        ideal=number(measurement.ideal),
        reference=_or_dash(measurement.reference),
        meaning=sentence(measurement.meaning),
    )


def _or_dash(value: float | None) -> str:
    """A measured value, a dash where there is none."""
    return "—" if value is None else measured(value)


def confidences(evidence: Evidence) -> str:
    """The confidence of the intervals; more than one where measurements differ."""
    levels = sorted({measurement.confidence for measurement in evidence.measurements})
    return " or ".join(percent(level) for level in levels)
