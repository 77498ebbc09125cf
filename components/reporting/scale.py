"""Where a measurement stands: positions on a small bar, in percent of its length."""

import math
from dataclasses import dataclass

from components.evaluation.evidence import Evidence, Measurement
from components.reporting.wording import measured, number

_ZOOM = 0.3


@dataclass(frozen=True)
class Scale:
    """A bar from `left` to `right` (as text), and what lies on it, at 0 to 100.

    `ideal` is None where the ideal lies off the bar; `ideal_side` then says on which side.
    `reference` is what real rows reach, None where it is not known. `asked` is the gate's
    threshold, None where the metric is not gated; `good_from`, `good_to` bound what the gate
    accepts.
    """

    left: str
    right: str
    value: float
    low: float
    high: float
    ideal: float | None
    ideal_side: str
    reference: float | None
    asked: float | None
    good_from: float
    good_to: float
    alt: str


def scales(evidence: Evidence) -> dict[str, Scale]:
    """A bar for each measurement, by its name."""
    gates = [result.gate for result in evidence.verdict.gates]
    asked = {gate.metric: gate.bar for gate in gates if gate.baseline is None}
    return {
        measurement.name: _scale(measurement, asked.get(measurement.name))
        for measurement in evidence.measurements
    }


def _scale(measurement: Measurement, asked: float | None) -> Scale:
    left, right = _range(measurement, asked)

    def place(value: float) -> float:
        share = (value - left) / (right - left)
        return round(100 * min(1.0, max(0.0, share)), 2) + 0.0

    on_bar = left <= measurement.ideal <= right
    limit = None if asked is None else place(asked)
    minimised = measurement.goal == "minimise"
    return Scale(
        left=number(left),
        right=number(right),
        value=place(measurement.value),
        low=place(measurement.low),
        high=place(measurement.high),
        ideal=place(measurement.ideal) if on_bar else None,
        ideal_side="left" if measurement.ideal < left else "right",
        reference=None if measurement.reference is None else place(measurement.reference),
        asked=limit,
        good_from=0.0 if limit is None or minimised else limit,
        good_to=100.0 if limit is None or not minimised else limit,
        alt=_alt(measurement, left, right, asked),
    )


def _range(measurement: Measurement, asked: float | None) -> tuple[float, float]:
    """The ends of the bar: all the metric's range, or what matters where that is a small part.

    What matters to a gated metric is the side of the threshold on which it lies.
    """
    points = [measurement.value, measurement.low, measurement.high, asked, measurement.reference]
    focus = [point for point in points if point is not None]
    left, right = _natural(measurement, focus)
    spread = max(focus) - min(focus)
    if asked is None or spread == 0 or spread > _ZOOM * (right - left):
        return left, right
    near = focus + [measurement.ideal] * (abs(measurement.ideal - asked) <= 3 * spread)
    pad = 0.3 * (max(near) - min(near))
    return _rounded(min(near) - pad, max(near) + pad, measurement)


def _natural(measurement: Measurement, focus: list[float]) -> tuple[float, float]:
    """The metric's bounds; those of an AUC start just below its ideal, 0.5."""
    least, most = measurement.bounds
    if least is not None and most is not None:
        from_chance = measurement.ideal == 0.5 and (least, most) == (0, 1)
        return (0.4, 1.0) if from_chance and min(focus) >= 0.4 else (least, most)
    low, high = min(measurement.ideal, *focus), max(measurement.ideal, *focus)
    pad = 0.1 * (high - low) or 0.1 * max(1.0, abs(measurement.ideal))
    return _rounded(low - pad, high + pad, measurement)


def _rounded(low: float, high: float, measurement: Measurement) -> tuple[float, float]:
    """The range widened to round numbers inside the metric's bounds."""
    step = 10 ** math.floor(math.log10((high - low) / 5))
    least, most = measurement.bounds
    left = round(math.floor(low / step) * step, 12)
    right = round(math.ceil(high / step) * step, 12)
    return (
        left if least is None else max(left, least),
        right if most is None else min(right, most),
    )


def _alt(measurement: Measurement, left: float, right: float, asked: float | None) -> str:
    gate = "" if asked is None else f", asked {number(asked)}"
    return (
        f"{measured(measurement.value)} between {measured(measurement.low)} and "
        f"{measured(measurement.high)} on a scale from {number(left)} to {number(right)}; "
        f"ideal {number(measurement.ideal)}{gate}"
    )
