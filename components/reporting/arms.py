"""What each way of training gains over real rows alone: a forest plot for each learner."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from components.data.counted import counted
from components.evaluation.evidence import Arm, Evidence
from components.evaluation.metric_names import label
from components.reporting.palette import AXIS, INK, OTHER, SYNTHETIC
from components.reporting.plot import Listing, Plot
from components.reporting.svg import drawing, inline_svg
from components.reporting.wording import interval, measured, number, shorten, title

REFERENCE = "real"
AUGMENTED = "real + synthetic"
OURS = ("real + classic + synthetic", AUGMENTED)
"""What is judged, of images and of rows: the first of these that there is."""
_AVERAGES = ("mean of learners", "average")
_ACROSS, _LONGEST = 4, 38


def plot_arms(evidence: Evidence) -> Plot:
    """Each arm's paired difference to real rows alone, with its interval, learner by learner."""
    learners = _learners(evidence.arms)
    meaning = _meaning(evidence.arms, learners[0])
    with drawing():
        svg = inline_svg(_draw(evidence.arms, learners), key="arms", alt=_alt(evidence.arms))
    return Plot(
        key="arms",
        title="Does adding synthetic rows help?",
        meaning=meaning,
        reading=f"Difference{_metric(evidence.arms)} to the same learner trained on the real rows "
        "alone, with its two-sided interval; right of the line is better, and an interval that "
        "crosses it is not told apart from no effect.",
        svg=svg,
        listing=_scores(evidence.arms, learners[0]),
    )


def _scores(arms: tuple[Arm, ...], learner: str) -> Listing:
    """Every metric's mean over the folds, an arm a row, for one learner."""
    chosen = [arm for arm in arms if arm.learner == learner]
    metrics = tuple(chosen[0].scores)
    header = (f"Way of training ({learner})", *(title(metric) for metric in metrics))
    rows = tuple((arm.name, *(number(arm.scores[metric]) for metric in metrics)) for arm in chosen)
    return Listing("Scores of each way", header, rows, num_names=1, folded=True)


def is_synthetic(arm: Arm) -> bool:
    """True for an arm that trains on synthetic rows."""
    return "synth" in arm.name


def _learners(arms: tuple[Arm, ...]) -> list[str]:
    """The learners in order, an average over them first."""
    names = list(dict.fromkeys(arm.learner for arm in arms))
    return sorted(names, key=lambda name: name not in _AVERAGES)


def _meaning(arms: tuple[Arm, ...], learner: str) -> str:
    """What the arms of one learner, the average where there is one, say."""
    rivals = [arm for arm in arms if arm.learner == learner and arm.name != REFERENCE]
    ours = [arm for name in OURS for arm in rivals if arm.name == name]
    others = [arm for arm in rivals if not is_synthetic(arm)]
    where = _where(learner)
    if not ours:
        helped = sum(arm.low > 0 for arm in rivals)
        return f"{where}, {helped} of {counted(len(rivals), 'arm')} beat real rows alone."
    best = ours[0]
    text = (
        f"{where}, {best.name} changes the score by "
        f"{measured(best.difference, signed=True)} "
        f"({interval(best.low, best.high, signed=True)}), {_effect(best)}"
    )
    if not others:
        return text + "."
    rival = max(others, key=lambda arm: arm.difference)
    if rival.difference <= 0:
        return f"{text}; no way without synthetic rows gains anything."
    return (
        f"{text}; the best way without synthetic rows, {rival.name}, changes it by "
        f"{measured(rival.difference, signed=True)}."
    )


def _where(learner: str) -> str:
    """Where a difference was found; of images it is one learner by several scores."""
    if learner in _AVERAGES:
        return "On average over learners"
    return title(learner) if learner.startswith("by ") else f"With {title(learner)}"


def _effect(arm: Arm) -> str:
    if arm.low > 0:
        return "a gain"
    return "a loss" if arm.high < 0 else "not told apart from no effect"


def _metric(arms: tuple[Arm, ...]) -> str:
    """The metric whose means differ as the arms' differences do, " in ..." or nothing."""
    reference = {arm.learner: arm.scores for arm in arms if arm.name == REFERENCE}
    for metric in arms[0].scores:
        gaps = [
            abs(arm.scores[metric] - reference[arm.learner][metric] - arm.difference)
            for arm in arms
            if metric in arm.scores and metric in reference.get(arm.learner, {})
        ]
        if gaps and any(arm.difference != 0 for arm in arms) and max(gaps) < 1e-6:
            return f" in {label(metric)}"
    return ""


def _alt(arms: tuple[Arm, ...]) -> str:
    parts = (
        f"{title(arm.learner)}, {title(arm.name)}: {measured(arm.difference, signed=True)} "
        f"({interval(arm.low, arm.high, signed=True)})"
        for arm in arms
        if arm.name != REFERENCE
    )
    return "Differences to real rows alone. " + "; ".join(parts)


def _draw(arms: tuple[Arm, ...], learners: list[str]) -> Figure:
    names = list(dict.fromkeys(arm.name for arm in arms if arm.name != REFERENCE))
    across = min(_ACROSS, len(learners))
    down = -(-len(learners) // across)
    figure = Figure(figsize=(9.6, down * (0.75 + 0.24 * len(names))), layout="constrained")
    panels = figure.subplots(down, across, squeeze=False, sharex=True, sharey=True)
    for axes, learner in zip(panels.flat, learners, strict=False):
        chosen = {arm.name: arm for arm in arms if arm.learner == learner}
        _draw_learner(
            axes, [(place, chosen[name]) for place, name in enumerate(names) if name in chosen]
        )
        axes.set_title(shorten(title(learner), 28))
    for axes in panels.flat[len(learners) :]:
        axes.set_axis_off()
    for axes in panels[:, 0]:
        axes.set_yticks(np.arange(len(names)), [shorten(title(name), _LONGEST) for name in names])
        axes.set_ylim(len(names) - 0.4, -0.6)
    return figure


def _draw_learner(axes: Axes, rows: list[tuple[int, Arm]]) -> None:
    axes.axvline(0, color=INK, linewidth=0.9)
    for place, arm in rows:
        colour = SYNTHETIC if is_synthetic(arm) else OTHER
        axes.plot(
            [arm.low, arm.high], [place, place], color=colour, linewidth=2.2, solid_capstyle="butt"
        )
        axes.plot(
            arm.difference,
            place,
            "D" if is_synthetic(arm) else "o",
            color=colour,
            markersize=5.5,
            markeredgecolor="white",
            markeredgewidth=0.8,
        )
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_color(AXIS)
    axes.tick_params(axis="y", length=0)
    axes.locator_params(axis="x", nbins=4)
    axes.tick_params(axis="x", labelbottom=True)
    axes.xaxis.set_major_formatter(lambda value, _: number(round(value, 9), signed=True))
