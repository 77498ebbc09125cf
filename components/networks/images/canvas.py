"""The canvas that networks of images work on: sides that can be halved a few times."""

from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional

SMALLEST_BASE, MOST_DOUBLINGS = 4, 2
"""Sides are halved while the shorter one is no less than the first, and channels are doubled as
they are, but no more often than the second."""


@dataclass(frozen=True)
class Canvas:
    """An image of `height` x `width` and the least canvas around it that can be halved.

    The generator begins at `base` and doubles it `doublings` times; its images are cut to size
    about the middle. The discriminator sees images on the canvas, with zeros around them. The
    shorter side is halved while that leaves 4 at least; each side of the canvas is the next
    multiple of what it is divided by.

    >>> Canvas(28, 28), Canvas(28, 28).base, Canvas(28, 28).sides
    (Canvas(height=28, width=28), (7, 7), (28, 28))
    >>> Canvas(25, 40).doublings, Canvas(25, 40).base, Canvas(25, 40).sides
    (2, (7, 10), (28, 40))
    """

    height: int
    width: int

    @property
    def doublings(self) -> int:
        """How often the base is doubled; once at least."""
        return max(1, (min(self.height, self.width) // SMALLEST_BASE).bit_length() - 1)

    @property
    def base(self) -> tuple[int, int]:
        """Height and width where the generator begins."""
        part = 2**self.doublings
        return (-(-self.height // part), -(-self.width // part))

    @property
    def sides(self) -> tuple[int, int]:
        """Height and width of the canvas."""
        return (self.base[0] << self.doublings, self.base[1] << self.doublings)

    def cut(self, images: Tensor) -> Tensor:
        """The middle of images (rows, channels, *sides): (rows, channels, height, width)."""
        top, left = self._corner()
        return images[..., top : top + self.height, left : left + self.width]

    def frame(self, images: Tensor) -> Tensor:
        """Images with zeros around them, shape (rows, channels, *sides)."""
        (top, left), (height, width) = self._corner(), self.sides
        around = (left, width - self.width - left, top, height - self.height - top)
        return functional.pad(images, around) if any(around) else images

    def _corner(self) -> tuple[int, int]:
        return (self.sides[0] - self.height) // 2, (self.sides[1] - self.width) // 2


def channels_at(canvas: Canvas, width: int) -> list[int]:
    """The channels after each halving of the canvas, `width` the first.

    >>> channels_at(Canvas(64, 64), 16)
    [16, 32, 64, 64]
    """
    return [width * 2 ** min(i, MOST_DOUBLINGS) for i in range(canvas.doublings)]
