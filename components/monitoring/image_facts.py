"""What is measured of images, so that they are watched as rows of a table are."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from components.config import ColumnKind
from components.data.images.schema import LABEL
from components.data.images.sets import ImageSet, Pixels
from components.data.inference import describe
from components.data.schema import Schema

AXES = 8
"""Main axes of the training images of which each image's position is a column."""

LOOKED_AT, AN_AXIS = 5_000, 50
"""Training images that tell the axes, at most, evenly spread; and how many there are for each
axis: told by fewer, they would follow these images more than any new ones."""

_SIDE = 32
_BLOCK = 1_024
_FLOOR = 1e-3


@dataclass(frozen=True)
class ImageFacts:
    """How images of one size become columns, as told by those a model was trained on.

    `mean`, shape (pixels,), and `axes`, shape (at most `AXES`, pixels), are those of images shrunk
    to 32 pixels a side at most, values of 0 to 1; `spread`, shape (axes,), is the deviation along
    each. `is_labelled` where it is known what every training image shows.
    """

    mean: NDArray[np.float64]
    axes: NDArray[np.float64]
    spread: NDArray[np.float64]
    is_labelled: bool

    @classmethod
    def of(cls, images: ImageSet) -> Self:
        """The facts told by training images, one at least."""
        told = np.linspace(0, len(images) - 1, min(LOOKED_AT, len(images))).astype(np.int64)
        rows = _shrunk(images.images[told])
        mean = rows.mean(axis=0)
        _, sizes, axes = np.linalg.svd(rows - mean, full_matrices=False)
        kept = min(AXES, len(rows) // AN_AXIS, int((sizes > _FLOOR).sum()))
        signs = np.sign(axes[np.arange(kept), np.abs(axes[:kept]).argmax(axis=1)])
        spread = sizes[:kept] / np.sqrt(len(rows))
        return cls(mean, axes[:kept] * signs[:, None], spread, images.is_labelled)

    def frame(self, images: ImageSet) -> pd.DataFrame:
        """A row for each image, in order.

        `brightness` and `contrast` are the mean and the deviation of its values, `sharpness` the
        mean step between neighbours, `red`, `green`, `blue` the means of its channels, all of 0 to
        1. `axis_1` and further ones say where it stands along the main axes of the training
        images, in their deviations; `unlike` is the decimal logarithm of how far it is off these
        axes (root mean square). `label` is what it shows, where both sides know it of some.
        """
        starts = range(0, len(images), _BLOCK)
        parts = [self._measured(images.images[start : start + _BLOCK]) for start in starts]
        frame = pd.concat(parts, ignore_index=True)
        if self.is_labelled and (shown := images.shown) is not None:
            frame[LABEL] = shown
        return frame

    def _measured(self, images: Pixels) -> pd.DataFrame:
        values = images.astype(np.float64) / 255
        steps = [np.abs(np.diff(values, axis=axis)).mean(axis=(1, 2, 3)) for axis in (1, 2)]
        columns = {
            "brightness": values.mean(axis=(1, 2, 3)),
            "contrast": values.std(axis=(1, 2, 3)),
            "sharpness": np.mean(steps, axis=0),
        }
        if values.shape[-1] > 1:
            channels = values.mean(axis=(1, 2)).T
            columns |= dict(zip(("red", "green", "blue"), channels, strict=True))
        rows = _shrunk(images) - self.mean
        along = rows @ self.axes.T
        columns |= {f"axis_{i + 1}": along[:, i] / self.spread[i] for i in range(len(self.axes))}
        off = np.sqrt(((rows - along @ self.axes) ** 2).mean(axis=1))
        return pd.DataFrame(columns | {"unlike": np.log10(off + _FLOOR)})


def facts_schema(frame: pd.DataFrame) -> Schema:
    """The schema of the facts of training images."""
    kinds = {
        str(name): ColumnKind.CATEGORICAL if name == LABEL else ColumnKind.NUMERICAL
        for name in frame
    }
    return describe(frame, kinds, LABEL if LABEL in frame else "brightness")


def _shrunk(images: Pixels) -> NDArray[np.float64]:
    """Images shrunk to 32 pixels a side at most by the means of blocks, a row each, of 0 to 1."""
    found = images.astype(np.float64) / 255
    for axis in (1, 2):
        starts = np.arange(0, found.shape[axis], -(-found.shape[axis] // _SIDE))
        sizes = np.diff([*starts, found.shape[axis]])
        shape = [1, 1, 1, 1]
        shape[axis] = len(sizes)
        found = np.add.reduceat(found, starts, axis=axis) / sizes.reshape(shape)
    return found.reshape(len(found), -1)
