"""Perceptrons of images: noise to the canvas, and the canvas to features."""

import math

from torch import Tensor, nn

from components.networks.images.blocks import Hold, Mlp
from components.networks.images.canvas import Canvas


class MlpGeneratorBody(nn.Module):
    """(rows, inputs) to (rows, channels, *canvas.sides): units laid out on the canvas."""

    def __init__(
        self, inputs: int, channels: int, canvas: Canvas, width: int, layers: int, *, hold: Hold
    ) -> None:
        super().__init__()
        self.shape = (channels, *canvas.sides)
        self.body = Mlp(inputs, width, layers, hold)
        self.leave = hold(nn.Linear(width, math.prod(self.shape)))

    def forward(self, told: Tensor, condition: Tensor) -> Tensor:
        """The canvas, before the last activation."""
        made: Tensor = self.leave(self.body(told)).unflatten(1, self.shape)
        return made


class MlpDiscriminatorBody(nn.Module):
    """(rows, planes, *canvas.sides) to (rows, num_features)."""

    def __init__(self, planes: int, canvas: Canvas, width: int, layers: int, *, hold: Hold) -> None:
        super().__init__()
        self.body = Mlp(planes * math.prod(canvas.sides), width, layers, hold)
        self.num_features = width

    def forward(self, framed: Tensor) -> Tensor:
        """The features."""
        found: Tensor = self.body(framed.flatten(1))
        return found
