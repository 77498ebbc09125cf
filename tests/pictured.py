"""Small sets of images for tests: real digits of 8 x 8, in any guise."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from components.data.images.sets import ImageSet


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


def sheared_bars(
    count: int, seed: int = 0, *, shear: float | None = None
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """White bars of 20 x 20 pixels (count, 20, 20, 1), and by how much each leans to the right.

    That is -.3 to .3 evenly at random, or `shear`: so many pixels to the right for one pixel up.
    """
    rng = np.random.default_rng(seed)
    shears = rng.uniform(-0.3, 0.3, size=count) if shear is None else np.full(count, shear)
    below, right = np.mgrid[:20, :20] - 9.5
    beside = right + shears[:, None, None] * below
    light = np.clip(2.5 - np.abs(beside), 0, 1) * np.clip(8 - np.abs(below), 0, 1)
    return (255 * light).astype(np.float32)[..., None], shears


def lean_of(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """By how much each bar leans to the right, by the second moments of its light."""
    below, right = np.mgrid[: images.shape[1], : images.shape[2]]
    light = images[..., 0].astype(np.float64)
    light /= light.sum(axis=(1, 2), keepdims=True)
    down = below - (light * below).sum(axis=(1, 2), keepdims=True)
    across = right - (light * right).sum(axis=(1, 2), keepdims=True)
    return -(light * down * across).sum(axis=(1, 2)) / (light * down**2).sum(axis=(1, 2))
