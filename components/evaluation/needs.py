"""How much more evidence a gate would need: an interval narrows with the root of the rows."""

import math
from dataclasses import dataclass
from typing import Literal

from components.evaluation.evidence import Comparison, Measurement

TOO_MANY = 10_000
"""Times the evidence at hand, from which on it is no use to say how many."""


@dataclass(frozen=True)
class Needs:
    """What it would take to decide, if the value stays as it is.

    `times` is the factor on the rows, `rows` and `repeats` the numbers then; None where the
    number at hand is not known, or none is enough. `times` is infinite where the value lies
    exactly where no interval could decide.
    """

    towards: Literal["pass", "refuse"]
    times: float
    rows: int | None
    repeats: int | None


def needed(
    measurement: Measurement, interval: Measurement | Comparison, bar: float, worthwhile: float
) -> Needs:
    """What would decide a gate that is undecided, in the way that comes first.

    If the value stays, the gate is passed once the worse end clears the bar, and refused once the
    better end falls short of `bar + worthwhile`; on the bar's wrong side only the latter happens.
    The half-width shrinks with one over the root of the rows. That of repeated cross-validation
    has a part that no repeats remove (Nadeau and Bengio 2003): only what lies above the floor
    shrinks, in squares, with the repeats.

    >>> from components.evaluation.evidence import Measurement
    >>> found = Measurement(
    ...     name="gain", family="utility", goal="maximise", ideal=1.0, meaning="the gain",
    ...     value=0.01, low=-0.01, high=0.03, confidence=0.95, sample_size=100)
    >>> needed(found, found, 0.0, 0.01)
    Needs(towards='pass', times=4.0, rows=400, repeats=None)
    """
    ends = (interval.low, interval.high)
    worse, better = ends if measurement.goal == "maximise" else ends[::-1]
    beyond = interval.value - bar if measurement.goal == "maximise" else bar - interval.value
    to_pass = _times(abs(worse - interval.value), beyond)
    to_refuse = _times(abs(better - interval.value), worthwhile - beyond)
    passes = to_pass <= to_refuse
    end, distance = (worse, beyond) if passes else (better, worthwhile - beyond)
    times = min(to_pass, to_refuse)
    return Needs(
        towards="pass" if passes else "refuse",
        times=times,
        rows=_multiplied(measurement.sample_size, times),
        repeats=_repeats(measurement, abs(end - interval.value), distance),
    )


def _times(half: float, distance: float) -> float:
    """The factor on the rows that brings the half-width down to the distance."""
    return (half / distance) ** 2 if distance > 0 else math.inf


def _repeats(measurement: Measurement, half: float, distance: float) -> int | None:
    """The repeats after which the half-width is `distance`, None where none are enough."""
    floor = measurement.floor or 0.0
    if measurement.repeats is None or distance <= floor or half <= floor:
        return None
    return _multiplied(measurement.repeats, (half**2 - floor**2) / (distance**2 - floor**2))


def _multiplied(count: int | None, times: float) -> int | None:
    """The count times `times`, rounded up to two digits; None where that is beyond all use."""
    if count is None or times > TOO_MANY:
        return None
    exact = count * times
    step = int(10 ** max(0, math.floor(math.log10(max(exact, 1.0))) - 1))
    return max(count + 1, math.ceil(exact / step - 1e-9) * step)


def in_words(needs: Needs, measurement: Measurement) -> str:
    """What it would take, as the end of a sentence.

    >>> found = Needs("pass", 4.0, 400, None)
    >>> in_words(found, Measurement(
    ...     name="gain", family="utility", goal="maximise", ideal=1.0, meaning="the gain",
    ...     value=0.01, low=-0.01, high=0.03, confidence=0.95, sample_size=100))
    'about 400 rows, not 100, would pass it'
    """
    ways, unit = [], measurement.sample_of
    if needs.rows is not None:
        ways.append(f"about {needs.rows:,} {unit}, not {measurement.sample_size:,},")
    if needs.repeats is not None:
        ways.append(f"about {needs.repeats:,} repeats, not {measurement.repeats:,},")
    if not ways and needs.times <= TOO_MANY:
        ways.append(f"about {_factor(needs.times)} times as many {unit}")
    if not ways:
        return f"no number of {unit} that one can gather would decide it"
    text = " or ".join(ways)
    if measurement.repeats is not None and needs.repeats is None:
        return f"{text} would {needs.towards} it; no number of repeats would"
    return f"{text} would {needs.towards} it"


def _factor(times: float) -> str:
    """A factor rounded up: to a tenth below 10, else to two digits."""
    if times < 10:
        return f"{math.ceil(max(times, 1.1) * 10 - 1e-9) / 10:g}"
    step = 10 ** (math.floor(math.log10(times)) - 1)
    return f"{math.ceil(times / step - 1e-9) * step:,}"
