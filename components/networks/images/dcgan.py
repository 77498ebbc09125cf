"""DCGAN (Radford et al. 2016) on a canvas of any size: strided convolutions alone."""

import math
from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional

from components.networks.images.blocks import Hold, MakeNorm, StridedDown, StridedUp, Through
from components.networks.images.canvas import Canvas, channels_at


class DcganGeneratorBody(nn.Module):
    """(rows, inputs) to (rows, channels, *canvas.sides): a layer to the base, then blocks."""

    def __init__(
        self, inputs: int, channels: int, canvas: Canvas, width: int, *, hold: Hold, norm: MakeNorm
    ) -> None:
        super().__init__()
        widths = channels_at(canvas, width)[::-1]
        self.shape = (widths[0], *canvas.base)
        self.enter = hold(nn.Linear(inputs, math.prod(self.shape)))
        self.norm = norm(widths[0])
        self.body = Through([StridedUp(*pair, hold, norm) for pair in pairwise(widths)])
        self.leave = hold(nn.ConvTranspose2d(width, channels, 4, stride=2, padding=1))

    def forward(self, told: Tensor, condition: Tensor) -> Tensor:
        """The canvas, before the last activation."""
        x = functional.relu(self.norm(self.enter(told).unflatten(1, self.shape), condition))
        made: Tensor = self.leave(self.body(x, condition))
        return made


class DcganDiscriminatorBody(nn.Module):
    """(rows, planes, *canvas.sides) to (rows, num_features): all that is left at the base."""

    def __init__(self, planes: int, canvas: Canvas, width: int, *, hold: Hold) -> None:
        super().__init__()
        widths = [planes, *channels_at(canvas, width)]
        self.body = nn.Sequential(*(StridedDown(*pair, hold) for pair in pairwise(widths)))
        self.num_features = widths[-1] * math.prod(canvas.base)

    def forward(self, framed: Tensor) -> Tensor:
        """The features."""
        found: Tensor = self.body(framed).flatten(1)
        return found
