"""Networks of a Laplacian pyramid of GANs (Denton et al. 2015)."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from components.networks.images.blocks import Hold
from components.networks.images.canvas import Canvas
from components.networks.images.gan import ImageDiscriminator
from components.networks.images.laplacian import (
    Sides,
    as_floats,
    as_residual,
    doubled,
    halved_sides,
    packed_classes,
    packed_coarse,
    restored,
    with_halves,
)
from components.networks.images.program import as_bytes
from components.networks.opinion import Opinion


class DetailGenerator(nn.Module):
    """The residual of an image, given the image at half its size and a plane of noise.

    The network sees the doubled image, the noise (rows, height x width) as a plane beside it, and
    the class as another, which a linear layer makes of it (Denton et al. 2015, section 3.2). With
    `keeps_halves` the image at half its size is the one that was given.
    """

    def __init__(
        self,
        channels: int,
        sides: Sides,
        classes: int,
        width: int,
        layers: int,
        *,
        keeps_halves: bool,
        hold: Hold,
    ) -> None:
        super().__init__()
        self.keeps_halves = keeps_halves
        self.channels, self.sides, self.classes = channels, sides, classes
        self.canvas = Canvas(*sides)
        self.noise_size = sides[0] * sides[1]
        planes = channels + 1 + (classes > 1)
        self.plane = _plane_of(classes, self.noise_size, hold) if classes > 1 else None
        parts: list[nn.Module] = [hold(nn.Conv2d(planes, width, 4, stride=2, padding=1))]
        for _ in range(layers):
            parts += [nn.BatchNorm2d(width), nn.ReLU()]
            parts += [hold(nn.Conv2d(width, width, 3, padding=1))]
        parts += [nn.BatchNorm2d(width), nn.ReLU()]
        parts += [hold(nn.ConvTranspose2d(width, channels, 4, stride=2, padding=1))]
        self.body = nn.Sequential(*parts)

    def forward(self, noise: Tensor, told: Tensor) -> Tensor:
        """What a discriminator is to see: the image beside the doubled one, in channels.

        `told` is what `packed` gives. The shape is (rows, 2 x channels, height, width).
        """
        coarse = packed_coarse(told, self.channels, halved_sides(*self.sides))
        below = as_floats(doubled(coarse, self.sides))
        made = below + self._residual(noise, coarse, below, packed_classes(told))
        return torch.cat([made, below], dim=1)

    def refine(self, noise: Tensor, coarse: Tensor, classes: Tensor) -> Tensor:
        """The bytes of images of which those are the halves."""
        below = as_floats(doubled(coarse, self.sides))
        return restored(coarse, as_residual(self._residual(noise, coarse, below, classes)))

    def _residual(self, noise: Tensor, coarse: Tensor, below: Tensor, classes: Tensor) -> Tensor:
        planes = [below, noise.unflatten(1, (1, *self.sides))]
        if self.plane is not None:
            one_hot = functional.one_hot(classes, self.classes).to(below.dtype)
            planes.append(self.plane(one_hot).unflatten(1, (1, *self.sides)))
        framed = self.canvas.frame(torch.cat(planes, dim=1))
        residual = self.canvas.cut(self.body(framed))
        if not self.keeps_halves:
            return residual
        return with_halves(below + residual, as_floats(coarse)) - below


def _plane_of(classes: int, pixels: int, hold: Hold) -> nn.Module:
    """A linear layer of a class as large, at first, as the noise."""
    layer = nn.Linear(classes, pixels, bias=False)
    nn.init.normal_(layer.weight)
    held: nn.Module = hold(layer)
    return held


class DetailDiscriminator(nn.Module):
    """An `ImageDiscriminator` of images beside their doubled halves; told what `packed` gives.

    The residual is judged as it stands in the image, next to what it was added to.
    """

    def __init__(self, inner: ImageDiscriminator) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, pairs: Tensor, told: Tensor) -> Opinion:
        """What it makes of the pairs (rows, 2 x channels, height, width)."""
        opinion: Opinion = self.inner(pairs, packed_classes(told))
        return opinion


class PyramidGenerator(nn.Module):
    """Noise (rows, noise_size) and classes, int64 (rows,), to images of -1 to 1.

    The noise is that of the coarsest level, then a plane for each finer one. Every level sees bytes
    from the one before, as it did in training.
    """

    def __init__(
        self, coarse: nn.Module, coarse_noise: int, details: list[DetailGenerator]
    ) -> None:
        super().__init__()
        self.coarse, self.details = coarse, nn.ModuleList(details)
        self.sizes = [coarse_noise, *(detail.noise_size for detail in details)]
        self.noise_size = sum(self.sizes)

    def level(self, number: int) -> nn.Module:
        """The generator of a level, 0 the coarsest."""
        return self.coarse if number == 0 else self.details[number - 1]

    def forward(self, noise: Tensor, classes: Tensor) -> Tensor:
        """The images (rows, channels, height, width)."""
        first, *planes = noise.split(self.sizes, dim=1)
        level = as_bytes(self.coarse(first, classes)).permute(0, 3, 1, 2).contiguous()
        for detail, plane in zip(self.details, planes, strict=True):
            assert isinstance(detail, DetailGenerator)
            level = detail.refine(plane, level, classes)
        return as_floats(level)
