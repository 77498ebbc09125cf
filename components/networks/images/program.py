"""Images from uniform draws: the first chooses the class, the others are an image's noise."""

import math

import torch
from torch import Tensor, nn

TINY = 2.0**-53
"""The least and the greatest uniform number lie so far from 0 and 1: their normal scores exist."""


class ImageProgram(nn.Module):
    """Uniform draws, float64 (rows, 1 + noise), to images (rows, height, width, channels) of bytes.

    `maker` takes normal noise, float32 (rows, noise), and classes, int64 (rows,), to images
    (rows, channels, height, width) of -1 to 1. `ends`, float64 (classes,), are the ends of the
    classes' stretches of the first draw.
    """

    ends: Tensor

    def __init__(self, maker: nn.Module, ends: Tensor) -> None:
        super().__init__()
        self.maker = maker
        self.register_buffer("ends", ends)

    def classes(self, draws: Tensor) -> Tensor:
        """The class of each row, by its first draw alone."""
        found = torch.searchsorted(self.ends, draws[:, 0].contiguous(), right=True)
        return found.clamp(max=self.ends.shape[0] - 1)

    def forward(self, draws: Tensor) -> Tensor:
        """The images."""
        noise = normal_scores(draws[:, 1:])
        images = self.maker(noise.to(torch.float32), self.classes(draws))
        return as_bytes(images)


def normal_scores(draws: Tensor) -> Tensor:
    """Standard normal numbers with these places in their distribution.

    >>> normal_scores(torch.tensor([[0.5]], dtype=torch.float64)).item()
    0.0
    """
    inside = draws.clamp(TINY, 1 - TINY)
    return math.sqrt(2) * torch.erfinv(2 * inside - 1)


def as_bytes(images: Tensor) -> Tensor:
    """Images (rows, channels, height, width) of -1 to 1 as bytes (rows, height, width, channels).

    >>> as_bytes(torch.tensor([-1.0, 0.0, 1.0]).reshape(3, 1, 1, 1)).flatten().tolist()
    [0, 128, 255]
    """
    scaled = ((images + 1) * 127.5).round().clamp(0, 255)
    return scaled.to(torch.uint8).permute(0, 2, 3, 1)


class GaussianImages(nn.Module):
    """Noise (rows, axes) and classes (rows,) to images: a mean, and axes times noise, per class.

    `means` has the shape (classes, pixels), `axes` (classes, axes, pixels), both in bytes' units;
    pixels are those of (height, width, channels), one after another.
    """

    means: Tensor
    axes: Tensor

    def __init__(self, means: Tensor, axes: Tensor, shape: tuple[int, int, int]) -> None:
        super().__init__()
        self.register_buffer("means", means)
        self.register_buffer("axes", axes)
        self.shape = shape

    def forward(self, noise: Tensor, classes: Tensor) -> Tensor:
        """The images, not yet held within -1 and 1."""
        wide = noise.to(self.means.dtype)
        moved = torch.bmm(wide[:, None, :], self.axes[classes])[:, 0]
        images = (self.means[classes] + moved) / 127.5 - 1
        return images.reshape(-1, *self.shape).permute(0, 3, 1, 2)
