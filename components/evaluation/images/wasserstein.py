"""Fidelity of images: the sliced Wasserstein distance of patches, scale by scale."""

from collections.abc import Iterator

import numpy as np

from components.data.images.sets import Pixels
from components.data.table import Matrix
from components.evaluation.case import Findings, Metric, subsample
from components.evaluation.images.case import ImageCase, ImageEvaluator, ImageFindings
from components.evaluation.images.halves import Halved, widened_interval

PATCH, LEAST_SIDE = 7, 16
PATCHES_AN_IMAGE, MAX_PATCHED, NUM_DIRECTIONS = 8, 2_000, 64

SLICED_WASSERSTEIN = Metric(
    name="sliced_wasserstein",
    family="fidelity",
    goal="minimise",
    bounds=(0.0, None),
    ideal=0.0,
    meaning="the sliced Wasserstein distance of synthetic images' patches to test images', "
    "mean over scales (in deviations)",
)


def measure_wasserstein(case: ImageCase) -> ImageFindings:
    """The mean over scales of the sliced Wasserstein distance (Rabin et al. 2011) of patches.

    As in Karras et al. (2018, section 5): patches of 7 x 7 pixels from each level of a Laplacian
    pyramid, as long as a level has 16 pixels a side; smaller images are taken whole. Patches
    are in deviations of the training images', 64 directions for all sets alike. Eight patches of
    at most 2,000 images a set. The interval leaves out halves of the images, directions and places
    held fixed; the reference has training images in the synthetic ones' place.
    """
    sets = (case.train, case.test, case.synthetic)
    size = min(MAX_PATCHED, *(len(each) for each in sets))
    kept = [each.images[subsample(len(each), size, case.seed("patches"))] for each in sets]
    levels = list(zip(*(pyramid(each) for each in kept), strict=True))
    scales = [_projected(case, place, *level) for place, level in enumerate(levels)]
    train, test, synthetic = (np.stack(parts, axis=1) for parts in zip(*scales, strict=True))
    found = widened_interval(
        Halved.of(mean_distance, test, synthetic, seed=case.seed("wasserstein")),
        confidence=case.confidence(SLICED_WASSERSTEIN.name),
    )
    by_scale = ", ".join(
        f"{level[0].shape[1]} pixels {mean_distance(test[:, [i]], synthetic[:, [i]]):.3f}"
        for i, level in enumerate(levels)
    )
    measured = SLICED_WASSERSTEIN.measured(
        found,
        case,
        meaning=f"{SLICED_WASSERSTEIN.meaning}: {by_scale};",
        reference=mean_distance(test, train),
    )
    return ImageFindings(Findings((measured,)))


def pyramid(images: Pixels) -> Iterator[Matrix]:
    """Each level of the Laplacian pyramid, the finest first; the last one is what is left.

    >>> [level.shape for level in pyramid(np.zeros((2, 64, 64, 1), np.uint8))]
    [(2, 64, 64, 1), (2, 32, 32, 1), (2, 16, 16, 1)]
    """
    level = images.astype(np.float64) / 255
    while min(level.shape[1:3]) // 2 >= LEAST_SIDE:
        height, width = (side // 2 * 2 for side in level.shape[1:3])
        level = level[:, :height, :width]
        below = level.reshape(len(level), height // 2, 2, width // 2, 2, -1).mean(axis=(2, 4))
        yield level - below.repeat(2, axis=1).repeat(2, axis=2)
        level = below
    yield level


def _projected(case: ImageCase, place: int, *levels: Matrix) -> tuple[Matrix, ...]:
    """Patches along random directions, shape (images, patches, directions), one set each."""
    sets = [_patches(level, case.seed("patches", place)) for level in levels]
    width, channels = sets[0].shape[-2], sets[0].shape[-1]
    center = sets[0].mean(axis=(0, 1, 2))
    scale = sets[0].std(axis=(0, 1, 2))
    rng = np.random.default_rng(case.seed("directions", place))
    directions = rng.normal(size=(width * channels, NUM_DIRECTIONS))
    directions /= np.linalg.norm(directions, axis=0)
    scaled = [(each - center) / np.where(scale > 0, scale, 1.0) for each in sets]
    return tuple(each.reshape(*each.shape[:2], -1) @ directions for each in scaled)


def _patches(level: Matrix, seed: int) -> Matrix:
    """Shape (images, patches, pixels, channels): squares at random places, or the whole image."""
    count, height, width, channels = level.shape
    if min(height, width) < LEAST_SIDE:
        return level.reshape(count, 1, height * width, channels)
    rng = np.random.default_rng(seed)
    tops = rng.integers(height - PATCH + 1, size=(count, PATCHES_AN_IMAGE, 1, 1))
    lefts = rng.integers(width - PATCH + 1, size=(count, PATCHES_AN_IMAGE, 1, 1))
    steps = np.arange(PATCH)
    rows = np.arange(count)[:, None, None, None]
    found: Matrix = level[rows, tops + steps[:, None], lefts + steps]
    return found.reshape(count, PATCHES_AN_IMAGE, PATCH * PATCH, channels)


def mean_distance(real: Matrix, other: Matrix) -> float:
    """The mean over scales and directions of the Wasserstein-1 distance along a direction.

    Both are of shape (images, scales, patches, directions).

    >>> points = np.arange(8.0).reshape(4, 1, 2, 1)
    >>> mean_distance(points, points + 3.0)
    3.0
    """
    sides = [
        np.moveaxis(each, 1, 0).reshape(each.shape[1], -1, each.shape[3]) for each in (real, other)
    ]
    quantiles = (np.arange(512) + 0.5) / 512
    first, second = (np.quantile(side, quantiles, axis=1) for side in sides)
    return float(np.abs(first - second).mean())


WASSERSTEIN = ImageEvaluator(measure_wasserstein, (SLICED_WASSERSTEIN,))
