"""One fold of a benefit trial of images: a generator fitted in it, every way taught and scored."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import RepeatedStratifiedKFold, StratifiedGroupKFold

from components.config.image_evaluation import ImageBenefitConfig, Keep
from components.data.images.sets import ImageSet, Labels, joined
from components.evaluation.fewest import check_folds
from components.evaluation.images.making import Counts, Made, MakeAndFitImages, draw, wanted
from components.evaluation.images.trial import Scores, scores_of
from components.evaluation.images.ways import (
    AUGMENTED,
    CLASSIC,
    OURS,
    REAL,
    RIVALS,
    SYNTHETIC,
    FoldImages,
    Option,
    Taught,
    is_even,
    rivals,
)
from components.evaluation.seeds import derived_seed
from components.networks.images.classifier import ImageClassifier
from components.training.classic import classic_augmentation
from components.training.classification import chances_of, fit_classifier


@dataclass(frozen=True)
class Plan:
    """What is done in every fold; ratios are in rising order."""

    train: ImageSet
    make_and_fit: MakeAndFitImages
    ratios: tuple[float, ...]
    config: ImageBenefitConfig
    seed: int

    @property
    def counts(self) -> Counts:
        """Training images of each class."""
        return FoldImages(self.train, 0, 0).counts

    @property
    def present(self) -> Counts:
        """The classes that occur."""
        return np.flatnonzero(self.counts)

    @property
    def rarest(self) -> int | None:
        """The smallest class, None where all are about as large."""
        present = self.present
        return None if is_even(self.counts) else int(present[self.counts[present].argmin()])

    @property
    def has_classic(self) -> bool:
        """False where classic augmentation would change nothing."""
        return self.config.classic.has_effect

    @property
    def ours(self) -> str:
        """The way that is judged: with classic augmentation, where there is any."""
        return OURS if self.has_classic else AUGMENTED

    @property
    def rivals(self) -> tuple[str, ...]:
        """Every way without a generator."""
        return rivals(self.counts, has_classic=self.has_classic)

    @property
    def usual(self) -> float:
        """The ratio next to 1: that of synthetic images alone, and of those beside plain ones."""
        return min(self.ratios, key=lambda ratio: abs(np.log(ratio)))

    @property
    def options(self) -> tuple[Option, ...]:
        """The ways to use synthetic images among which the other folds choose."""
        return tuple(Option(ratio, keep) for ratio in self.ratios for keep in self.config.keep)


@dataclass(frozen=True)
class Split:
    """Positions of a fold's training and held-out images, and the fold's number."""

    number: int
    fit: NDArray[np.int64]
    held: NDArray[np.int64]


@dataclass(frozen=True)
class FoldResult:
    """Every way's scores, and what is looked at besides.

    `agreed` is the share of drawn images that a classifier of real ones calls by their label.
    `real` and `made` are kept of the first fold alone.
    """

    scores: Mapping[str, Scores]
    agreed: float
    real: ImageSet | None = None
    made: Made | None = None


def splits_of(plan: Plan, folds: int, repeats: int) -> list[Split]:
    """The folds, stratified, groups kept whole.

    Raises UserError for a class with fewer images, or groups of them, than folds.
    """
    assert plan.train.shown is not None
    check_folds(plan.train.shown, plan.train.groups, folds)
    parts = _parts(plan.train, folds, repeats, derived_seed(plan.seed, "folds"))
    return [
        Split(number, fit.astype(np.int64), held.astype(np.int64))
        for number, (fit, held) in enumerate(parts)
    ]


def _parts(
    images: ImageSet, folds: int, repeats: int, seed: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Positions of training and held-out images, fold after fold."""
    if images.groups is None:
        repeated = RepeatedStratifiedKFold(n_splits=folds, n_repeats=repeats, random_state=seed)
        yield from repeated.split(np.zeros(len(images)), images.labels)
        return
    for repeat in range(repeats):
        whole = StratifiedGroupKFold(
            n_splits=folds, shuffle=True, random_state=derived_seed(seed, "repeat", repeat)
        )
        yield from whole.split(np.zeros(len(images)), images.labels, images.groups)


def judge_fold(plan: Plan, split: Split) -> FoldResult:
    """Every way of training in one fold, scored on its held-out images.

    The generator, and the classifier that throws synthetic images out, learn from the fold's
    training images alone. Every way starts from the same weights and has as many steps.
    """
    inside, held = plan.train.take(split.fit), plan.train.take(split.held)
    seed = derived_seed(plan.seed, "fold", split.number)
    sampler = plan.make_and_fit(inside, derived_seed(plan.seed, "generator", split.number))
    counts = FoldImages(inside, 0, seed).counts
    most = wanted(counts, plan.ratios[-1], balance=plan.config.balance)
    drawn = draw(sampler, most, inside.classes, seed)
    usual = wanted(counts, plan.usual, balance=plan.config.balance)
    fold = FoldImages(inside, int(usual.sum()), seed)
    classes, config = plan.train.classes, plan.config
    nets = {way: teach(RIVALS[way](fold), classes, config, seed) for way in plan.rivals}
    made = Made(drawn, called_by(nets[CLASSIC if plan.has_classic else REAL], drawn))
    for way, taught in _with_synthetic(plan, fold, made):
        nets[way] = teach(taught, classes, config, seed)
    assert held.labels is not None
    scores = {
        way: scores_of(held.labels, called_by(net, held), plan.train.classes)
        for way, net in nets.items()
    }
    agreed = float(made.agrees.mean())
    return FoldResult(scores, agreed, *((inside, made) if split.number == 0 else ()))


def _with_synthetic(plan: Plan, fold: FoldImages, made: Made) -> Iterator[tuple[str, Taught]]:
    """Every way that uses synthetic images; the two beside ours use all, at the usual ratio."""
    usual = wanted(fold.counts, plan.usual, balance=plan.config.balance)
    all_made = made.images.take(made.used(usual, Keep.ALL))
    yield SYNTHETIC, Taught(all_made)
    if plan.has_classic:
        yield AUGMENTED, Taught(joined([fold.real, all_made]))
    for option in plan.options:
        counts = wanted(fold.counts, option.ratio, balance=plan.config.balance)
        used = made.images.take(made.used(counts, option.keep))
        yield (
            option.named(plan.ours),
            Taught(joined([fold.real, used]), is_classic=plan.has_classic),
        )


def teach(
    taught: Taught, classes: Sequence[str], config: ImageBenefitConfig, seed: int
) -> ImageClassifier:
    """A classifier of `classes`, as long and from the same weights whatever it is taught."""
    assert taught.images.labels is not None
    return fit_classifier(
        taught.images.images,
        taught.images.labels,
        len(classes),
        seed=seed,
        steps=config.steps,
        weights=taught.weights,
        augment=classic_augmentation(config.classic) if taught.is_classic else None,
    )


def called_by(net: ImageClassifier, images: ImageSet) -> Labels:
    """The class that a classifier finds likeliest for each image."""
    called: Labels = chances_of(net, images.images).argmax(axis=1)
    return called
