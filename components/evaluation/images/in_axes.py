"""Labelled images as rows of a table, so that what is measured of live rows is of images too."""

from dataclasses import dataclass
from typing import Self

import pandas as pd
from sklearn.decomposition import PCA

from components.config import ColumnKind
from components.data.images.schema import LABEL
from components.data.images.sets import ImageSet
from components.data.inference import describe
from components.data.schema import Schema
from components.data.table import Table
from components.errors import UserError
from components.evaluation.images.case import flattened

AXES = 24


@dataclass(frozen=True)
class InAxes:
    """The main axes of training images: where an image stands along them, and what it shows.

    Trees learn from that in seconds; a network would say more of each look, and take minutes.
    """

    axes: PCA
    schema: Schema

    @classmethod
    def of(cls, images: ImageSet) -> Self:
        """The axes of training images; raises UserError where these tell no classes apart."""
        if len(images.classes) < 2:
            raise UserError("what images are good for is told by labels of two classes at least")
        points = flattened(images.images)
        count = min(AXES, len(points) - 1, points.shape[1])
        axes = PCA(count, svd_solver="randomized", random_state=0).fit(points)
        frame = _frame(axes, images)
        kinds = {str(name): ColumnKind.NUMERICAL for name in frame}
        schema = describe(frame, kinds | {LABEL: ColumnKind.CATEGORICAL}, LABEL)
        return cls(axes, schema)

    def table(self, images: ImageSet) -> Table:
        """The images, a row each in their order; a label that is not known is missing."""
        return Table(_frame(self.axes, images), self.schema)


def _frame(axes: PCA, images: ImageSet) -> pd.DataFrame:
    names = [f"axis_{i + 1}" for i in range(axes.n_components_)]
    frame = pd.DataFrame(axes.transform(flattened(images.images)), columns=names)
    nothing = pd.Series(pd.NA, frame.index, dtype="str")
    return frame.assign(**{LABEL: nothing if images.shown is None else images.shown})
