"""A matplotlib figure as SVG that stands inside an HTML page, the same bytes every time."""

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from io import StringIO
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from components.reporting.palette import AXIS, GRID, INK

_STYLE: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": AXIS,
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.labelsize": 8,
    "axes.linewidth": 0.6,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 8.5,
    "axes.titleweight": "bold",
    "font.family": ["DejaVu Sans"],
    "font.size": 8,
    "grid.color": GRID,
    "grid.linewidth": 0.5,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "mintmark",
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": AXIS,
    "xtick.labelcolor": INK,
    "xtick.labelsize": 7.5,
    "ytick.color": AXIS,
    "ytick.labelcolor": INK,
    "ytick.labelsize": 7.5,
}
_NO_METADATA = {"Creator": None, "Date": None, "Format": None, "Type": None}


@contextmanager
def drawing() -> Iterator[None]:
    """The style in which every plot is drawn, whatever matplotlib's own settings are.

    Names from the data are never read as formulas. Not for use by two threads at once, as
    matplotlib's settings are one to a process.
    """
    with matplotlib.rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)
        yield


def inline_svg(figure: Figure, *, key: str, alt: str) -> str:
    """The figure as one `<svg>` element that fills its container, read out as `alt`.

    Ids are prefixed with `key`, so that several figures can share a page. To be called inside
    `drawing()`.
    """
    buffer = StringIO()
    figure.savefig(buffer, format="svg", transparent=True, metadata=_NO_METADATA)
    text = buffer.getvalue()
    drawn = text[text.index("<svg") :]
    view = re.search(r'viewBox="[^"]*"', drawn)
    assert view is not None
    body = re.sub(r"<metadata>.*?</metadata>", "", drawn[drawn.index(">") + 1 :], flags=re.DOTALL)
    opening = f'<svg {view.group()} role="img" aria-label="{escape(alt)}">'
    return (opening + re.sub(r"<[^>]*>", lambda tag: _own_ids(tag.group(), key), body)).strip()


def _own_ids(tag: str, key: str) -> str:
    """An SVG tag whose ids belong to `key`; groups, which nothing refers to, lose theirs."""
    if tag.startswith("<g "):
        tag = re.sub(r' id="[^"]*"', "", tag)
    tag = tag.replace("xlink:href", "href")
    return re.sub(r'(\sid="|url\(#|href="#)', rf"\g<1>{key}-", tag)
