"""Procedural sprites: a shape on dark ground, of known size, colour and place, told in words.

The caption says what was drawn ("large red square left"), so that it can be measured whether an
image shows what its caption asks for. All else varies: where exactly, how large, how bright.
"""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from components.data.images.sets import ImageSet, Labels, Pixels

SIDE = 32
NUM_SPRITES = 4_000
SIZES: Mapping[str, tuple[float, float]] = {"large": (6.5, 7.5), "small": (3.5, 4.5)}
"""The radius of each size in pixels, from and to."""
COLOURS: Mapping[str, tuple[int, int, int]] = {
    "blue": (50, 90, 240),
    "green": (40, 200, 60),
    "red": (230, 40, 40),
    "white": (235, 235, 235),
    "yellow": (235, 215, 40),
}
PLACES: Mapping[str, float] = {"left": 9.0, "right": 23.0}
"""The middle of each place across, in pixels."""

Plane = NDArray[np.float64]


def _square(x: Plane, y: Plane) -> Plane:
    edge: Plane = np.maximum(np.abs(x), np.abs(y)) - 0.86
    return edge


def _disc(x: Plane, y: Plane) -> Plane:
    edge: Plane = np.hypot(x, y) - 1
    return edge


def _triangle(x: Plane, y: Plane) -> Plane:
    edge: Plane = np.maximum(y - 0.7, np.abs(x) * 0.87 - y * 0.5 - 0.5)
    return edge


def _cross(x: Plane, y: Plane) -> Plane:
    wide, high = np.abs(x), np.abs(y)
    bars = np.maximum(wide - 1, high - 0.34), np.maximum(wide - 0.34, high - 1)
    edge: Plane = np.minimum(*bars)
    return edge


SHAPES: Mapping[str, Callable[[Plane, Plane], Plane]] = {
    "cross": _cross,
    "disc": _disc,
    "square": _square,
    "triangle": _triangle,
}
"""The distance to the edge of a shape of radius 1, negative inside; y points down."""

CAPTIONS = tuple(
    f"{size} {colour} {shape} {place}"
    for size in SIZES
    for colour in COLOURS
    for shape in SHAPES
    for place in PLACES
)
"""Every caption, sorted; all are equally frequent."""


def draw_sprites(count: int = NUM_SPRITES, *, seed: int = 0) -> ImageSet:
    """`count` sprites of 32 x 32 in colour, as many of each caption, in random order.

    >>> drawn = draw_sprites(160)
    >>> drawn.images.shape, drawn.classes[0], int(np.bincount(drawn.labels).min())
    ((160, 32, 32, 3), 'large blue cross left', 2)
    """
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(count) % len(CAPTIONS)).astype(np.int64)
    return ImageSet(render(labels, rng), labels, CAPTIONS, "")


def render(labels: Labels, rng: np.random.Generator) -> Pixels:
    """A sprite for each label, a position in `CAPTIONS`."""
    split = [CAPTIONS[label].split() for label in labels]
    low, high = np.array([SIZES[words[0]] for words in split]).T
    radius = rng.uniform(low, high)
    across = np.array([PLACES[words[3]] for words in split]) + rng.uniform(-1.5, 1.5, len(labels))
    down = rng.uniform(9, SIDE - 9, len(labels))
    colour = np.array([COLOURS[words[1]] for words in split]) * rng.uniform(
        0.85, 1.0, (len(labels), 1)
    )
    ground = rng.uniform(10, 40, len(labels))
    cover = _cover([words[2] for words in split], across, down, radius)[..., None]
    images = ground[:, None, None, None] * (1 - cover) + colour[:, None, None] * cover
    return np.clip(np.round(images), 0, 255).astype(np.uint8)


def _cover(shapes: list[str], across: Plane, down: Plane, radius: Plane) -> Plane:
    """The share of each pixel inside the shape, shape (sprites, side, side)."""
    middle = np.arange(SIDE) + 0.5
    cover = np.empty((len(shapes), SIDE, SIDE))
    for name, distance in SHAPES.items():
        rows = np.flatnonzero(np.array(shapes) == name)
        scale = radius[rows, None, None]
        x = (middle[None, None] - across[rows, None, None]) / scale
        y = (middle[None, :, None] - down[rows, None, None]) / scale
        cover[rows] = np.clip(0.5 - distance(x, y) * scale, 0, 1)
    return cover
