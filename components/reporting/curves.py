"""Curves over steps, as small multiples: training, and any curve without a plot of its own."""

from statistics import median

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from components.evaluation.evidence import Curve
from components.reporting.palette import EMPHASIS
from components.reporting.plot import Plot
from components.reporting.svg import drawing, inline_svg
from components.reporting.wording import measured, number, shorten, title

_ACROSS = 3
_POINTS = 300
_PREFIX = "training_"
_STILL = 0.05


def is_training(curve: Curve) -> bool:
    """True for a metric logged while the model was fitted."""
    return curve.name.startswith(_PREFIX)


def plot_training(curves: tuple[Curve, ...]) -> Plot:
    """What was logged during training, a panel for each metric."""
    meaning = " ".join(_course(curve) for curve in curves[:3])
    with drawing():
        svg = inline_svg(_draw(curves), key="training", alt=f"Training curves. {meaning}")
    reading = "Each metric as it was logged, step by step."
    return Plot("training", "How training went", meaning, reading, svg)


def plot_others(curves: tuple[Curve, ...]) -> Plot:
    """Curves of other kinds, a panel for each."""
    ends = (
        f"{title(curve.name)} runs from {measured(curve.y[0])} to {measured(curve.y[-1])}."
        for curve in curves[:3]
    )
    meaning = " ".join(ends)
    with drawing():
        svg = inline_svg(_draw(curves), key="others", alt=f"Further curves. {meaning}")
    return Plot("others", "Further curves", meaning, "Axes as named.", svg)


def _course(curve: Curve) -> str:
    """Where a curve began and ended, and whether it still moved over its last tenth."""
    name = _name(curve)
    tenth = max(1, len(curve.y) // 10)
    if len(curve.y) < 2 * tenth or len(curve.y) < 4:
        return f"{name} ended at {number(curve.y[-1])}."
    first, last = median(curve.y[:tenth]), median(curve.y[-tenth:])
    before = median(curve.y[-2 * tenth : -tenth])
    extent = max(curve.y) - min(curve.y)
    moving = extent > 0 and abs(last - before) > _STILL * extent
    course = "was still moving at the end" if moving else "had settled by the end"
    return f"{name} went from {number(first)} to {number(last)} and {course}."


def _name(curve: Curve) -> str:
    return title(curve.name.removeprefix(_PREFIX))


def _draw(curves: tuple[Curve, ...]) -> Figure:
    across = min(_ACROSS, len(curves))
    down = -(-len(curves) // across)
    figure = Figure(figsize=(3.2 * _ACROSS, 1.9 * down), layout="constrained")
    panels = figure.subplots(down, _ACROSS, squeeze=False)
    for axes, curve in zip(panels.flat, curves, strict=False):
        _draw_curve(axes, curve)
    for axes in panels.flat[len(curves) :]:
        axes.set_axis_off()
    return figure


def _draw_curve(axes: Axes, curve: Curve) -> None:
    kept = np.unique(np.linspace(0, len(curve.x) - 1, _POINTS).round().astype(int))
    marker = "o" if len(curve.x) == 1 else ""
    axes.plot(
        np.asarray(curve.x)[kept],
        np.asarray(curve.y)[kept],
        color=EMPHASIS,
        linewidth=1.2,
        marker=marker,
    )
    axes.set_title(shorten(_name(curve), 30))
    axes.set_xlabel(shorten(curve.x_title, 40))
    if title(curve.y_title) != _name(curve):
        axes.set_ylabel(shorten(curve.y_title, 24))
    axes.locator_params(nbins=4)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, _: number(float(f"{value:.6g}")))
