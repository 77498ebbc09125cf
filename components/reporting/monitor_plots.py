"""The plots of a monitor's page: looks over time, and columns before and now."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure

from components.monitoring.report import ColumnDrift, Status
from components.reporting.looked import Looked
from components.reporting.palette import CHANCE, EMPHASIS, OTHER, REAL_FILL, SYNTHETIC
from components.reporting.svg import drawing, inline_svg
from components.reporting.wording import percent, shorten

SHOWN = 4
_ROOM, _HOUR = 0.03, 1 / 24
"""What is left on either side of the looks: a share of their time, an hour at least."""

_MARKS = {
    Status.OK: ("o", EMPHASIS),
    Status.ANOMALY: ("s", "#8B4C9B"),
    Status.DRIFT: ("^", SYNTHETIC),
    Status.BREACHED: ("D", "#8C6D00"),
    Status.UNUSABLE: ("x", OTHER),
}


def plot_time(looks: Sequence[Looked]) -> str:
    """The looks in their order, the earliest first, as one SVG: the whole, and the columns.

    Where the champion finds anomalies, the share of odd rows comes first.
    """
    scored = [look for look in looks if look.report.flagged]
    num_panels = 3 if scored else 2
    with drawing():
        figure = Figure(figsize=(9.6, 1.8 * num_panels), layout="constrained")
        panels = figure.subplots(num_panels, 1, sharex=True)
        *_, whole, columns = panels
        if scored:
            _plot_flagged(panels[0], scored)
        _plot_whole(whole, looks)
        _plot_share(columns, looks)
        for axes in panels:
            _mark_versions(axes, looks)
        locator = AutoDateLocator(minticks=2, maxticks=7)  # type: ignore[no-untyped-call]
        columns.xaxis.set_major_locator(locator)
        shown = ConciseDateFormatter(locator)  # type: ignore[no-untyped-call]
        columns.xaxis.set_major_formatter(shown)
        first, last = _days([looks[0], looks[-1]])
        room = max(_ROOM * (last - first), _HOUR)
        columns.set_xlabel("when (UTC)")
        columns.set_xlim(first - room, last + room)
        columns.legend(loc="upper left", ncols=4)
        return inline_svg(figure, key="time", alt=_said(looks))


def _days(looks: Sequence[Looked]) -> list[float]:
    """When each look was, in matplotlib's days."""
    return [float(date2num(look.when)) for look in looks]  # type: ignore[no-untyped-call]


def _plot_flagged(axes: Axes, looks: Sequence[Looked]) -> None:
    """The share of odd rows with its interval, over the band of what normal rows would have."""
    found = [(look, look.report.flagged) for look in looks]
    told = [(look, flagged) for look, flagged in found if flagged]
    when = _days([look for look, _ in told])
    shares = np.array([flagged.share for _, flagged in told])
    lows = np.array([flagged.low for _, flagged in told])
    highs = np.array([flagged.high for _, flagged in told])
    unit = told[-1][0].report.unit
    axes.set_title(f"Share of odd {unit.plural}, over what is to be expected of normal ones")
    highest = max(float(highs.max()), *(flagged.most for _, flagged in told))
    axes.set_ylim(-0.02, min(1.02, 1.2 * highest + 0.02))
    axes.yaxis.set_major_formatter(lambda share, _: percent(share))
    most = [flagged.most for _, flagged in told]
    axes.fill_between(
        when, np.zeros(len(told)), most, color=REAL_FILL, alpha=0.5, linewidth=0, step="mid"
    )
    axes.scatter(when, most, marker="_", color=REAL_FILL, s=90)  # one look alone has no band
    for (_, flagged), at, low, high in zip(told, when, lows, highs, strict=True):
        mark, colour = _MARKS[Status.ANOMALY if flagged.is_anomalous else Status.OK]
        axes.plot([at, at], [low, high], color=colour, linewidth=1)
        axes.scatter([at], [flagged.share], marker=mark, color=colour, s=26, zorder=3)
    axes.plot(when, shares, color=OTHER, linewidth=0.8)
    axes.axhline(told[-1][1].rate, color=CHANCE, linestyle="--", linewidth=1)


def _plot_whole(axes: Axes, looks: Sequence[Looked]) -> None:
    told = [(look, look.report.joint) for look in looks if look.report.joint]
    unit = looks[-1].report.unit
    axes.set_title(
        f"Told from training {unit.plural}, by the {unit.part}s together that did not drift alone"
    )
    axes.set_ylabel("AUC")
    axes.set_ylim(min([0.3, *(joint.low - 0.02 for _, joint in told)]), 1.02)
    if not told:
        return
    when = _days([look for look, _ in told])
    lows, highs = [joint.low for _, joint in told], [joint.high for _, joint in told]
    axes.fill_between(when, lows, highs, color=REAL_FILL, alpha=0.5, linewidth=0)
    axes.vlines(when, lows, highs, color=REAL_FILL, linewidth=1.5)  # one look alone has no band
    axes.plot(when, [joint.auc for _, joint in told], color=EMPHASIS, linewidth=1.2, marker=".")
    axes.axhline(told[-1][1].limit, color=CHANCE, linestyle="--", linewidth=1)


def _plot_share(axes: Axes, looks: Sequence[Looked]) -> None:
    axes.set_title(f"Share of {looks[-1].report.unit.part}s that drifted")
    axes.set_ylim(-0.06, 1.06)
    axes.yaxis.set_major_formatter(lambda share, _: percent(share))
    axes.axhline(looks[-1].report.alarm_share, color=CHANCE, linestyle="--", linewidth=1)
    for status, (mark, colour) in _MARKS.items():
        own = [look for look in looks if look.report.status is status]
        if own:
            axes.scatter(
                _days(own),
                [look.report.share for look in own],
                marker=mark,
                color=colour,
                s=26,
                label=str(status),
                zorder=3,
            )


def _mark_versions(axes: Axes, looks: Sequence[Looked]) -> None:
    """A line where the champion became another version."""
    for before, look in pairwise(looks):
        if look.version != before.version:
            (when,) = _days([look])
            axes.axvline(when, color=OTHER, linewidth=0.8, linestyle=":")
            axes.annotate(
                f" version {look.version}",
                (when, 1.0),
                xycoords=("data", "axes fraction"),
                va="top",
                fontsize=7.5,
            )


def _said(looks: Sequence[Looked]) -> str:
    counts = {status: sum(look.report.status is status for look in looks) for status in Status}
    found = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    return f"{len(looks)} looks: {found}"


def plot_columns(columns: Sequence[ColumnDrift]) -> str:
    """The columns that differ most, before and now, a panel each; one at least has levels."""
    shown = [column for column in columns if column.levels][:SHOWN]
    with drawing():
        figure = Figure(figsize=(9.6, 2.5), layout="constrained")
        panels = figure.subplots(1, SHOWN, squeeze=False)[0]
        for axes, column in zip(panels, shown, strict=False):
            _plot_levels(axes, column)
        for axes in panels[len(shown) :]:
            axes.set_axis_off()
        names = ", ".join(shorten(column.name, 40) for column in shown)
        return inline_svg(figure, key="columns", alt=f"Before and now: {names}")


def _plot_levels(axes: Axes, column: ColumnDrift) -> None:
    places = np.arange(len(column.levels))
    before = [level.before for level in column.levels]
    now = [level.now for level in column.levels]
    axes.barh(places - 0.2, before, height=0.4, color=REAL_FILL)
    axes.barh(places + 0.2, now, height=0.4, color=SYNTHETIC)
    axes.set_yticks(places, [shorten(_level(level.name), 20) for level in column.levels])
    axes.invert_yaxis()
    axes.set_title(shorten(column.name, 22))
    axes.xaxis.set_major_formatter(lambda share, _: percent(share))
    axes.locator_params(axis="x", nbins=3)


def _level(name: str) -> str:
    """A level's name without the number that only orders it."""
    head, found, rest = name.partition(": ")
    return rest if found and head.isdigit() else name
