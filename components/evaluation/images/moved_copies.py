"""Privacy of images: copies of training images that were mirrored or moved by a little."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

from components.data.images.sets import ImageSet, Pixels
from components.data.table import Matrix
from components.evaluation.case import Findings, Metric, subsample
from components.evaluation.images.case import (
    ImageCase,
    ImageEvaluator,
    ImageFindings,
    Panel,
    Strip,
    flattened,
)
from components.evaluation.images.copies import excess

MAX_LOOKED_UP = 2_000
NEAR, NUM_OTHERS = 0.4, 5
REACH, NUM_PLACES = 14, 5
SHOWN = 10

MOVED_COPY_EXCESS = Metric(
    name="moved_copy_excess",
    family="privacy",
    goal="minimise",
    bounds=(-1.0, 1.0),
    ideal=0.0,
    meaning="the share of synthetic images that resemble one training image alone, perhaps "
    "mirrored or moved, beyond what chance explains",
)


@dataclass(frozen=True)
class Resemblance:
    """For each image the distance to the nearest other, as a share of that to the next five.

    `partners` are the positions of the nearest. Both are of the best of all moves.
    """

    shares: Matrix
    partners: NDArray[np.int64]


def measure_moved_copies(case: ImageCase) -> ImageFindings:
    """The share of images that are far closer to one training image than to any other.

    Closer than .4 of the mean distance to the next five, as Carlini et al. (2023, section 5.1) tell
    what a diffusion model memorised. Looked up mirrored or not and moved by up to a
    14th of a side, the best move counting, by 24 main components of the synthetic images' pixels,
    which noise and blur change little. The share that so resembles a test image is taken off. As
    many training as test images take part, the excess is scaled back to all; at most 2,000
    synthetic images are looked up. The interval is that of a mean over synthetic images. Blind to
    what is in the training images several times over, which `copies.py` sees if it is copied as is.
    """
    kept = subsample(len(case.synthetic), MAX_LOOKED_UP, case.seed("moved copies"))
    synthetic, axes = case.synthetic.take(kept), case.synthetic_axes
    in_train, in_test = (resemblance(synthetic.images, side.images, axes) for side in case.sides)
    found = excess(
        in_train.shares < NEAR,
        in_test.shares < NEAR,
        confidence=case.confidence(MOVED_COPY_EXCESS.name),
    )
    measured = MOVED_COPY_EXCESS.measured(found.scaled(case.times_a_side), case)
    if len(case.sides[0]) < len(case.train):
        in_train = resemblance(synthetic.images, case.train.images, axes)
    return ImageFindings(Findings((measured,)), (_panel(case, synthetic, in_train),))


def resemblance(images: Pixels, among: Pixels, axes: PCA) -> Resemblance:
    """How much closer each image, moved as suits it, is to one of `among` than to others.

    >>> images = np.random.default_rng(0).integers(256, size=(20, 8, 8, 1)).astype(np.uint8)
    >>> mirrored = images[3:4, :, ::-1]
    >>> found = resemblance(mirrored, images, PCA(5, random_state=0).fit(flattened(images)))
    >>> found.shares.round(3).tolist(), found.partners.tolist()
    ([0.0], [3])
    """
    known = axes.transform(flattened(among))
    count = min(NUM_OTHERS + 1, len(known))
    index = NearestNeighbors(n_neighbors=count, algorithm="brute", n_jobs=1).fit(known)
    places = [_places(side) for side in images.shape[1:3]]
    best = np.full(len(images), np.inf)
    partners = np.zeros(len(images), dtype=np.int64)
    others = np.ones(len(images))
    for moved in _moves(images, *places):
        distances, found = index.kneighbors(axes.transform(flattened(moved)))
        better = distances[:, 0] < best
        best[better] = distances[better, 0]
        others[better] = distances[better, 1:].mean(axis=1)
        partners[better] = found[better, 0]
    shares = np.divide(best, others, out=np.ones_like(best), where=others > 0)
    return Resemblance(shares, partners)


def _places(side: int) -> list[int]:
    """How many pixels to move by along a side: none, and up to a 14th of it either way."""
    reach = max(1, side // REACH)
    return sorted({int(step) for step in np.round(np.linspace(-reach, reach, NUM_PLACES))})


def _moves(images: Pixels, down: list[int], right: list[int]) -> Iterator[Pixels]:
    """The images as they are, mirrored, and either moved; edges are drawn out."""
    height, width = images.shape[1:3]
    pads = [max(steps) for steps in (down, right)]
    padded = np.pad(images, ((0, 0), (pads[0],) * 2, (pads[1],) * 2, (0, 0)), mode="edge")
    for turned in (padded, padded[:, :, ::-1]):
        for top in (pads[0] + step for step in down):
            for left in (pads[1] + step for step in right):
                yield turned[:, top : top + height, left : left + width]


def _panel(case: ImageCase, synthetic: ImageSet, found: Resemblance) -> Panel:
    """The synthetic images that most resemble one training image, and that one beneath each.

    `found` is their resemblance to all training images.
    """
    closest = np.argsort(found.shares, kind="stable")[:SHOWN]
    shares, nearly = found.shares[closest], int((found.shares < NEAR).sum())
    return Panel(
        key="closest",
        title="Which synthetic images most resemble one training image?",
        meaning=f"{nearly:,} of {len(synthetic):,} synthetic images are less than {NEAR:.0%} as "
        f"far from one training image as from the next {NUM_OTHERS}; the closest {shares[0]:.0%}.",
        reading="Above a synthetic image, beneath it the training image it most resembles, perhaps "
        "mirrored or moved, and its distance as a share of that to the next ones. Some do by "
        "chance: look for the same person, scan or stroke.",
        strips=(
            Strip("synthetic", synthetic.images[closest], tuple(f"{s:.0%}" for s in shares)),
            Strip("training", case.train.images[found.partners[closest]]),
        ),
    )


MOVED_COPIES = ImageEvaluator(measure_moved_copies, (MOVED_COPY_EXCESS,))
