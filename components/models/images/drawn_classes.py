"""Which class each drawn image is of."""

import numpy as np
from numpy.typing import NDArray

from components.data.images.sets import ImageSet, Labels


def class_shares(images: ImageSet) -> NDArray[np.float64]:
    """The share of each class, shape (classes,); of images without labels, one share of 1.

    >>> images = np.zeros((4, 1, 1, 1), np.uint8)
    >>> class_shares(ImageSet(images, np.array([0, 1, 1, 1]), ("a", "b"), "")).tolist()
    [0.25, 0.75]
    """
    if images.labels is None:
        return np.ones(1)
    shares: NDArray[np.float64] = np.bincount(images.labels, minlength=len(images.classes)) / len(
        images
    )
    return shares


def class_stretches(shares: NDArray[np.float64]) -> dict[int, tuple[float, float]]:
    """By class that is ever drawn, the stretch of 0 to 1 that stands for it.

    >>> class_stretches(np.array([0.25, 0.0, 0.75]))
    {0: (0.0, 0.25), 2: (0.25, 1.0)}
    """
    ends = np.cumsum(shares)
    return {
        int(code): (float(ends[code] - shares[code]), float(ends[code]))
        for code in np.flatnonzero(shares)
    }


def draw_classes(
    shares: NDArray[np.float64], size: int, wanted: int | None, rng: np.random.Generator
) -> Labels:
    """Classes at random by their shares, or `wanted` alone; the same random numbers are used up."""
    drawn = rng.choice(len(shares), size=size, p=shares)
    return drawn.astype(np.int64) if wanted is None else np.full(size, wanted, dtype=np.int64)
