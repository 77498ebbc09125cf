"""A Laplacian pyramid of bytes (Burt and Adelson 1983): half the size, and what that leaves out.

Images are uint8, shape (rows, channels, height, width). Every sum here is a multiple of 1/16 below
256, so that it is exact, whatever the order: the same image is halved and doubled to the same bytes
on any machine. What doubling loses is the residual; the two together are the image, bit for bit.
"""

import torch
from torch import Tensor
from torch.nn import functional

from components.networks.images.canvas import SMALLEST_BASE

Sides = tuple[int, int]

_LEAST_ROOM = 1e-12
"""What room is taken to be where there is none."""


def pyramid_sides(height: int, width: int, coarsest: int) -> list[Sides]:
    """The sides of each level, the coarsest first: halved once at least, an odd side rounded up.

    Sides are halved on while the shorter one is then no less than `coarsest`. They must be 8 at
    least.

    >>> pyramid_sides(28, 28, 7), pyramid_sides(9, 11, 7)
    ([(7, 7), (14, 14), (28, 28)], [(5, 6), (9, 11)])
    """
    assert min(height, width) >= 2 * SMALLEST_BASE
    levels = [(height, width), halved_sides(height, width)]
    while min(halved_sides(*levels[-1])) >= coarsest:
        levels.append(halved_sides(*levels[-1]))
    return levels[::-1]


def halved_sides(height: int, width: int) -> Sides:
    """Half of either side, rounded up."""
    return (-(-height // 2), -(-width // 2))


def halved(images: Tensor) -> Tensor:
    """Each 2 x 2 pixels become their mean; the last row or column of odd sides stands twice.

    >>> halved(torch.tensor([[[[0, 10, 7], [20, 30, 7]]]], dtype=torch.uint8)).tolist()
    [[[[15, 7]]]]
    """
    height, width = images.shape[-2:]
    even = functional.pad(images.float(), (0, width % 2, 0, height % 2), mode="replicate")
    return functional.avg_pool2d(even, 2).round().to(torch.uint8)


def doubled(coarse: Tensor, sides: Sides) -> Tensor:
    """Twice the size, cut to `sides`: in between pixels, values between those (bilinear).

    >>> doubled(torch.tensor([[[[0, 100]]]], dtype=torch.uint8), (1, 3)).tolist()
    [[[[0, 25, 75]]]]
    """
    twice = functional.interpolate(
        coarse.float(), scale_factor=2, mode="bilinear", align_corners=False
    )
    return twice[..., : sides[0], : sides[1]].round().to(torch.uint8)


def restored(coarse: Tensor, residual: Tensor) -> Tensor:
    """The image of which `residual`, int16 (rows, channels, height, width), is left by `coarse`."""
    height, width = residual.shape[-2:]
    summed = doubled(coarse, (height, width)).to(torch.int16) + residual
    return summed.clamp(0, 255).to(torch.uint8)


def with_halves(images: Tensor, coarse: Tensor) -> Tensor:
    """Images like these whose halves are `coarse`; all are floats, `coarse` in -1 to 1.

    Where each 2 x 2 pixels differ from their mean they still do, about the new mean; by less where
    one of them would leave -1 to 1, so that they are all alike where the mean is an end itself.

    >>> with_halves(torch.tensor([[[[0.0, 1.0], [0.0, 1.0]]]]), torch.tensor([[[[0.5]]]])).tolist()
    [[[[0.0, 1.0], [0.0, 1.0]]]]
    >>> with_halves(torch.tensor([[[[0.0, 1.0], [0.0, 1.0]]]]), torch.tensor([[[[-1.0]]]])).tolist()
    [[[[-1.0, -1.0], [-1.0, -1.0]]]]
    """
    height, width = images.shape[-2:]
    even = functional.pad(images, (0, width % 2, 0, height % 2), mode="replicate")
    differing = even - _repeated(functional.avg_pool2d(even, 2))
    mean = _repeated(coarse)
    room = torch.where(differing > 0, 1 - mean, 1 + mean)
    beyond = differing.abs() / room.clamp(min=_LEAST_ROOM)
    bounded = mean + differing / _repeated(functional.max_pool2d(beyond, 2)).clamp(min=1)
    return bounded[..., :height, :width]


def _repeated(coarse: Tensor) -> Tensor:
    """Each pixel four times, as 2 x 2."""
    return functional.interpolate(coarse, scale_factor=2, mode="nearest")


def as_floats(images: Tensor) -> Tensor:
    """Bytes as floats in -1 to 1."""
    return images.float() / 127.5 - 1


def as_residual(differences: Tensor) -> Tensor:
    """Differences of floats in -1 to 1, as int16 differences of bytes, rounded."""
    return (differences * 127.5).round().clamp(-255, 255).to(torch.int16)


def packed(coarse: Tensor, classes: Tensor) -> Tensor:
    """What a level is told, int32 (rows, 1 + pixels): the class, then the coarser image."""
    return torch.cat([classes[:, None], coarse.flatten(1)], dim=1).to(torch.int32)


def packed_classes(told: Tensor) -> Tensor:
    """The classes, int64 (rows,), in what `packed` gave."""
    return told[:, 0].long()


def packed_coarse(told: Tensor, channels: int, sides: Sides) -> Tensor:
    """The coarser images in what `packed` gave."""
    coarse: Tensor = told[:, 1:].to(torch.uint8).unflatten(1, (channels, *sides))
    return coarse
