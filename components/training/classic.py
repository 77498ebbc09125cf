"""Classic augmentation of images: shifts, small turns and scalings, mirror images by choice."""

import math
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from components.config.classic import ClassicConfig

Augment = Callable[[Tensor, torch.Generator], Tensor]
"""Images (rows, channels, height, width) to varied ones, by the draws of a generator."""


def classic_augmentation(config: ClassicConfig | None) -> Augment | None:
    """What varies a batch of images anew at every step, None where nothing would change."""
    return None if config is None or not config.has_effect else partial(_vary, config=config)


def _vary(images: Tensor, dice: torch.Generator, *, config: ClassicConfig) -> Tensor:
    angle, size, right, down, mirror = (
        2 * torch.rand(5, len(images), generator=dice, device=dice.device) - 1
    )
    return moved(
        images,
        angle * math.radians(config.degrees),
        1 + size * config.scale,
        torch.stack([right, down], dim=1) * config.shift,
        torch.where(mirror > 0, -1.0, 1.0) if config.flip else torch.ones_like(mirror),
    )


def moved(images: Tensor, angles: Tensor, sizes: Tensor, shifts: Tensor, mirror: Tensor) -> Tensor:
    """Each image turned, scaled and shifted about its middle, at most one interpolation.

    Per image: `angles` in radians, clockwise; `sizes` 1 for none; `shifts` (rows, 2), in shares of
    the width to the right and of the height down; `mirror` 1, or -1 for left to right. Bilinear;
    beyond an edge the image goes on as it is there.

    >>> image = torch.tensor([[[[0.0, 1.0, 2.0, 3.0]]]])
    >>> one = torch.ones(1)
    >>> moved(image, 0 * one, one, torch.tensor([[0.25, 0.0]]), one).round(decimals=3).tolist()
    [[[[0.0, 0.0, 1.0, 2.0]]]]
    """
    height, width = images.shape[-2:]
    cosine, sine = torch.cos(angles) / sizes, torch.sin(angles) / sizes
    back = torch.stack(
        [
            torch.stack([cosine * mirror, sine * height / width * mirror], dim=1),
            torch.stack([-sine * width / height, cosine], dim=1),
        ],
        dim=1,
    )
    offset = -back @ (2 * shifts)[:, :, None]
    grid = nn.functional.affine_grid(
        torch.cat([back, offset], dim=2), list(images.shape), align_corners=False
    )
    return nn.functional.grid_sample(images, grid, padding_mode="border", align_corners=False)
