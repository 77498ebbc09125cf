"""Blocks of image networks: they halve or double the sides of (rows, channels, height, width)."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

MakeNorm = Callable[[int], nn.Module]
"""Given channels, a module of (x, condition) that normalises x."""
Hold = Callable[[Any], Any]
"""See `components/networks/layers.py`: `free`, `spectral` or `equalised`."""

SLOPE = 0.2


class StridedUp(nn.Module):
    """DCGAN's block: a transposed convolution of stride 2, normalised (Radford et al. 2016)."""

    def __init__(self, before: int, after: int, hold: Hold, norm: MakeNorm) -> None:
        super().__init__()
        self.conv = hold(nn.ConvTranspose2d(before, after, 4, stride=2, padding=1))
        self.norm = norm(after)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """Sides doubled."""
        made: Tensor = functional.relu(self.norm(self.conv(x), condition))
        return made


class StridedDown(nn.Module):
    """DCGAN's block of the discriminator, not normalised: no image depends on the others."""

    def __init__(self, before: int, after: int, hold: Hold) -> None:
        super().__init__()
        self.conv = hold(nn.Conv2d(before, after, 4, stride=2, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        """Sides halved."""
        return functional.leaky_relu(self.conv(x), SLOPE)


class ResidualUp(nn.Module):
    """x, doubled, plus two convolutions of it (Miyato et al. 2018, figure 3)."""

    def __init__(self, before: int, after: int, hold: Hold, norm: MakeNorm) -> None:
        super().__init__()
        self.first_norm, self.second_norm = norm(before), norm(after)
        self.first = hold(nn.Conv2d(before, after, 3, padding=1))
        self.second = hold(nn.Conv2d(after, after, 3, padding=1))
        self.short = hold(nn.Conv2d(before, after, 1))

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """Sides doubled."""
        inner = doubled(functional.relu(self.first_norm(x, condition)))
        inner = functional.relu(self.second_norm(self.first(inner), condition))
        made: Tensor = doubled(self.short(x)) + self.second(inner)
        return made


class ResidualDown(nn.Module):
    """x plus two convolutions of it, averaged over 2 x 2 (Miyato et al. 2018, figure 3).

    The `first` block of a network sees an image: it is not cut at 0 before the convolutions.
    """

    def __init__(self, before: int, after: int, hold: Hold, *, first: bool) -> None:
        super().__init__()
        self.is_first = first
        self.first = hold(nn.Conv2d(before, after, 3, padding=1))
        self.second = hold(nn.Conv2d(after, after, 3, padding=1))
        self.short = hold(nn.Conv2d(before, after, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Sides halved."""
        inner = self.first(x if self.is_first else functional.leaky_relu(x, SLOPE))
        inner = functional.avg_pool2d(self.second(functional.leaky_relu(inner, SLOPE)), 2)
        made: Tensor = inner + self.short(functional.avg_pool2d(x, 2))
        return made


def doubled(x: Tensor) -> Tensor:
    """Each place four times over: sides doubled."""
    return functional.interpolate(x, scale_factor=2, mode="nearest")


class Through(nn.Module):
    """Blocks one after another, each told the condition."""

    def __init__(self, blocks: list[nn.Module]) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(blocks)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """What the last block makes."""
        for block in self.blocks:
            x = block(x, condition)
        return x


class Mlp(nn.Module):
    """Layers of `width` with leaky units: (rows, inputs) to (rows, width)."""

    def __init__(self, inputs: int, width: int, layers: int, hold: Hold) -> None:
        super().__init__()
        sizes = [inputs] + [width] * layers
        self.layers = nn.ModuleList(hold(nn.Linear(sizes[i], sizes[i + 1])) for i in range(layers))

    def forward(self, x: Tensor) -> Tensor:
        """The last layer's units."""
        for layer in self.layers:
            x = functional.leaky_relu(layer(x), SLOPE)
        return torch.as_tensor(x)
