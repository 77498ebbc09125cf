"""Images in a report: strips of them, each a PNG inside the page."""

import base64
import io
from dataclasses import replace
from functools import partial

from markupsafe import Markup
from PIL import Image

from components.data.images.sets import Pixels
from components.evaluation.images.panels import Panel, Strip
from components.evaluation.images.wording import said_of
from components.reporting.plot import Plot
from components.reporting.wording import percent

LEAST_SIDE, MOST_SIDE = 64, 160
"""Small images are enlarged, dot by dot, and large ones shrunk, to so many pixels a side."""

WIDEST = 40
"""The longest bar beneath an image, in percent of its width, so that its figure stays beside it."""


def draw_panel(panel: Panel) -> Plot:
    """The panel as a figure of the page."""
    most = max(
        (share for strip in panel.strips for pair in strip.bars for share in pair), default=1
    )
    strips = Markup("").join(_strip(strip, most or 1.0) for strip in panel.strips)
    return Plot(
        key=panel.key,
        title=panel.title,
        meaning=panel.meaning,
        reading=panel.reading,
        svg=str(Markup('<div style="overflow-wrap:anywhere">{}</div>').format(strips)),
    )


def plot_of(plot: Plot, unit: str) -> Plot:
    """A plot of the tables' kind that says images, or steps, where it says rows."""
    said = partial(said_of, unit=unit)
    listing = plot.listing and replace(
        plot.listing,
        title=said(plot.listing.title),
        rows=tuple(tuple(map(said, row)) for row in plot.listing.rows),
    )
    return replace(
        plot,
        title=said(plot.title),
        meaning=said(plot.meaning),
        reading=said(plot.reading),
        svg=said(plot.svg),
        listing=listing,
    )


def _strip(strip: Strip, most: float) -> Markup:
    """One row: its name, then each image with its caption and its bars."""
    captions = strip.captions or ("",) * len(strip.images)
    bars = strip.bars or (None,) * len(strip.images)
    cells = [
        _cell(image, f"{strip.title} {place + 1}", caption, _bars(pair, most) if pair else "")
        for place, (image, caption, pair) in enumerate(
            zip(strip.images, captions, bars, strict=True)
        )
    ]
    if strip.beside is not None:
        cells.append(Markup('<span class="gap"></span>'))
        cells += [
            _cell(image, f"{strip.title}, beside {place + 1}", "", "")
            for place, image in enumerate(strip.beside)
        ]
    return Markup('<div class="strip"><span class="of">{}</span>{}</div>').format(
        strip.title, Markup("").join(cells)
    )


def _cell(image: Pixels, alt: str, caption: str, bars: str) -> Markup:
    return Markup(
        '<span class="cell"><img src="{}" alt="{}">{}<span class="says">{}</span></span>'
    ).format(data_uri(image), alt, bars, caption)


def _bars(pair: tuple[float, float], most: float) -> Markup:
    """The share of real images above that of synthetic ones, each with its figure."""
    return Markup("").join(
        Markup('<span class="share {}"><i style="width:{}%"></i>{}</span>').format(
            kind, f"{WIDEST * share / most:.1f}", percent(share)
        )
        for kind, share in zip(("real", "made"), pair, strict=True)
    )


def data_uri(image: Pixels) -> str:
    """One image (height, width, channels) as a PNG in the page."""
    picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
    longest = max(picture.size)
    if longest > MOST_SIDE:
        picture.thumbnail((MOST_SIDE, MOST_SIDE))
    elif longest < LEAST_SIDE:
        times = -(-LEAST_SIDE // longest)
        size = (picture.width * times, picture.height * times)
        picture = picture.resize(size, Image.Resampling.NEAREST)
    written = io.BytesIO()
    picture.save(written, "PNG")
    return "data:image/png;base64," + base64.b64encode(written.getvalue()).decode()
