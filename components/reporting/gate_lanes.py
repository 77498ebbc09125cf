"""What decided: every gate as a lane with its interval, what it asks, and where it would refuse."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from components.evaluation.evidence import Evidence, GateResult, Measurement, Outcome
from components.evaluation.metric_names import label
from components.reporting.palette import EMPHASIS, INK, OTHER, SYNTHETIC
from components.reporting.plot import Plot
from components.reporting.rows import gate_name
from components.reporting.svg import drawing, inline_svg
from components.reporting.wording import capitalised, measured, number, shorten, title

_COLOURS = {
    Outcome.PASSED: EMPHASIS,
    Outcome.REFUSED: SYNTHETIC,
    Outcome.UNDECIDED: OTHER,
}
_PLACES = {
    Outcome.REFUSED: ("falls short of", "fall short of", "what would be worth having"),
    Outcome.UNDECIDED: ("may or may not be", "may or may not be", "what is asked"),
    Outcome.PASSED: ("is surely", "are surely", "what is asked"),
}
"""By outcome: what one metric does, what several do, and to what."""


def plot_gates(evidence: Evidence) -> Plot:
    """One lane a gate, on a scale of its own; a metric's kin, such as other learners, beneath."""
    results = evidence.verdict.gates
    known = {measurement.name: measurement for measurement in evidence.measurements}
    meaning = " ".join(_said(outcome, results) for outcome in _PLACES).strip()
    lanes = [(result, _kin(result, evidence.measurements)) for result in results]
    with drawing():
        heights = [1.0 + 0.45 * len(kin) for _, kin in lanes]
        figure = Figure(figsize=(9.6, 0.62 * sum(heights) + 0.2), layout="constrained")
        panels = figure.subplots(len(lanes), 1, squeeze=False, height_ratios=heights)[:, 0]
        for axes, (result, kin) in zip(panels, lanes, strict=True):
            _draw(axes, result, kin, known[result.gate.metric].goal)
        svg = inline_svg(figure, key="decided", alt=f"The gates. {meaning}")
    return Plot(
        key="decided",
        title="What decided?",
        meaning=meaning,
        reading=(
            "Intervals as the gates read them, each end one-sided. Passed: all of it in the "
            "shaded part, which ends at the full line, what is asked. Refused: none of it reaches "
            "past the dotted line, from which on it would be worth having. Undecided: neither. "
            "Hollow: kindred figures, which no gate looks at."
        ),
        svg=svg,
    )


def _said(outcome: Outcome, results: Sequence[GateResult]) -> str:
    """Which gates had this outcome, as a sentence; nothing where none had."""
    found = [
        f"{gate_name(result.gate)} ({measured(result.value)})"
        for result in results
        if result.outcome is outcome
    ]
    if not found:
        return ""
    *first, last = found
    subject = f"{', '.join(first)} and {last}" if first else last
    one, several, goal = _PLACES[outcome]
    return f"{capitalised(subject)} {several if first else one} {goal}."


def _kin(result: GateResult, measurements: Sequence[Measurement]) -> list[Measurement]:
    """The same figure apart, on the same scale: `tstr_loss_forest` is kin of `tstr_loss`."""
    if result.gate.baseline is not None:
        return []
    own = next(m for m in measurements if m.name == result.gate.metric)
    return [
        m
        for m in measurements
        if m.name.startswith(f"{own.name}_") and (m.goal, m.ideal) == (own.goal, own.ideal)
    ]


def _draw(axes: Axes, result: GateResult, kin: list[Measurement], goal: str) -> None:
    gate, sign = result.gate, 1 if goal == "maximise" else -1
    beyond = gate.bar + sign * gate.worthwhile
    reach = result.value if result.reach is None else result.reach
    ends = sorted((result.bound, reach))
    shown = [*ends, gate.bar, beyond, *(x for m in kin for x in (m.low, m.high))]
    pad = 0.08 * (max(shown) - min(shown)) or 0.01
    left, right = min(shown) - pad, max(shown) + pad
    accepted = (gate.bar, right) if goal == "maximise" else (left, gate.bar)
    axes.axvspan(*accepted, color=EMPHASIS, alpha=0.13, linewidth=0)
    axes.axvline(gate.bar, color=INK, linewidth=1.2)
    if beyond != gate.bar:
        axes.axvline(beyond, color=INK, linewidth=1, linestyle=":")
    colour = _COLOURS[result.outcome]
    axes.plot(ends, [0, 0], color=colour, linewidth=3, solid_capstyle="butt")
    axes.plot(result.value, 0, "o", color=colour, markersize=7, markeredgecolor="white")
    for row, measurement in enumerate(kin, start=1):
        axes.plot([measurement.low, measurement.high], [row, row], color=OTHER, linewidth=1.2)
        axes.plot(measurement.value, row, "o", color=OTHER, markersize=5, markerfacecolor="white")
    names = [m.name.removeprefix(f"{gate.metric}_") for m in kin]
    against = f"\nless that of {shorten(label(gate.baseline), 18)}" if gate.baseline else ""
    axes.set_yticks(
        range(1 + len(kin)),
        [shorten(title(gate.metric), 26) + against, *(shorten(title(name), 26) for name in names)],
    )
    axes.set(xlim=(left, right), ylim=(len(kin) + 0.7, -0.7))
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.locator_params(axis="x", nbins=7)
    axes.xaxis.set_major_formatter(lambda value, _: number(round(value, 9)))
