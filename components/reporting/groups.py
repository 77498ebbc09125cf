"""What adding synthetic rows does to each group of rows: a forest plot, the worst off first."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from components.data.counted import counted
from components.evaluation.evidence import Evidence, GroupEffect
from components.evaluation.metric_names import label
from components.reporting.palette import INK, OTHER, SYNTHETIC
from components.reporting.plot import Listing, Plot
from components.reporting.svg import drawing, inline_svg
from components.reporting.wording import count, interval, measured, number, shorten

SHOWN = 12
_LESS_IS_BETTER = ("log_loss", "calibration_error", "rmse", "mae", "brier")
_HARM = "#A02C00"


def plot_groups(evidence: Evidence) -> Plot:
    """Each group's change, augmented less real, with its interval; at most the 12 worst."""
    groups = sorted(evidence.groups, key=better)
    shown = groups[:SHOWN]
    with drawing():
        svg = inline_svg(_draw(shown), key="groups", alt=_alt(shown))
    more = f" Drawn: the {SHOWN} worst off." if len(groups) > SHOWN else ""
    side = "left" if groups[0].metric in _LESS_IS_BETTER else "right"
    return Plot(
        key="groups",
        title="Is any group harmed?",
        meaning=_meaning(groups),
        reading=f"Change in {label(groups[0].metric)} within each group when synthetic rows are "
        f"added to the real ones, with its two-sided interval; {side} of the line is better. "
        "In brackets: its rows." + more,
        svg=svg,
        listing=_listing(groups),
    )


def better(group: GroupEffect) -> float:
    """By how much the group is better off, whichever way its metric is better."""
    return -group.difference if group.metric in _LESS_IS_BETTER else group.difference


def is_harmed(group: GroupEffect) -> bool:
    """True where the whole interval is a loss."""
    return group.low > 0 if group.metric in _LESS_IS_BETTER else group.high < 0


def _name(group: GroupEffect) -> str:
    return f"{group.column} = {group.group}"


def _meaning(groups: Sequence[GroupEffect]) -> str:
    harmed = [group for group in groups if is_harmed(group)]
    worst = groups[0]
    change = (
        f"“{shorten(_name(worst), 60)}” ({counted(worst.num_rows, 'row')}), goes from "
        f"{measured(worst.real)} to {measured(worst.augmented)} "
        f"({interval(worst.low, worst.high, signed=True)})"
    )
    if harmed:
        verb = "is" if len(harmed) == 1 else "are"
        share = f"{count(len(harmed))} of {counted(len(groups), 'group')} {verb} harmed"
        return f"{share}; the worst off, {change}."
    return (
        f"None of {counted(len(groups), 'group')} is shown to be harmed; the worst off, {change}."
    )


def _alt(groups: Sequence[GroupEffect]) -> str:
    parts = (
        f"{shorten(_name(group), 40)} {measured(group.difference, signed=True)} "
        f"({interval(group.low, group.high, signed=True)})"
        for group in groups
    )
    return "Change within groups, the worst off first: " + "; ".join(parts)


def _listing(groups: Sequence[GroupEffect]) -> Listing:
    header = ("Column", "Group", "Rows", "Real alone", "Real + synthetic", "Change", "Interval")
    rows = tuple(
        (
            group.column,
            group.group,
            count(group.num_rows),
            measured(group.real),
            measured(group.augmented),
            measured(group.difference, signed=True),
            interval(group.low, group.high, signed=True),
        )
        for group in groups
    )
    return Listing(f"All {len(groups)} groups", header, rows, num_names=2, folded=True)


def _draw(groups: Sequence[GroupEffect]) -> Figure:
    figure = Figure(figsize=(9.6, 0.7 + 0.27 * len(groups)), layout="constrained")
    axes = figure.subplots()
    axes.axvline(0, color=INK, linewidth=0.9)
    for place, group in enumerate(groups):
        gains = group.high < 0 if group.metric in _LESS_IS_BETTER else group.low > 0
        colour = _HARM if is_harmed(group) else SYNTHETIC if gains else OTHER
        axes.plot([group.low, group.high], [place, place], color=colour, linewidth=2.2)
        axes.plot(group.difference, place, "D", color=colour, markersize=5, markeredgecolor="white")
    names = [f"{shorten(_name(group), 44)}  ({count(group.num_rows)})" for group in groups]
    axes.set_yticks(range(len(groups)), names)
    axes.set_ylim(len(groups) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    axes.locator_params(axis="x", nbins=7)
    axes.xaxis.set_major_formatter(lambda value, _: number(round(value, 9), signed=True))
    return figure
