"""Differentiable augmentation: what is done alike to real and made images (Zhao et al. 2020)."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from components.config import Augmentation
from components.training.team import ALONE, Team

TRANSLATED, CUT = 1 / 8, 1 / 2
"""How far images are moved, and the side of the square that is blanked, as shares of a side."""


def augment(
    images: Tensor,
    kinds: Sequence[Augmentation],
    random: torch.Generator,
    team: Team = ALONE,
) -> Tensor:
    """Images (rows, channels, height, width) of -1 to 1, each with draws of its own.

    They are the rows that this process has of a batch of the whole team's.
    """
    for kind in kinds:
        images = AUGMENTATIONS[kind](images, random, team)
    return images


def translate(images: Tensor, random: torch.Generator, team: Team = ALONE) -> Tensor:
    """Each image moved by up to an eighth of its sides, rounded; what comes in is 0."""
    rows, _, height, width = images.shape
    down, right = (
        _whole(-(most := round(side * TRANSLATED)), most, images, random, team)
        for side in (height, width)
    )
    y = torch.arange(height, device=images.device) - down[:, None]
    x = torch.arange(width, device=images.device) - right[:, None]
    inside = ((y >= 0) & (y < height))[:, :, None] & ((x >= 0) & (x < width))[:, None, :]
    row = torch.arange(rows, device=images.device)[:, None, None]
    moved = images.permute(0, 2, 3, 1)[
        row, y.clamp(0, height - 1)[:, :, None], x.clamp(0, width - 1)[:, None, :]
    ]
    return moved.permute(0, 3, 1, 2) * inside[:, None]


def cut_out(images: Tensor, random: torch.Generator, team: Team = ALONE) -> Tensor:
    """A rectangle of half the sides set to 0 in each image; part of it may lie outside."""
    height, width = images.shape[2:]
    apart = []
    for side in (height, width):
        size = round(side * CUT)
        start = _whole(-(size // 2), side - size + size // 2, images, random, team)
        place = torch.arange(side, device=images.device)
        apart.append((place >= start[:, None]) & (place < (start + size)[:, None]))
    return images * ~(apart[0][:, :, None] & apart[1][:, None, :])[:, None]


def recolour(images: Tensor, random: torch.Generator, team: Team = ALONE) -> Tensor:
    """Brightness moved by up to .5, saturation times 0 to 2, contrast times .5 to 1.5."""
    by, saturation, contrast = map(
        team.own,
        torch.rand(
            (3, len(images) * team.size, 1, 1, 1), generator=random, device=images.device
        ).unbind(0),
    )
    images = images + (by - 0.5)
    grey = images.mean(dim=1, keepdim=True)
    images = grey + (images - grey) * (2 * saturation)
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    return mean + (images - mean) * (contrast + 0.5)


def _whole(low: int, high: int, images: Tensor, random: torch.Generator, team: Team) -> Tensor:
    """A whole number of `low` to `high` for each image."""
    size = (len(images) * team.size,)
    return team.own(torch.randint(low, high + 1, size, generator=random, device=images.device))


AUGMENTATIONS: dict[Augmentation, Callable[[Tensor, torch.Generator, Team], Tensor]] = {
    Augmentation.TRANSLATION: translate,
    Augmentation.CUTOUT: cut_out,
    Augmentation.COLOUR: recolour,
}
"""Every augmentation by name."""
