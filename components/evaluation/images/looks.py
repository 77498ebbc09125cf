"""Real beside synthetic images, drawn at random: to look at, not to measure."""

import numpy as np

from components.data.images.sets import ImageSet, Pixels
from components.evaluation.images.case import ImageCase, Panel, Strip

SHOWN, MOST_CLASSES = 6, 10


def side_by_side(case: ImageCase) -> Panel:
    """Six of either at random for each of the first ten classes, or three rows of six of all."""
    classes = case.train.classes[:MOST_CLASSES] if case.is_labelled else ()
    if classes:
        strips = [_strip(case, name, code, 0) for code, name in enumerate(classes)]
    else:
        strips = [_strip(case, "", None, place) for place in range(3)]
    height, width, channels = case.train.images.shape[1:]
    return Panel(
        key="side-by-side",
        title="Real beside synthetic",
        meaning=f"{len(case.synthetic):,} synthetic images of {width} x {height} pixels, "
        f"{'grey' if channels == 1 else 'in colour'}, beside test images.",
        reading="Left six test images, right six synthetic ones, drawn at random; none was chosen. "
        "Look for images that repeat, and for what no real one has.",
        strips=tuple(strips),
    )


def _strip(case: ImageCase, title: str, code: int | None, place: int) -> Strip:
    real, made = (_drawn(case, images, code, place) for images in (case.test, case.synthetic))
    return Strip(title, real, beside=made)


def _drawn(case: ImageCase, images: ImageSet, code: int | None, place: int) -> Pixels:
    rows = np.arange(len(images)) if code is None else np.flatnonzero(images.labels == code)
    rng = np.random.default_rng(case.seed("side by side", code or 0))
    kept = rng.permutation(rows)[place * SHOWN : (place + 1) * SHOWN]
    drawn: Pixels = images.images[kept]
    return drawn
