"""New images by a model of normal ones: how many are odder than those, and which are the oddest."""

import base64
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from components.data.images.rows import png_bytes
from components.data.images.sets import Pixels
from components.data.images.sources import ImageSource
from components.models.contract import ImageExplainer, ImageModel
from components.models.oddness import oddness
from components.monitoring.anomaly import find_anomalies
from components.monitoring.anomaly_report import AnomalyReport, Picture
from components.monitoring.at_a_rate import AtARate

_SIDE = 96
"""Pixels of a side that are shown at most."""
_SMALL = 64
"""Pixels of a side up to which small images are enlarged, where whole times as large."""


@dataclass(frozen=True)
class ImageDetector(AtARate[ImageModel]):
    """A model of normal images, the scale of its scores, and the rate of false alarms."""

    compares_together: ClassVar[bool] = True
    """Images are drawn one by one, so that trees can tell whether those of two sides differ."""

    not_compared: ClassVar[tuple[str, ...]] = ()
    """All that is measured of images is of account to drift."""

    def find(self, source: ImageSource) -> AnomalyReport:
        """What the scores of the images say, with the oddest; raises UserError where is none."""
        scores = oddness(self.model, source.images)
        found = find_anomalies(scores, self.scale, rate=self.rate, unit="images")
        rows = [each.row for each in found.oddest]
        shown = zip(found.oddest, self._pictures(source, rows), strict=True)
        oddest = tuple(row.model_copy(update={"picture": picture}) for row, picture in shown)
        return found.model_copy(update={"oddest": oddest})

    def _pictures(self, source: ImageSource, rows: list[int]) -> list[Picture]:
        images = source.images.take(np.array(rows, dtype=np.int64))
        names = [source.names[row] for row in rows] if source.names else [""] * len(rows)
        where = [""] * len(rows)
        if isinstance(self.model, ImageExplainer):
            by_pixel = self.model.explain_images(images)
            where = [_written(each) for each in _reddened(images.images, by_pixel)]
        return [
            Picture(image=_written(image), where=odd, name=name)
            for image, odd, name in zip(images.images, where, names, strict=True)
        ]


def _reddened(images: Pixels, oddness: NDArray[np.float64]) -> Pixels:
    """The images in grey, red where they are odd: each by its oddest pixel.

    `oddness` has the shape (images, height, width), 0 or more.
    """
    most = oddness.max(axis=(1, 2), keepdims=True)
    share = np.divide(oddness, most, out=np.zeros_like(oddness), where=most > 0)
    grey = images.mean(axis=-1) * (1 - share)
    return np.stack([grey + 255 * share, grey, grey], axis=-1).round().astype(np.uint8)


def _written(image: Pixels) -> str:
    """The image as PNG in base64; a large one made smaller, a small one larger."""
    longest = max(image.shape[:2])
    step, times = -(-longest // _SIDE), max(1, _SMALL // longest)
    shown = image[::step, ::step].repeat(times, axis=0).repeat(times, axis=1)
    return base64.b64encode(png_bytes(shown)).decode()
