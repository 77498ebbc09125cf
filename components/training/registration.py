"""Images pulled onto others by smooth fields: what deforms one into the other, and how well.

Fields are found from coarse to fine: first where both images are blurred (as in congealing: Miller,
Matsakis and Viola 2000, "Learning from one example through shared densities on transforms").
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from components.networks.images.deformation import Deformation

AT_ONCE = 200
"""Pairs that are registered at once, so that memory does not grow with them."""

LONGEST = 32
"""Sides are no longer while fields are sought: these are smooth, and hold at any size."""
BLURS = (3 / 28, 1.5 / 28, 0.7 / 28)
"""The standard deviations of the blurs, one after another, in shares of a side."""
STEPS, RATE = 25, 0.04
"""Steps of Adam at each blur, and how far they go."""
_FAR = 0.02
"""What the squared length of displacements costs beside that of their differences."""
_FLAT = 1e-3
"""The least variance of an image that its errors are set beside."""


@dataclass(frozen=True)
class Registered:
    """Fields (pairs, 2, knots, knots), and what is left of the squared error (pairs,).

    The error is that of images blurred least, in shares of the variance of the image aimed at.
    """

    fields: Tensor
    left: Tensor


def register(sources: Tensor, targets: Tensor, *, knots: int, smoothness: float) -> Registered:
    """Fields that deform each source (pairs, channels, height, width), 0 to 1, into its target.

    They minimise the squared error, in shares of the target's variance, and `smoothness` times what
    the field costs: the squared differences of its neighbouring knots. No pair bears on another.
    """
    sources, targets = _small(sources), _small(targets)
    height, width = sources.shape[2:]
    deform = Deformation(height, width, knots)
    fields = torch.zeros(len(sources), 2, knots, knots, requires_grad=True)
    optimizer = torch.optim.Adam([fields], lr=RATE)
    for share in BLURS:
        source, target = blurred(sources, share), blurred(targets, share)
        for _ in range(STEPS):
            optimizer.zero_grad()
            costs = _left(deform(source, fields), target) + smoothness * _cost(fields)
            costs.sum().backward()
            optimizer.step()
    with torch.no_grad():
        return Registered(fields.detach(), _left(deform(source, fields), target))


def register_pairs(
    images: NDArray[np.uint8],
    sources: NDArray[np.int64],
    targets: NDArray[np.int64],
    *,
    knots: int,
    smoothness: float,
    seconds: float | None,
    tell: Callable[[int, float], None],
) -> Registered:
    """`register`, of the images (images, height, width, channels) at these positions.

    `tell` is called now and then with the number of pairs that are done, and the error left on
    average. After so many `seconds` of a processor no further pairs are begun.
    """
    started = time.process_time()
    parts: list[Registered] = []
    for first in range(0, len(sources), AT_ONCE):
        if parts and seconds is not None and time.process_time() - started > seconds:
            break
        pair = (_floats(images[some[first : first + AT_ONCE]]) for some in (sources, targets))
        parts.append(register(*pair, knots=knots, smoothness=smoothness))
        tell(min(first + AT_ONCE, len(sources)), float(parts[-1].left.mean()))
    none = Registered(torch.zeros(0, 2, knots, knots), torch.zeros(0))
    return Registered(
        torch.cat([part.fields for part in parts or [none]]),
        torch.cat([part.left for part in parts or [none]]),
    )


def _floats(images: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255


def blurred(images: Tensor, share: float) -> Tensor:
    """Images (rows, channels, height, width) under a Gaussian blur, `share` of each side wide."""
    down, across = (_blur(length, share * length) for length in images.shape[2:])
    return down @ images @ across.T


def _blur(length: int, width: float) -> Tensor:
    """What each pixel of a line weighs in each blurred one, shape (length, length)."""
    places = torch.arange(length, dtype=torch.float32)
    return torch.softmax(-((places[:, None] - places) ** 2) / (2 * width**2), dim=1)


def _small(images: Tensor) -> Tensor:
    height, width = (min(side, LONGEST) for side in images.shape[2:])
    return functional.interpolate(images, size=(height, width), mode="area")


def _left(made: Tensor, targets: Tensor) -> Tensor:
    """Squared errors (pairs,), in shares of the targets' variance."""
    spread = targets.var(dim=(1, 2, 3), correction=0).clamp_min(_FLAT)
    return ((made - targets) ** 2).mean(dim=(1, 2, 3)) / spread


def _cost(fields: Tensor) -> Tensor:
    """How far fields are from smooth (pairs,): squared slopes, and a little of squared lengths."""
    knots = fields.shape[-1]
    slopes = sum((fields.diff(dim=axis) ** 2).mean(dim=(1, 2, 3)) for axis in (2, 3))
    return knots**2 * (slopes + _FAR * (fields**2).mean(dim=(1, 2, 3)))
