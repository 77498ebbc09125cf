"""Ways to teach a classifier with a fold's images: those of a benefit trial, by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from components.config.image_evaluation import Keep
from components.data.images.sets import ImageSet
from components.data.table import Matrix
from components.evaluation.images.making import Counts

REAL, CLASSIC, DUPLICATED = "real", "classic", "duplicated real"
WEIGHTED, OVERSAMPLED = "class weights", "oversampling"
CLASSIC_OVERSAMPLED = "classic + oversampling"
AUGMENTED, SYNTHETIC = "real + synthetic", "synthetic"
OURS = "real + classic + synthetic"

EVEN = 1.1


@dataclass(frozen=True)
class Taught:
    """Images to learn from, a weight for each class, and whether they are varied at every step."""

    images: ImageSet
    weights: Matrix | None = None
    is_classic: bool = False


@dataclass(frozen=True)
class FoldImages:
    """A fold's real training images, the number that duplicates add, and a seed."""

    real: ImageSet
    num_added: int
    seed: int

    @property
    def counts(self) -> Counts:
        """Real images of each class."""
        assert self.real.labels is not None
        return np.bincount(self.real.labels, minlength=len(self.real.classes))


def real(fold: FoldImages) -> Taught:
    """The real images, as they are."""
    return Taught(fold.real)


def weighted(fold: FoldImages) -> Taught:
    """The real images, every class weighing the same."""
    counts = fold.counts
    weights = np.where(counts > 0, counts.max() / np.maximum(counts, 1), 0.0)
    return Taught(fold.real, weights)


def oversampled(fold: FoldImages) -> Taught:
    """The real images, those of smaller classes repeated at random up to the largest class."""
    rng, counts = np.random.default_rng(fold.seed), fold.counts
    extra = [
        rng.choice(np.flatnonzero(fold.real.labels == code), size=counts.max() - counts[code])
        for code in np.flatnonzero(counts)
    ]
    return Taught(fold.real.take(np.concatenate([np.arange(len(fold.real)), *extra])))


def duplicated(fold: FoldImages) -> Taught:
    """The real images, and as many repeated at random as there would be synthetic ones."""
    extra = np.random.default_rng(fold.seed).integers(len(fold.real), size=fold.num_added)
    return Taught(fold.real.take(np.concatenate([np.arange(len(fold.real)), extra])))


def classic(fold: FoldImages) -> Taught:
    """The real images, varied anew at every step."""
    return Taught(fold.real, is_classic=True)


def classic_oversampled(fold: FoldImages) -> Taught:
    """Smaller classes repeated up to the largest one, and all varied anew at every step."""
    return Taught(oversampled(fold).images, is_classic=True)


Way = Callable[[FoldImages], Taught]

RIVALS: Mapping[str, Way] = {
    REAL: real,
    WEIGHTED: weighted,
    OVERSAMPLED: oversampled,
    DUPLICATED: duplicated,
    CLASSIC: classic,
    CLASSIC_OVERSAMPLED: classic_oversampled,
}
"""Every way without a generator: what one must beat."""

_FOR_UNEVEN = (WEIGHTED, OVERSAMPLED, CLASSIC_OVERSAMPLED)
_WITH_CLASSIC = (CLASSIC, CLASSIC_OVERSAMPLED)


def rivals(counts: Counts, *, has_classic: bool) -> tuple[str, ...]:
    """The ways without a generator that differ, given the images of each class.

    >>> rivals(np.array([50, 50]), has_classic=True)
    ('real', 'duplicated real', 'classic')
    """
    left_out = (_FOR_UNEVEN if is_even(counts) else ()) + (() if has_classic else _WITH_CLASSIC)
    return tuple(name for name in RIVALS if name not in left_out)


def is_even(counts: Counts) -> bool:
    """True where no class has over a tenth more images than another: nothing to make up for."""
    present = counts[counts > 0]
    return bool(present.max() <= EVEN * present.min())


@dataclass(frozen=True)
class Option:
    """A way to use synthetic images: so many for each real one, all or those agreed with."""

    ratio: float
    keep: Keep

    def named(self, ours: str) -> str:
        """The name of our way with it.

        >>> Option(2.0, Keep.AGREED).named("real + synthetic")
        'real + synthetic x2, agreed'
        """
        return f"{ours} x{self.ratio:g}, {self.keep}"
