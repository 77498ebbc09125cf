"""How usual points are among those of the training images: a normal distribution of them.

What a model makes of an image, a point of its latent space and how well it makes the image again,
is usual or not by its Mahalanobis distance from what it makes of training images (the density of
codes and residuals of Zong et al. 2018, DAGMM, with one component; for features of networks Lee et
al. 2018). A model that makes normal images again may do as well with parts of them, whose points
lie elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.covariance import LedoitWolf
from torch import Tensor

from components.data.table import Matrix

Vector = NDArray[np.float64]

_MIDDLE, _WHITENING = "density.middle", "density.whitening"
_ROUNDING = (2 / 255) ** 2 / 12
"""The mean square of what bytes round off, for images of -1 to 1: no image is made again closer."""


@dataclass(frozen=True)
class PointDensity:
    """A normal distribution of points (rows, columns)."""

    middle: Tensor
    whitening: Tensor

    @classmethod
    def of(cls, points: Matrix) -> "PointDensity":
        """The distribution of these points; a column that never changes says nothing.

        The covariance of the scaled columns is shrunk by as much as their number asks for (Ledoit
        and Wolf 2004), so that fewer points than columns do.

        >>> points = np.random.default_rng(0).normal(size=(500, 2)) * [1.0, 50.0]
        >>> found = PointDensity.of(np.column_stack([points, np.ones(500)]))
        >>> asked = torch.tensor([[0.0, 0.0, 1.0], [3.0, 0.0, 1.0], [0.0, 150.0, 9.0]])
        >>> found.distance(asked).round().tolist()
        [0.0, 5.0, 5.0]
        """
        middle, scale = points.mean(axis=0), points.std(axis=0)
        inverse = _inverse(scale)
        shrunk = LedoitWolf(assume_centered=True).fit((points - middle) * inverse)
        variances, axes = np.linalg.eigh(shrunk.covariance_)
        whitening = inverse[:, None] * axes * np.sqrt(_inverse(variances))
        return cls(torch.from_numpy(middle), torch.from_numpy(whitening))

    def distance(self, points: Tensor) -> Tensor:
        """Half the squared Mahalanobis distance of each point, (rows,): minus its log density.

        Up to a constant.
        """
        return 0.5 * ((points.double() - self.middle) @ self.whitening).square().sum(dim=1)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What `from_arrays` reads."""
        return {_MIDDLE: self.middle.numpy(), _WHITENING: self.whitening.numpy()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> "PointDensity":
        """The same distribution from what `arrays` gave."""
        return cls(torch.from_numpy(arrays[_MIDDLE]), torch.from_numpy(arrays[_WHITENING]))


def _inverse(values: Vector) -> Vector:
    """One over each value, 0 for none."""
    return np.divide(1.0, values, out=np.zeros_like(values), where=values > 0)


def as_column(residuals: Tensor) -> Tensor:
    """Mean squared residuals (rows,) as a column of a point, (rows, 1): near normal by its log."""
    return torch.log(residuals + _ROUNDING)[:, None]
