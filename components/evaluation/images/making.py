"""Synthetic images for one fold: how many of each class, drawn, and which of them are used."""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from components.config.image_evaluation import Keep
from components.data.conditions import Condition
from components.data.images.schema import LABEL
from components.data.images.sets import ImageSet, Labels
from components.errors import UserError
from components.evaluation.seeds import derived_seed

OVERDRAW = 2
"""Images drawn for each one that is asked for, so that some can be thrown out."""

Counts = NDArray[np.int64]


class ImageSampler(Protocol):
    """Anything that draws images: every `ImageModel`."""

    def draw_images(
        self, num_images: int, *, condition: Condition | None = None, seed: int
    ) -> Iterator[ImageSet]:
        """`num_images` images in parts, all meeting `condition`."""
        ...


MakeAndFitImages = Callable[[ImageSet, int], ImageSampler]
"""Fits a fresh generator of the judged kind on images, from a seed."""


def wanted(counts: Counts, ratio: float, *, balance: bool) -> Counts:
    """How many synthetic images of each class go with `counts` real ones, `ratio` for each.

    With `balance` the smallest classes are filled up first, as water would; else every class gets
    its share. A class without real images gets none; at least one image is wanted in all.

    >>> wanted(np.array([10, 2, 0, 4]), 0.5, balance=True).tolist()
    [0, 5, 0, 3]
    >>> wanted(np.array([10, 2, 0, 4]), 0.5, balance=False).tolist()
    [5, 1, 0, 2]
    """
    total, present = max(round(ratio * int(counts.sum())), 1), np.flatnonzero(counts)
    added = np.zeros(len(counts), dtype=np.int64)
    if balance:
        levels = range(int(counts.max()) + total + 1)
        level = bisect_right(levels, total, key=lambda n: _needs(counts[present], n).sum()) - 1
        added[present] = _needs(counts[present], level)
        order = present[np.argsort(np.maximum(counts[present] - level, 0), kind="stable")]
    else:
        shares = total * counts[present] / counts.sum()
        added[present] = np.floor(shares)
        order = present[np.argsort(np.floor(shares) - shares, kind="stable")]
    added[order[: total - int(added.sum())]] += 1
    return added


def _needs(counts: Counts, level: int) -> Counts:
    needs: Counts = np.maximum(level - counts, 0)
    return needs


@dataclass(frozen=True)
class Made:
    """Images that a generator drew, class by class, and what a classifier calls each of them.

    The classifier learned from the fold's real training images.
    """

    images: ImageSet
    called: Labels

    @property
    def agrees(self) -> NDArray[np.bool_]:
        """True where the classifier calls an image by its label."""
        agrees: NDArray[np.bool_] = self.called == self.labels
        return agrees

    @property
    def labels(self) -> Labels:
        """What each image is meant to show."""
        assert self.images.labels is not None
        return self.images.labels

    def used(self, counts: Counts, keep: Keep) -> Counts:
        """Positions of the first `counts` images of each class that may be used, or all there are.

        >>> images = ImageSet(np.zeros((3, 1, 1, 1), np.uint8), np.array([0, 0, 1]), ("a", "b"), "")
        >>> made = Made(images, np.array([1, 0, 1]))
        >>> made.used(np.array([1, 1]), Keep.ALL).tolist()
        [0, 2]
        >>> made.used(np.array([1, 1]), Keep.AGREED).tolist()
        [1, 2]
        """
        may = self.agrees if keep is Keep.AGREED else np.ones(len(self.labels), dtype=np.bool_)
        return np.concatenate(
            [
                np.flatnonzero(may & (self.labels == code))[:count]
                for code, count in enumerate(counts)
            ]
        )


def draw(sampler: ImageSampler, counts: Counts, classes: tuple[str, ...], seed: int) -> ImageSet:
    """Twice as many images of each class as `counts` says, the classes one after another.

    Raises UserError for a generator that cannot be asked for a class.
    """
    parts: list[ImageSet] = []
    for code in np.flatnonzero(counts):
        try:
            parts += sampler.draw_images(
                OVERDRAW * int(counts[code]),
                condition={LABEL: classes[code]},
                seed=derived_seed(seed, "class", int(code)),
            )
        except UserError as error:
            raise UserError(
                f"augmentation asks a generator for images of each class: {error}"
            ) from error
    labels = np.repeat(np.arange(len(classes)), OVERDRAW * counts)
    return ImageSet(np.concatenate([part.images for part in parts]), labels, classes, "")
