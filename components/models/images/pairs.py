"""Pairs of images: of one class, of two, or of what lies near where classes are not known."""

import numpy as np
from numpy.typing import NDArray

from components.data.images.sets import Labels, Pixels

NEAR, AMONG = 5, 2_000
"""Without labels one of so many closest images, of so many in all, is the other of a pair."""

Places = NDArray[np.int64]
Pairs = tuple[Places, Places]
"""Positions of the first of each pair, and of the second."""


def pairs_within(labels: Labels, count: int, rng: np.random.Generator) -> Pairs:
    """Positions of `count` pairs of different images of one class; none where each has one image.

    >>> first, second = pairs_within(np.array([0, 1, 1]), 3, np.random.default_rng(0))
    >>> (first + second).tolist(), (first != second).all().item()
    ([3, 3, 3], True)
    """
    sizes = np.bincount(labels)
    sources = np.flatnonzero(sizes[labels] > 1)
    if not len(sources):
        return sources, sources
    order = np.argsort(labels, kind="stable")
    places = np.empty(len(labels), np.int64)
    places[order] = np.arange(len(labels))
    first = rng.choice(sources, size=count)
    size, start = sizes[labels[first]], (np.cumsum(sizes) - sizes)[labels[first]]
    steps = 1 + (rng.random(count) * (size - 1)).astype(np.int64)
    return first, order[start + (places[first] - start + steps) % size]


def pairs_across(labels: Labels, count: int, rng: np.random.Generator) -> Pairs:
    """Positions of about `count` pairs of images of two classes; none where there is one.

    >>> first, second = pairs_across(np.array([0, 0, 1]), 20, np.random.default_rng(0))
    >>> sorted(set((first + second).tolist()))
    [2, 3]
    """
    first, second = rng.integers(len(labels), size=(2, count * len(np.unique(labels))))
    differ = np.flatnonzero(labels[first] != labels[second])[:count]
    return first[differ], second[differ]


def pairs_near(images: Pixels, count: int, rng: np.random.Generator) -> Pairs:
    """Positions of `count` pairs of an image and one of those closest to it, pixel by pixel.

    They are looked for among `AMONG` images at random; there are none of one image.
    """
    among = rng.permutation(len(images))[:AMONG]
    flat = images[among].reshape(len(among), -1).astype(np.float32)
    squares, near = (flat**2).sum(axis=1), min(NEAR, len(among) - 1)
    if not near:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    first, ranks = rng.integers(len(among), size=count), rng.integers(near, size=count)
    second = np.empty(count, np.int64)
    for place, (source, rank) in enumerate(zip(first, ranks, strict=True)):
        distances = squares - 2 * (flat @ flat[source])
        distances[source] = np.inf
        second[place] = np.argpartition(distances, rank)[rank]
    return among[first], among[second]
