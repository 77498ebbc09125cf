"""Images of any size and kind made alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from components.config import Colour, Fit, ImagesConfig
from components.data.images.sets import GREY, Pixels, check_depth, check_sides, opened_picture

MOST_KEPT, SIDE = 64, 32
"""Images of one size stay as they are up to so many pixels a side; others get so many."""

_ORIENTATION, _ON_ITS_SIDE = 0x0112, (5, 6, 7, 8)
"""EXIF's word for how a camera was held, and the values for which height and width change."""


@dataclass(frozen=True)
class Size:
    """Height, width and channels (1 grey, 3 colour)."""

    height: int
    width: int
    channels: int

    def __str__(self) -> str:
        """Such as "28 x 28 grey"."""
        return f"{self.width} x {self.height} {'grey' if self.channels == 1 else 'colour'}"

    @property
    def num_bytes(self) -> int:
        """What an image takes."""
        return self.height * self.width * self.channels

    @classmethod
    def of(cls, image: Pixels) -> "Size":
        """The size of an image (height, width, channels)."""
        return cls(*image.shape)


def look_at(path: Path, name: str) -> Size:
    """The size of a PNG or JPEG file by its header alone; raises UserError for a bad one."""
    with opened_picture(path, name) as image:
        check_depth(image, repr(name))
        check_sides(image.height, image.width, f"{name!r} is")
        sides = (image.height, image.width)
        # of a PNG all of the file would have to be read for that
        if image.format == "JPEG" and image.getexif().get(_ORIENTATION) in _ON_ITS_SIDE:
            sides = (image.width, image.height)
        return Size(*sides, 1 if image.mode in GREY else 3)


def chosen_size(sizes: Sequence[Size], config: ImagesConfig) -> Size:
    """The size that all images get; see `ImagesConfig`. Raises UserError for one too small.

    >>> str(chosen_size([Size(28, 20, 1), Size(28, 20, 1)], ImagesConfig()))
    '20 x 28 grey'
    >>> str(chosen_size([Size(28, 20, 1), Size(300, 200, 3)], ImagesConfig()))
    '32 x 32 colour'
    """
    channels = 1 if all(size.channels == 1 for size in sizes) else 3
    if config.colour is not Colour.AUTO:
        channels = 1 if config.colour is Colour.GREY else 3
    first = sizes[0]
    alike = all((size.height, size.width) == (first.height, first.width) for size in sizes)
    if config.side is not None:
        return Size(config.side, config.side, channels)
    if alike and max(first.height, first.width) <= MOST_KEPT:
        check_sides(first.height, first.width)
        return Size(first.height, first.width, channels)
    return Size(SIDE, SIDE, channels)


def sized(images: Pixels, size: Size, fit: Fit) -> Pixels:
    """Images (number, height, width, channels) of one size made `size`.

    Pixels are averaged where an image shrinks (Pillow's box filter), and interpolated where it
    grows; colour becomes grey by its luma (ITU-R 601), grey becomes three equal channels.
    """
    if images.shape[1:] == (size.height, size.width, size.channels):
        return images
    return np.stack([_sized(image, size, fit) for image in images])


def _sized(pixels: Pixels, size: Size, fit: Fit) -> Pixels:
    from PIL import Image, ImageOps

    image = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    image = image.convert("L" if size.channels == 1 else "RGB")
    wanted = (size.width, size.height)
    grows = image.width < size.width or image.height < size.height
    method = Image.Resampling.BICUBIC if grows else Image.Resampling.BOX
    if image.size != wanted:
        match fit:
            case Fit.CROP:
                image = ImageOps.fit(image, wanted, method)
            case Fit.PAD:
                image = ImageOps.pad(image, wanted, method)
            case Fit.STRETCH:
                image = image.resize(wanted, method)
    made = np.asarray(image, dtype=np.uint8)
    return made[..., None] if size.channels == 1 else made
