"""Images in a report: strips of them, each a PNG inside the page."""

import base64
import io

from markupsafe import Markup
from PIL import Image

from components.data.images import Pixels
from components.evaluation.images.case import Panel, Strip
from components.reporting.plot import Plot

LEAST_SIDE, MOST_SIDE = 64, 160
"""Small images are enlarged, dot by dot, and large ones shrunk, to so many pixels a side."""


def draw_panel(panel: Panel) -> Plot:
    """The panel as a figure of the page."""
    strips = Markup("").join(_strip(strip) for strip in panel.strips)
    return Plot(
        key=panel.key,
        title=panel.title,
        meaning=panel.meaning,
        reading=panel.reading,
        svg=str(Markup('<div class="strips">{}</div>').format(strips)),
    )


def _strip(strip: Strip) -> Markup:
    captions = strip.captions or ("",) * len(strip.images)
    cells = Markup("").join(
        Markup(
            '<figure class="cell"><img src="{}" alt="{}"><figcaption>{}</figcaption></figure>'
        ).format(data_uri(image), f"{strip.title} {place + 1}", caption)
        for place, (image, caption) in enumerate(zip(strip.images, captions, strict=True))
    )
    return Markup('<div class="strip"><span class="of">{}</span>{}</div>').format(
        strip.title, cells
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
