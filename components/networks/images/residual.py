"""Residual networks of images (Miyato et al. 2018, appendix B) on a canvas of any size."""

import math
from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional

from components.networks.images.blocks import (
    SLOPE,
    Hold,
    MakeNorm,
    ResidualDown,
    ResidualUp,
    Through,
)
from components.networks.images.canvas import Canvas, channels_at


class ResidualGeneratorBody(nn.Module):
    """(rows, inputs) to (rows, channels, *canvas.sides): a layer, blocks, a convolution."""

    def __init__(
        self, inputs: int, channels: int, canvas: Canvas, width: int, *, hold: Hold, norm: MakeNorm
    ) -> None:
        super().__init__()
        widths = [*channels_at(canvas, width)[::-1], width]
        self.shape = (widths[0], *canvas.base)
        self.enter = hold(nn.Linear(inputs, math.prod(self.shape)))
        self.body = Through([ResidualUp(*pair, hold, norm) for pair in pairwise(widths)])
        self.norm = norm(width)
        self.leave = hold(nn.Conv2d(width, channels, 3, padding=1))

    def forward(self, told: Tensor, condition: Tensor) -> Tensor:
        """The canvas, before the last activation."""
        x = self.body(self.enter(told).unflatten(1, self.shape), condition)
        made: Tensor = self.leave(functional.relu(self.norm(x, condition)))
        return made


class ResidualDiscriminatorBody(nn.Module):
    """(rows, planes, *canvas.sides) to (rows, num_features): all that is left at the base.

    In the paper features are sums over the places. Networks this narrow need to know the places.
    """

    def __init__(self, planes: int, canvas: Canvas, width: int, *, hold: Hold) -> None:
        super().__init__()
        widths = [planes, *channels_at(canvas, width)]
        blocks = [
            ResidualDown(*pair, hold, first=number == 0)
            for number, pair in enumerate(pairwise(widths))
        ]
        self.body = nn.Sequential(*blocks)
        self.num_features = widths[-1] * math.prod(canvas.base)

    def forward(self, framed: Tensor) -> Tensor:
        """The features."""
        return functional.leaky_relu(self.body(framed), SLOPE).flatten(1)
