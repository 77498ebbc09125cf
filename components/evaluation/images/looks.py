"""Real beside synthetic images, drawn at random: to look at, not to measure."""

import numpy as np

from components.data.images import ImageSet, Pixels
from components.evaluation.images.case import ImageCase, Panel, Strip

SHOWN, MOST_CLASSES = 10, 6


def side_by_side(case: ImageCase) -> Panel:
    """Ten of either at random, or of each of the first classes where there are labels."""
    strips: list[Strip] = []
    if case.is_labelled and len(case.train.classes) > 1:
        for code, name in enumerate(case.train.classes[:MOST_CLASSES]):
            for title, images in (("real", case.test), ("synthetic", case.synthetic)):
                shown = _drawn(case, images, code)
                if len(shown):
                    strips.append(Strip(f"{name}, {title}", shown))
    else:
        strips = [
            Strip(title, _drawn(case, images, None))
            for title, images in (("real", case.test), ("synthetic", case.synthetic))
        ]
    height, width, channels = case.train.images.shape[1:]
    return Panel(
        key="side-by-side",
        title="Real beside synthetic",
        meaning=f"{len(case.synthetic):,} synthetic images of {width} x {height} pixels, "
        f"{'grey' if channels == 1 else 'in colour'}, beside test images.",
        reading="Drawn at random; none was chosen. Look for images that repeat, and for what no "
        "real one has.",
        strips=tuple(strips),
    )


def _drawn(case: ImageCase, images: ImageSet, code: int | None) -> Pixels:
    rows = np.arange(len(images)) if code is None else np.flatnonzero(images.labels == code)
    rng = np.random.default_rng(case.seed("side by side", code or 0))
    drawn: Pixels = images.images[rng.permutation(rows)[:SHOWN]]
    return drawn
