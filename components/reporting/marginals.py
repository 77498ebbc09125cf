"""Each column's distribution in real and synthetic rows, as small multiples, worst first."""

import re
from statistics import median

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from components.data.counted import counted
from components.evaluation.drawn import OTHER
from components.evaluation.evidence import ColumnFidelity, Evidence
from components.reporting.palette import REAL_FILL, SYNTHETIC
from components.reporting.plot import Folded, Listing, Plot
from components.reporting.svg import drawing, inline_svg
from components.reporting.wording import count, measured, number, percent, shorten

SHOWN = 6
FOLDED = 12
_ACROSS = 3
_BARS = 8
_BINS = 60
_NUMERIC = re.compile(r"[\d.,:+eE\s-]+( to [\d.,:+eE\s-]+)?")
_EXTRAS = (OTHER, "missing")


def plot_marginals(evidence: Evidence) -> Plot:
    """The 6 worst columns' marginals, 12 more folded, and a list of every column's error."""
    columns = worst_first(evidence.columns)
    shown = columns[:SHOWN]
    with drawing():
        svg = inline_svg(_draw(shown), key="marginals", alt=_alt(shown))
        more = _more(columns[SHOWN : SHOWN + FOLDED])
    return Plot(
        key="marginals",
        title="Column by column",
        meaning=_meaning(columns, _reference(evidence)),
        reading="Share of rows in each category or range, the worst columns first; above each its "
        "error, from 0 (the same distribution) to 1 (nothing in common).",
        svg=svg,
        legend=True,
        listing=_listing(columns),
        more=more,
    )


def _more(columns: tuple[ColumnFidelity, ...]) -> Folded | None:
    """The next columns, drawn but folded; to be called inside `drawing()`."""
    if not columns:
        return None
    svg = inline_svg(_draw(columns), key="marginals-more", alt=_alt(columns))
    return Folded(f"The next {counted(len(columns), 'column')}", svg)


def worst_first(columns: tuple[ColumnFidelity, ...]) -> tuple[ColumnFidelity, ...]:
    """The columns by error, greatest first, ties in the table's order."""
    return tuple(sorted(columns, key=lambda column: -column.error))


def _reference(evidence: Evidence) -> str:
    """What other real rows reach, as the end of a sentence."""
    for measurement in evidence.measurements:
        if measurement.name == "shape_error" and measurement.reference is not None:
            mean = measured(measurement.reference)
            return f"; real test rows differ from the training rows by {mean} on average"
    return ""


def _meaning(columns: tuple[ColumnFidelity, ...], reference: str) -> str:
    worst = columns[0]
    if len(columns) == 1:
        return f"The one column has an error of {measured(worst.error)}{reference}."
    name, error = shorten(worst.column, 60), measured(worst.error)
    middle = median(column.error for column in columns)
    close = sum(column.error <= 0.05 for column in columns)
    return (
        f"The worst column is “{name}”, with an error of {error}; "
        f"{count(close)} of {counted(len(columns), 'column')} are within 0.05, "
        f"the middle one is at {measured(middle)}{reference}."
    )


def _alt(columns: tuple[ColumnFidelity, ...]) -> str:
    errors = (f"{shorten(column.column, 40)} {measured(column.error)}" for column in columns)
    return "Distributions of real and synthetic rows; error by column: " + ", ".join(errors)


def _listing(columns: tuple[ColumnFidelity, ...]) -> Listing | None:
    if len(columns) <= SHOWN:
        return None
    rows = tuple((column.column, measured(column.error)) for column in columns)
    name, header = f"All {len(columns)} columns", ("Column", "Error")
    return Listing(name, header, rows, num_names=1, folded=True)


def _draw(columns: tuple[ColumnFidelity, ...]) -> Figure:
    across = min(_ACROSS, len(columns))
    down = -(-len(columns) // across)
    spaced = ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.08)
    figure = Figure(figsize=(3.2 * _ACROSS, 1.75 * down), layout=spaced)
    panels = figure.subplots(down, _ACROSS, squeeze=False)
    for axes, column in zip(panels.flat, columns, strict=False):
        _draw_column(axes, column)
    for axes in panels.flat[len(columns) :]:
        axes.set_axis_off()
    return figure


def _draw_column(axes: Axes, column: ColumnFidelity) -> None:
    axes.set_title(f"{shorten(column.column, 26)} · {measured(column.error)}")
    if _is_ordered(column):
        _draw_steps(axes, column)
    else:
        _draw_bars(axes, column)


def _is_ordered(column: ColumnFidelity) -> bool:
    """True where the labels are many numbers, dates or ranges of these."""
    return len(column.labels) > _BARS and all(
        _NUMERIC.fullmatch(label) or label in _EXTRAS for label in column.labels
    )


def _draw_steps(axes: Axes, column: ColumnFidelity) -> None:
    """Both histograms over the first `_BINS` bins; other and missing values stand apart."""
    bins = [place for place, label in enumerate(column.labels) if label not in _EXTRAS][:_BINS]
    apart = [place for place, label in enumerate(column.labels) if label in _EXTRAS]
    for places, start in (
        (bins, 0),
        *(([place], len(bins) + 1 + 3 * i) for i, place in enumerate(apart)),
    ):
        edges = start + np.arange(len(places) + 1) * (1 if places is bins else 2)
        axes.stairs([column.real[i] for i in places], edges, fill=True, color=REAL_FILL)
        axes.stairs([column.synthetic[i] for i in places], edges, color=SYNTHETIC, linewidth=1.4)
    ticks, labels = _ticks([column.labels[place] for place in bins])
    ticks += [len(bins) + 2 + 3 * i for i in range(len(apart))]
    lower = ["\n" * (1 + i) + column.labels[place] for i, place in enumerate(apart)]
    axes.set_xticks(ticks, labels + lower)  # beneath the others, which reach as far
    axes.set_xlim(0, len(bins) + 3 * len(apart))
    axes.set_ylim(bottom=0)
    axes.grid(visible=False, axis="x")
    axes.locator_params(axis="y", nbins=3)
    axes.yaxis.set_major_formatter(lambda value, _: percent(round(value, 6)))


def _ticks(labels: list[str]) -> tuple[list[float], list[str]]:
    """A few places along the bins and what to write there: edges of ranges, middles of values."""
    ends = [label.partition(" to ") for label in labels]
    ranges = all(middle for _, middle, _ in ends)
    names = [first for first, _, _ in ends] + ([ends[-1][2]] if ranges else [])
    names = [_tick(name) for name in names]
    num_ticks = 4 if max(map(len, names)) <= 6 else 3
    places = np.unique(np.linspace(0, len(names) - 1, num_ticks).round().astype(int))
    shift = 0.0 if ranges else 0.5
    return [float(place) + shift for place in places], [names[place] for place in places]


def _tick(name: str) -> str:
    """A bin's end as short as it can be: a number, or the day of a date."""
    try:
        return number(float(name))
    except ValueError:
        return name[:10]


def _draw_bars(axes: Axes, column: ColumnFidelity) -> None:
    """A pair of bars for each of the most frequent categories, the rest summed up."""
    labels, real, synthetic = _most_frequent(column)
    places = np.arange(len(labels))
    axes.barh(places - 0.19, real, 0.38, color=REAL_FILL)
    axes.barh(places + 0.19, synthetic, 0.38, color=SYNTHETIC)
    axes.set_yticks(places, [shorten(label, 16) for label in labels])
    spare = max(0.0, 3 - len(labels)) / 2
    axes.set_ylim(len(labels) - 0.4 + spare, -0.6 - spare)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(left=0)
    axes.locator_params(axis="x", nbins=4)
    axes.xaxis.set_major_formatter(lambda value, _: percent(round(value, 6)))


def _most_frequent(
    column: ColumnFidelity,
) -> tuple[list[str], list[float], list[float]]:
    """Labels and both shares, in the column's order, at most `_BARS` of them."""
    rows = list(zip(column.labels, column.real, column.synthetic, strict=True))
    if len(rows) > _BARS:
        order = sorted(
            range(len(rows)), key=lambda i: (rows[i][0] == OTHER, -rows[i][1] - rows[i][2])
        )
        kept = sorted(order[: _BARS - 1])
        rest = [rows[place] for place in order[_BARS - 1 :]]
        other = (_others(rest), sum(row[1] for row in rest), sum(row[2] for row in rest))
        rows = [rows[place] for place in kept] + [other]
    return [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]


def _others(rest: list[tuple[str, float, float]]) -> str:
    """What to call categories that are summed up."""
    return "all others" if any(row[0] in _EXTRAS for row in rest) else f"{len(rest)} others"
