"""The convolutional generator and discriminator of DCGAN (Radford et al. 2016), for any side."""

from itertools import pairwise

import torch
from torch import Tensor, nn

SMALLEST_SIDE = 2
"""Where the generator begins and the discriminator ends."""
MOST_DOUBLINGS = 2
"""Channels are doubled as the side is halved, but no more often than this."""


def halving_block(before: int, after: int) -> nn.Sequential:
    """(rows, before, side, side) to (rows, after, side / 2, side / 2), without normalisation.

    DCGAN normalises over the batch here too. Then a row's features depend on the others', and
    those of real and of made rows have one mean and one deviation whatever the rows are.
    """
    return nn.Sequential(nn.Conv2d(before, after, 4, stride=2, padding=1), nn.LeakyReLU(0.2))


def doubling_block(before: int, after: int) -> nn.Sequential:
    """(rows, before, side, side) to (rows, after, 2 side, 2 side), normalised over the batch."""
    return nn.Sequential(
        nn.ConvTranspose2d(before, after, 4, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(after),
        nn.ReLU(),
    )


class DcganGenerator(nn.Module):
    """Inputs (rows, inputs) to images (rows, channels, side, side) in -1 to 1.

    `side` is a power of two from 4 on; `width` is the number of channels next to the image.
    """

    def __init__(self, inputs: int, channels: int, side: int, width: int) -> None:
        super().__init__()
        widths = _widths(side, width)[::-1]
        self.enter = nn.Sequential(
            nn.Linear(inputs, widths[0] * SMALLEST_SIDE**2, bias=False),
            nn.Unflatten(1, (widths[0], SMALLEST_SIDE, SMALLEST_SIDE)),
            nn.BatchNorm2d(widths[0]),
            nn.ReLU(),
        )
        self.body = nn.Sequential(*(doubling_block(*pair) for pair in pairwise(widths)))
        self.leave = nn.ConvTranspose2d(widths[-1], channels, 4, stride=2, padding=1)

    def forward(self, inputs: Tensor) -> Tensor:
        """The images."""
        images: Tensor = torch.tanh(self.leave(self.body(self.enter(inputs))))
        return images


class DcganDiscriminator(nn.Module):
    """Images (rows, channels, side, side) to values (rows, outputs), by features (rows, features).

    A generator's mirror image. No row's features depend on the others'.
    """

    def __init__(self, channels: int, side: int, width: int, outputs: int = 1) -> None:
        super().__init__()
        widths = [channels, *_widths(side, width)]
        self.body = nn.Sequential(*(halving_block(*pair) for pair in pairwise(widths)))
        self.head = nn.Linear(widths[-1] * SMALLEST_SIDE**2, outputs)

    def features(self, images: Tensor) -> Tensor:
        """What the last layer sees, shape (rows, features)."""
        found: Tensor = self.body(images).flatten(1)
        return found

    def forward(self, images: Tensor) -> Tensor:
        """The values, without an activation."""
        values: Tensor = self.head(self.features(images))
        return values


def _widths(side: int, width: int) -> list[int]:
    """The channels after each halving."""
    assert side >= 2 * SMALLEST_SIDE and side & (side - 1) == 0, f"{side} is no power of two"
    num_halvings = (side // SMALLEST_SIDE).bit_length() - 1
    return [width * 2 ** min(i, MOST_DOUBLINGS) for i in range(num_halvings)]
