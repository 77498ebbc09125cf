"""Procedural lesions of the liver, as on CT: three kinds by known factors, at published counts.

The protocol is that of Frid-Adar et al. (2018, "GAN-based synthetic medical image augmentation"):
53 cysts, 64 metastases and 65 hemangiomas, a square of tissue about each. The images are drawn, not
patients': a cyst is dark, even and sharply bounded; a metastasis is blurred, uneven and may have a
faint rim; a hemangioma has bright nodules along its edge. Kinds overlap, as real ones do.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from components.data.images.sets import ImageSet, Labels, Pixels

KINDS = ("cyst", "metastasis", "hemangioma")
CASES = (53, 64, 65)
SIDE = 32
LIVER = 120.0
MOST_NODULES = 5

Vector = NDArray[np.float64]
Planes = NDArray[np.float64]

CYST, METASTASIS, HEMANGIOMA = range(3)


@dataclass(frozen=True)
class Factors:
    """What each lesion is like, every field of shape (lesions,) but for the last two.

    Lengths are in pixels, brightness in grey levels; `stretch` is the ratio of the axes, `tilt` in
    radians, `blur` the width of the edge, `depth` how much darker than the liver, `unevenness` the
    deviation of the texture inside, `rim` the brightness of the whole edge. `nodules` (lesions, 5)
    are brightnesses along the edge, 0 for none, at the angles `places` (lesions, 5).
    """

    labels: Labels
    across: Vector
    down: Vector
    radius: Vector
    stretch: Vector
    tilt: Vector
    blur: Vector
    depth: Vector
    unevenness: Vector
    rim: Vector
    nodules: Planes
    places: Planes


def draw_factors(labels: Labels, *, seed: int) -> Factors:
    """Factors of a lesion for each label, a position in `KINDS`, as that kind has them."""
    rng, count = np.random.default_rng(seed), len(labels)

    def by_kind(*ranges: tuple[float, float]) -> Vector:
        low, high = np.array(ranges)[labels].T
        drawn: Vector = low + (high - low) * rng.random(count)
        return drawn

    wanted = rng.integers(2, MOST_NODULES + 1, size=count) * (labels == HEMANGIOMA)
    strengths = rng.uniform(40, 110, size=(count, MOST_NODULES))
    return Factors(
        labels=labels,
        across=by_kind(*[(-3.0, 3.0)] * 3),
        down=by_kind(*[(-3.0, 3.0)] * 3),
        radius=by_kind((6, 12), (6, 12), (6, 12)),
        stretch=by_kind((0.75, 1), (0.55, 1), (0.6, 1)),
        tilt=by_kind(*[(0, np.pi)] * 3),
        blur=by_kind((0.3, 1.0), (0.9, 2.2), (0.5, 1.5)),
        depth=by_kind((40, 80), (30, 65), (35, 70)),
        unevenness=by_kind((0, 4), (4, 14), (1, 7)),
        rim=by_kind((0, 6), (5, 35), (0, 8)),
        nodules=np.where(np.arange(MOST_NODULES) < wanted[:, None], strengths, 0.0),
        places=rng.uniform(0, 2 * np.pi, size=(count, MOST_NODULES)),
    )


def render(factors: Factors, *, seed: int, noise: float = 6.0) -> Pixels:
    """The images (lesions, 32, 32, 1) of these factors, in liver with vessels and `noise`.

    The same factors and another seed give another patient's tissue about the same lesion.
    """
    rng, count = np.random.default_rng(seed), len(factors.labels)
    axis = np.arange(SIDE) - (SIDE - 1) / 2
    y, x = axis[None, :, None] - _of(factors.down), axis[None, None, :] - _of(factors.across)
    cosine, sine = np.cos(_of(factors.tilt)), np.sin(_of(factors.tilt))
    along, aside = x * cosine + y * sine, (y * cosine - x * sine) / _of(factors.stretch)
    outside = np.hypot(along, aside) - _of(factors.radius)
    inside = 1 / (1 + np.exp(outside / _of(factors.blur)))
    edge = np.exp(-0.5 * (outside / np.maximum(_of(factors.blur), 1.0)) ** 2)
    texture = ndimage.gaussian_filter(rng.normal(size=(count, SIDE, SIDE)), (0, 1.2, 1.2)) * 4
    found = _tissue(count, rng) - inside * _of(factors.depth)
    found += inside * texture * _of(factors.unevenness) + edge * _of(factors.rim)
    found += inside * _nodules(factors, along, aside)
    found += noise * ndimage.gaussian_filter(rng.normal(size=found.shape), (0, 0.6, 0.6)) * 2
    pixels: Pixels = np.clip(np.round(found), 0, 255).astype(np.uint8)[..., None]
    return pixels


def draw_lesions(counts: Sequence[int] = CASES, *, seed: int) -> ImageSet:
    """So many lesions of each kind, labelled by `KINDS`; other seeds give other patients.

    >>> lesions = draw_lesions(seed=0)
    >>> lesions.images.shape, np.bincount(lesions.labels).tolist()
    ((182, 32, 32, 1), [53, 64, 65])
    """
    labels = np.repeat(np.arange(len(KINDS)), counts)
    factors, tissue = np.random.SeedSequence(seed).generate_state(2)
    images = render(draw_factors(labels, seed=int(factors)), seed=int(tissue))
    return ImageSet(images, labels, KINDS, "")


def _of(factor: Vector) -> Planes:
    planes: Planes = factor[:, None, None]
    return planes


def _tissue(count: int, rng: np.random.Generator) -> Planes:
    """Liver of uneven brightness, crossed by up to two bright vessels."""
    found: Planes = LIVER + rng.normal(scale=8, size=(count, 1, 1))
    found = found + 96 * ndimage.gaussian_filter(rng.normal(size=(count, SIDE, SIDE)), (0, 4, 4))
    axis = np.arange(SIDE) - (SIDE - 1) / 2
    for _ in range(2):
        angle = rng.uniform(0, np.pi, size=(count, 1, 1))
        offset = rng.uniform(-SIDE, SIDE, size=(count, 1, 1))
        width = rng.uniform(0.8, 1.8, size=(count, 1, 1))
        bright = rng.uniform(5, 25, size=(count, 1, 1))
        distance = axis[:, None] * np.cos(angle) + axis[None, :] * np.sin(angle) - offset
        found = found + bright * np.exp(-0.5 * (distance / width) ** 2)
    return found


def _nodules(factors: Factors, along: Planes, aside: Planes) -> Planes:
    """Bright spots a little inside the edge, each a fifth of the radius wide or more."""
    found = np.zeros_like(along)
    width = np.maximum(0.28 * _of(factors.radius), 1.2)
    for bright, angle in zip(factors.nodules.T, factors.places.T, strict=True):
        right, below = (
            0.8 * _of(factors.radius) * _of(turn) for turn in (np.cos(angle), np.sin(angle))
        )
        squared = (along - right) ** 2 + (aside - below) ** 2
        found += _of(bright) * np.exp(-0.5 * squared / width**2)
    return found
