"""How much synthetic data is best, and how many real rows it stands for: two curves with bands."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from components.evaluation.evidence import Curve, Evidence
from components.evaluation.metric_names import label
from components.reporting.palette import INK, LINES, OTHER, REAL, SYNTHETIC
from components.reporting.plot import Plot
from components.reporting.svg import drawing, inline_svg
from components.reporting.wording import (
    capitalised,
    count,
    interval,
    measured,
    number,
    sentence,
    shorten,
)

RATIO, LEARNING = "ratio_curve", "learning_curve"
_COLOURS = {
    "synthetic": SYNTHETIC,
    "augmented": SYNTHETIC,
    "real": REAL,
    "duplicated": OTHER,
    "": SYNTHETIC,
}
_NAMES = {
    "": "synthetic rows",
    "synthetic": "synthetic rows",
    "duplicated": "duplicated real rows",
    "real": "real rows alone",
    "augmented": "real + synthetic rows",
    "agreed": "synthetic rows a classifier agrees with",
}
_WORTH = "worth_rows"
_ONE_LEARNER = "real_"


def is_ratio(curve: Curve) -> bool:
    """True for a gain over the number of rows that are added."""
    return curve.name.startswith(RATIO)


def is_learning(curve: Curve) -> bool:
    """True for a score over the number of real training rows."""
    return curve.name.startswith(LEARNING)


def plot_ratio(evidence: Evidence) -> Plot:
    """The gain at each ratio of added rows, with its band; the line at 0 is real rows alone."""
    curves = [curve for curve in evidence.curves if is_ratio(curve)]
    meaning = _best_ratio(curves)
    with drawing():
        figure, axes = _frame(curves[0])
        axes.axhline(0, color=INK, linewidth=0.9)
        _draw(axes, curves, RATIO)
        ratios = sorted({ratio for curve in curves for ratio in curve.x})
        if ratios[0] > 0:
            axes.set_xscale("log", base=2)
        axes.set_xticks(ratios, [f"{number(ratio)}×" for ratio in ratios])  # noqa: RUF001
        axes.minorticks_off()
        svg = inline_svg(figure, key="ratio", alt=f"Ratio curve. {meaning}")
    return Plot(
        key="ratio",
        title="How much synthetic data is best?",
        meaning=meaning,
        reading="Bands are two-sided intervals; one that holds 0 is not told apart from no gain.",
        svg=svg,
        wide=False,
    )


def _best_ratio(curves: Sequence[Curve]) -> str:
    ours = next((curve for curve in curves if _kind(curve, RATIO) in ("", "synthetic")), curves[0])
    place = int(np.argmax(ours.y))
    text = (
        f"Adding {number(ours.x[place])} synthetic rows for each real one does best, "
        f"{measured(ours.y[place], signed=True)}"
    )
    if ours.low and ours.high:
        low, high = ours.low[place], ours.high[place]
        told = "a gain" if low > 0 else "a loss" if high < 0 else "not told apart from no gain"
        text += f" ({interval(low, high, signed=True)}), {told}"
    others = [curve for curve in curves if curve is not ours]
    if others:
        name = _NAMES.get(_kind(others[0], RATIO), label(_kind(others[0], RATIO)))
        text += f"; {name} come to {measured(max(others[0].y), signed=True)} at best"
    return text + "."


def plot_learning(evidence: Evidence) -> Plot:
    """The score over the number of real rows, alone and with synthetic rows added."""
    curves = [curve for curve in evidence.curves if is_learning(curve)]
    main = [curve for curve in curves if not _kind(curve, LEARNING).startswith(_ONE_LEARNER)]
    drawn = main or curves
    meaning = _worth(evidence, drawn)
    with drawing():
        figure, axes = _frame(drawn[0])
        for curve in curves:
            if curve not in drawn:
                axes.plot(curve.x, curve.y, color=OTHER, linewidth=0.7, alpha=0.5)
        _draw(axes, drawn, LEARNING)
        axes.xaxis.set_major_formatter(lambda value, _: count(round(value)))
        axes.locator_params(axis="x", nbins=5)
        svg = inline_svg(figure, key="learning", alt=f"Learning curve. {meaning}")
    thin = " Thin lines: single learners, real rows alone." if len(curves) > len(drawn) else ""
    return Plot(
        key="learning",
        title="How many real rows is it worth?",
        meaning=meaning,
        reading="What is reached with ever more real rows. Bands are two-sided intervals." + thin,
        svg=svg,
        wide=False,
    )


def _worth(evidence: Evidence, curves: Sequence[Curve]) -> str:
    """What more rows bring, and what the synthetic ones are worth where that was measured."""
    real = next((curve for curve in curves if _kind(curve, LEARNING) == "real"), curves[0])
    rise = real.y[-1] - real.y[0]
    text = (
        f"From {count(round(real.x[0]))} to {count(round(real.x[-1]))} real rows the "
        f"{real.y_title} goes from {measured(real.y[0])} to {measured(real.y[-1])}"
    )
    if len(real.y) > 2 and rise > 0:
        last = (real.y[-1] - real.y[-2]) / rise
        text += ", and more would still help" if last > 0.2 else ", and has levelled off"
    for measurement in evidence.measurements:
        if measurement.name == _WORTH:
            said = f"{measurement.meaning} is {measured(measurement.value)}"
            return f"{text}. {sentence(said)}"
    both = [curve for curve in curves if _kind(curve, LEARNING) == "augmented"]
    if both:
        ends = f"{measured(both[0].y[-1])}, {measured(both[0].y[-1] - real.y[-1], signed=True)}"
        text += f"; with synthetic rows added it ends at {ends}"
    return text + "."


def _kind(curve: Curve, prefix: str) -> str:
    return curve.name.removeprefix(prefix).strip("_")


def _frame(curve: Curve) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(4.6, 3.3), layout="constrained")
    axes = figure.subplots()
    axes.set_xlabel(shorten(capitalised(curve.x_title), 50))
    axes.set_ylabel(shorten(capitalised(curve.y_title), 44))
    return figure, axes


def _draw(axes: Axes, curves: Sequence[Curve], prefix: str) -> None:
    """Each curve with points, its band where it has one, and a legend above."""
    spare = iter(LINES * len(curves))
    for curve in curves:
        kind = _kind(curve, prefix)
        colour = _COLOURS.get(kind) or next(spare)
        name = shorten(_NAMES.get(kind, label(kind)), 32)
        if curve.low and curve.high:
            axes.fill_between(curve.x, curve.low, curve.high, color=colour, alpha=0.15, linewidth=0)
        axes.plot(curve.x, curve.y, "o-", color=colour, linewidth=1.6, markersize=4, label=name)
    axes.yaxis.set_major_formatter(lambda value, _: number(round(value, 9)))
    axes.locator_params(axis="y", nbins=6)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2)
