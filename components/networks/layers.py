"""Layers whose weights are held in size, and what stands between layers."""

import math
from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations, parametrize

Layer = TypeVar("Layer", nn.Linear, nn.Conv2d, nn.ConvTranspose2d)
Held = Callable[[Layer], Layer]
"""Gives a layer back with its weights held in size."""

_TINY = 1e-8


def free(layer: Layer) -> Layer:
    """The layer as it is."""
    return layer


def spectral(layer: Layer) -> Layer:
    """The layer with its weights over their largest singular value (Miyato et al. 2018)."""
    parametrizations.spectral_norm(layer)
    return layer


class _Times(nn.Module):
    """Weights times a constant."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, weights: Tensor) -> Tensor:
        """The product."""
        return weights * self.factor


def equalised(layer: Layer) -> Layer:
    """The layer with normal weights, scaled by sqrt(2 / inputs) as they are used.

    Karras et al. (2018, section 4.1): so Adam's steps are as large, for its size, in each layer.
    Biases begin at 0.
    """
    with torch.no_grad():
        layer.weight.normal_()
        if layer.bias is not None:
            layer.bias.zero_()
    parametrize.register_parametrization(layer, "weight", _Times(math.sqrt(2 / _inputs(layer))))
    return layer


class ClassVectors(nn.Linear):
    """One-hot classes, or words, to a vector that features are multiplied with, and summed."""

    def __init__(self, classes: int, features: int) -> None:
        super().__init__(classes, features, bias=False)
        nn.init.normal_(self.weight, std=features**-0.5)


def _inputs(layer: Layer) -> float:
    """How many inputs each output of the layer has, away from the edges.

    The product with class vectors is an output of the features.
    """
    if isinstance(layer, ClassVectors):
        return layer.out_features
    if isinstance(layer, nn.ConvTranspose2d):
        return layer.weight[:, 0].numel() / math.prod(layer.stride)
    return layer.weight[0].numel()


class PixelNorm(nn.Module):
    """x / sqrt(mean over channels of x^2), shape (rows, channels, ...) (Karras et al. 2018)."""

    def forward(self, x: Tensor) -> Tensor:
        """The normalised values."""
        scaled: Tensor = x * torch.rsqrt(x.square().mean(dim=1, keepdim=True) + _TINY)
        return scaled


class MinibatchDeviation(nn.Module):
    """Features (rows, features) to one more: how much rows of a group differ (Karras et al. 2018).

    It is the mean over features of their standard deviation in the row's group, of at most
    `group` rows: of the greatest number that divides the rows, or of all where none does.
    """

    def __init__(self, group: int = 4) -> None:
        super().__init__()
        self.group = group

    def group_of(self, rows: int) -> int:
        """How many of so many rows are in a group; it has every (rows / group)-th of them."""
        return next((s for s in range(min(self.group, rows), 1, -1) if rows % s == 0), rows)

    def forward(self, features: Tensor) -> Tensor:
        """Shape (rows, features + 1)."""
        rows = len(features)
        size = self.group_of(rows)
        groups = features.reshape(size, rows // size, -1)
        deviation = (groups.var(dim=0, correction=0) + _TINY).sqrt().mean(dim=1)
        return torch.cat([features, deviation.repeat(size)[:, None]], dim=1)


class Noisy(nn.Module):
    """A layer whose inputs get normal noise of this deviation while it learns.

    The noise comes from `random`, by default from torch's own numbers; see `share_random`.
    """

    def __init__(self, layer: nn.Module, deviation: float) -> None:
        super().__init__()
        self.layer, self.deviation = layer, deviation
        self.random: torch.Generator | None = None

    def forward(self, x: Tensor) -> Tensor:
        """What the layer makes of them."""
        if self.training:
            noise = torch.randn(x.shape, generator=self.random, device=x.device, dtype=x.dtype)
            x = x + self.deviation * noise
        made: Tensor = self.layer(x)
        return made


def share_random(network: nn.Module, random: torch.Generator) -> None:
    """Let all noise within the network come from `random`, so that its state is all there is."""
    for part in network.modules():
        if isinstance(part, Noisy):
            part.random = random


class Unconditional(nn.Module):
    """A module that takes no condition, where one is given."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """What the module makes of `x`."""
        made: Tensor = self.module(x)
        return made


class ConditionalBatchNorm(nn.Module):
    """Normalised over the batch, then scaled and shifted by the condition (De Vries et al. 2017).

    (rows, channels, ...) and a one-hot condition (rows, classes) to the former's shape.
    """

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=False)
        self.scale = nn.Linear(classes, channels)
        self.shift = nn.Linear(classes, channels, bias=False)
        nn.init.zeros_(self.scale.weight)
        nn.init.ones_(self.scale.bias)
        nn.init.zeros_(self.shift.weight)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """The normalised values."""
        scale, shift = (part(condition)[:, :, None, None] for part in (self.scale, self.shift))
        made: Tensor = self.norm(x) * scale + shift
        return made
