"""What a stronger or a weaker setting for privacy would cost: a panel for each metric."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from components.evaluation.evidence import Curve, Evidence, GateResult
from components.evaluation.metric_names import label
from components.reporting.palette import CHANCE, EMPHASIS, INK
from components.reporting.plot import Plot
from components.reporting.svg import drawing, inline_svg
from components.reporting.wording import measured, number, shorten, title

PREFIX = "trade_off_"


def is_trade_off(curve: Curve) -> bool:
    """True for a metric over the strength of a generator's privacy."""
    return curve.name.startswith(PREFIX)


def plot_trade_off(evidence: Evidence) -> Plot:
    """Each metric over the setting, its gate as a line; the middle point is what was chosen."""
    curves = [curve for curve in evidence.curves if is_trade_off(curve)]
    gates = {result.gate.metric: result for result in evidence.verdict.gates}
    meaning = " ".join(_said(curve) for curve in curves)
    with drawing():
        figure = Figure(figsize=(9.6, 2.6), layout="constrained")
        panels = figure.subplots(1, len(curves), squeeze=False)[0]
        for axes, curve in zip(panels, curves, strict=True):
            _draw(axes, curve, gates.get(curve.y_title))
        svg = inline_svg(figure, key="trade_off", alt=f"Trade-off. {meaning}")
    return Plot(
        key="trade_off",
        title=f"What would another {curves[0].x_title} buy?",
        meaning=meaning,
        reading=(
            "The generator fitted anew at each value on a part of the training rows and judged on "
            "the others, so that figures differ a little from those above. Dashed: the gate. "
            "Bands are the metrics' intervals; the full point is the value that was chosen."
        ),
        svg=svg,
    )


def _said(curve: Curve) -> str:
    place = len(curve.x) // 2
    return (
        f"{title(curve.y_title)} is {measured(curve.y[0])} at {curve.x_title} "
        f"{number(curve.x[0])}, {measured(curve.y[place])} at {number(curve.x[place])} as chosen, "
        f"{measured(curve.y[-1])} at {number(curve.x[-1])}."
    )


def _draw(axes: Axes, curve: Curve, gate: GateResult | None) -> None:
    place = len(curve.x) // 2
    axes.fill_between(curve.x, curve.low, curve.high, color=EMPHASIS, alpha=0.15, linewidth=0)
    axes.plot(curve.x, curve.y, "o-", color=EMPHASIS, linewidth=1.6, markersize=5, mfc="white")
    axes.plot(curve.x[place], curve.y[place], "o", color=EMPHASIS, markersize=6)
    if gate is not None and gate.gate.baseline is None:
        axes.axhline(gate.gate.bar, color=CHANCE, linestyle="--", linewidth=1)
    axes.set_xscale("log", base=2)
    axes.set_xticks(curve.x, [number(float(f"{x:.3g}")) for x in curve.x])
    axes.minorticks_off()
    axes.set_title(shorten(title(curve.y_title), 30))
    axes.set_xlabel(shorten(label(curve.x_title), 30), color=INK)
    axes.yaxis.set_major_formatter(lambda value, _: number(round(value, 9)))
    axes.locator_params(axis="y", nbins=5)
