"""How columns go together in real and in synthetic rows: two heat maps and the worst pairs."""

from typing import Literal

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from components.data.counted import counted
from components.evaluation.evidence import Evidence, PairFidelity
from components.reporting.plot import Listing, Plot
from components.reporting.svg import drawing, inline_svg
from components.reporting.wording import measured, number, percent, shorten

MAX_COLUMNS = 24
WORST = 5
LISTED = 40
_STRONG = 0.1


def plot_associations(evidence: Evidence) -> Plot:
    """Association of each pair in real and synthetic rows, and their difference.

    With many columns, the 24 of the worst pairs.
    """
    pairs = tuple(sorted(evidence.pairs, key=lambda pair: -pair.error))
    names = _names(evidence, pairs)
    with drawing():
        svg = inline_svg(_draw(names, pairs), key="pairs", alt=_alt(pairs))
    cut = f" Drawn: the {len(names)} columns of the worst pairs."
    total = len({name for pair in pairs for name in (pair.first, pair.second)})
    return Plot(
        key="pairs",
        title="Pair by pair",
        meaning=_meaning(pairs),
        reading="Strength of association of two columns, from 0 (none) to 1 (one determines the "
        "other). Left: real below the diagonal, synthetic above; a faithful copy is symmetric. "
        "Right: synthetic minus real; orange is too strong, purple too weak. The "
        "error compares whole joint distributions where there are categories, so it can exceed "
        "the difference in strength." + (cut if len(names) < total else ""),
        svg=svg,
        listing=_listing(pairs[:WORST], "Worst pairs", folded=False),
        further=_listing(pairs[WORST:LISTED], "Further pairs, worst first", folded=True)
        if len(pairs) > WORST
        else None,
    )


def _names(evidence: Evidence, pairs: tuple[PairFidelity, ...]) -> list[str]:
    """The columns to draw, in the table's order."""
    chosen: dict[str, None] = {}
    for pair in pairs:
        both = {**chosen, pair.first: None, pair.second: None}
        chosen = both if len(both) <= MAX_COLUMNS else chosen
    order = {column.column: place for place, column in enumerate(evidence.columns)}
    return sorted(chosen, key=lambda name: order.get(name, len(order)))


def _meaning(pairs: tuple[PairFidelity, ...]) -> str:
    worst = pairs[0]
    text = (
        f"The worst of {counted(len(pairs), 'pair')} is “{shorten(worst.first, 60)}” with "
        f"“{shorten(worst.second, 60)}”, "
        f"associated by {measured(worst.real)} in real rows and "
        f"{measured(worst.synthetic)} in synthetic ones (error {measured(worst.error)})."
    )
    strong = [pair for pair in pairs if pair.real >= _STRONG]
    if not strong:
        return f"{text} No pair is associated by {_STRONG} or more in the real rows."
    kept = sum(pair.synthetic for pair in strong) / sum(pair.real for pair in strong)
    return (
        f"{text} Over the {counted(len(strong), 'pair')} associated by {_STRONG} or more, "
        f"synthetic rows show {percent(kept)} of the real strength."
    )


def _alt(pairs: tuple[PairFidelity, ...]) -> str:
    worst = (
        f"{shorten(pair.first, 40)} and {shorten(pair.second, 40)} "
        f"{measured(pair.real)} real, {measured(pair.synthetic)} synthetic"
        for pair in pairs[:WORST]
    )
    return "Heat maps of pair associations; worst pairs: " + "; ".join(worst)


def _listing(pairs: tuple[PairFidelity, ...], title: str, *, folded: bool) -> Listing:
    rows = tuple(
        (pair.first, pair.second, *map(measured, (pair.real, pair.synthetic, pair.error)))
        for pair in pairs
    )
    header = ("Column", "with", "Real", "Synthetic", "Error")
    return Listing(title, header, rows, num_names=2, folded=folded)


def _draw(names: list[str], pairs: tuple[PairFidelity, ...]) -> Figure:
    size = len(names)
    side = min(4.6, 2.2 + 0.16 * size)
    figure = Figure(figsize=(9.6, side), layout="constrained")
    left, right = figure.subplots(1, 2)
    place = {name: index for index, name in enumerate(names)}
    both = np.full((size, size), np.nan)
    difference = np.full((size, size), np.nan)
    for pair in pairs:
        if pair.first in place and pair.second in place:
            column, row = sorted((place[pair.first], place[pair.second]))
            both[row, column], both[column, row] = pair.real, pair.synthetic
            difference[row, column] = pair.synthetic - pair.real
    _heat(left, both, names, "Real (below), synthetic (above)", "Blues", (0.0, 1.0))
    limit = max(0.1, float(np.nanmax(np.abs(difference))))
    _heat(right, difference, names, "Synthetic minus real", "PuOr_r", (-limit, limit))
    return figure


def _heat(
    axes: Axes,
    values: NDArray[np.float64],
    names: list[str],
    title: str,
    colours: Literal["Blues", "PuOr_r"],
    limits: tuple[float, float],
) -> None:
    mesh = axes.pcolormesh(
        np.ma.masked_invalid(values),
        cmap=colormaps[colours].resampled(48),
        vmin=limits[0],
        vmax=limits[1],
        edgecolors="white",
        linewidth=0.5,
    )
    axes.set_title(title)
    axes.set_aspect("equal")
    axes.invert_yaxis()
    axes.grid(visible=False)
    shown = [shorten(name, 14) for name in names]
    axes.set_xticks(np.arange(len(names)) + 0.5, shown, rotation=90)
    axes.set_yticks(np.arange(len(names)) + 0.5, shown)
    axes.tick_params(length=0, labelsize=7 if len(names) <= 16 else 6)
    axes.spines[:].set_visible(False)
    bar = axes.figure.colorbar(mesh, ax=axes, shrink=0.8, aspect=25, pad=0.02)
    assert bar.solids is not None
    bar.solids.set_edgecolor("face")
    bar.ax.locator_params(axis="y", nbins=5)
    bar.ax.yaxis.set_major_formatter(lambda value, _: number(round(value, 9)))
