"""Small sets of images for tests: real digits of 8 x 8, in any guise."""

from functools import cache

import numpy as np

from components.data.images import ImageSet


@cache
def digits(count: int = 300, *, labelled: bool = True) -> ImageSet:
    """The first digits of scikit-learn's, 8 x 8 and grey, the classes "0" to "9"."""
    from sklearn.datasets import load_digits

    found = load_digits()
    images = np.round(found.images[:count] * (255 / 16)).astype(np.uint8)[..., None]
    labels = found.target[:count].astype(np.int64)
    classes = tuple(str(label) for label in range(10))
    return ImageSet(images, labels if labelled else None, classes if labelled else (), "digits")


def colour_digits(count: int = 60) -> ImageSet:
    """Digits whose three channels are times 1, 1/2 and 1/4."""
    grey = digits(count)
    images = (grey.images * np.array([1.0, 0.5, 0.25])).astype(np.uint8)
    return ImageSet(images, grey.labels, grey.classes, "colour digits")


def tall_digits(count: int = 60) -> ImageSet:
    """Digits of 11 x 9 pixels, with black around them: neither square nor a multiple of 4."""
    grey = digits(count)
    images = np.pad(grey.images, ((0, 0), (1, 2), (1, 0), (0, 0)))
    return ImageSet(images, grey.labels, grey.classes, "tall digits")
