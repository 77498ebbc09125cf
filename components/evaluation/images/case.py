"""What is judged where rows are images, and the coordinates that evaluators see them in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from components.config import ColumnKind, EvaluateConfig, Purpose
from components.config.image_evaluation import USUAL_BENEFIT, ImageBenefitConfig
from components.data.images.sets import ImageSet, Pixels
from components.data.inference import describe
from components.data.table import Matrix, Table
from components.evaluation.case import Case, Findings, Metric, asked_confidence, subsample
from components.evaluation.images.making import ImageSampler, MakeAndFitImages
from components.evaluation.images.panels import Panel as Panel  # evaluators find them here
from components.evaluation.images.panels import Strip as Strip
from components.evaluation.seeds import derived_seed
from components.models.contract import LogMetrics, log_nothing
from components.networks.images.classifier import ImageClassifier
from components.training.classification import features_of, fit_classifier, fit_turns

MAX_IMAGES = 10_000
NUM_NETWORKS = 4
NUM_COMPONENTS = 24
MAX_SIDE = 32
_OF_REAL = ("halves", "describer", "taught_by_real")
"""What is cached of a case that its synthetic images have no part in."""


@dataclass(frozen=True)
class ImageCase:
    """Real images to train on, real ones to test on, synthetic ones, and the settings.

    All three are of one size; where `is_labelled`, their labels are positions in the same classes.
    With `make_and_fit` a generator can be fitted anew, for `benefit` says how; `workers` is the
    number of processes that may, on which no result depends.
    """

    train: ImageSet
    test: ImageSet
    synthetic: ImageSet
    config: EvaluateConfig
    num_train: int | None = None
    """How many training images there were before some were drawn, None for those there are."""
    make_and_fit: MakeAndFitImages | None = None
    benefit: ImageBenefitConfig = USUAL_BENEFIT
    workers: int = 1
    log: LogMetrics = log_nothing
    baselines: Mapping[str, ImageSet] = field(default_factory=dict)
    """What other generators made of the same training images, by their names."""
    generator: ImageSampler | None = None
    """The model that made the synthetic images, where it is at hand."""

    @property
    def is_labelled(self) -> bool:
        """True where it is known what every image shows, and that is not the same for all."""
        sets = (self.train, self.test, self.synthetic)
        return len(self.train.classes) > 1 and all(each.is_labelled for each in sets)

    def of(self, synthetic: ImageSet) -> "ImageCase":
        """The same case of other synthetic images; what real ones taught is not learned again."""
        other = replace(self, synthetic=synthetic)
        vars(other).update({name: vars(self)[name] for name in _OF_REAL if name in vars(self)})
        return other

    def seed(self, *labels: str | int) -> int:
        """The seed of a part of the evaluation."""
        return derived_seed(self.config.seed, *labels)

    def confidence(self, metric: str) -> float:
        """The highest confidence that a gate asks of `metric`, .95 where none does."""
        return asked_confidence(self.config, metric)

    @cached_property
    def halves(self) -> tuple[ImageSet, ImageSet]:
        """The training images in two: those the classifier learns from, and those it never sees.

        Groups are kept whole, as they are between training and test images.
        """
        groups = self.train.groups
        if groups is None or len(np.unique(groups)) == 1:
            groups = np.arange(len(self.train))
        order = np.random.default_rng(self.seed("halves")).permutation(len(self.train))
        known = _first_half(groups[order])
        return self.train.take(order[known]), self.train.take(order[~known])

    @cached_property
    def taught_by_real(self) -> tuple[ImageClassifier, ...]:
        """Classifiers that learned from all training images; from other seeds each."""
        return self.taught_by(self.train)

    def taught_by(self, images: ImageSet) -> tuple[ImageClassifier, ...]:
        """As many classifiers that learned from `images`, of the same seeds."""
        assert images.labels is not None
        return tuple(
            fit_classifier(
                images.images,
                images.labels,
                len(self.train.classes),
                seed=self.seed("utility", number),
            )
            for number in range(NUM_NETWORKS)
        )

    @cached_property
    def features(self) -> tuple[Matrix, Matrix, Matrix]:
        """64 features of unseen training images, of test images and of synthetic ones.

        They are the last ones of a classifier that learned from the other half of the training
        images: to tell their classes, or without labels, how far they were turned. All that are
        described here are thus equally new to it, and training and test images can be compared.
        """
        _, unseen = self.halves
        train, test, synthetic = (
            features_of(self.describer, each.images) for each in (unseen, self.test, self.synthetic)
        )
        return train, test, synthetic

    @cached_property
    def describer(self) -> ImageClassifier:
        """The classifier whose last features are `features`."""
        known, _ = self.halves
        seed = self.seed("classifier")
        if self.train.is_labelled and known.labels is not None and len(known.classes) > 1:
            return fit_classifier(known.images, known.labels, len(known.classes), seed=seed)
        return fit_turns(known.images, seed=seed)

    @cached_property
    def in_features(self) -> Case:
        """The images as rows of a table: the 24 main components of their features."""
        axes = _axes(self.features[0], self.seed("features"))
        return self._in(axes, *self.features)

    @cached_property
    def in_pixels(self) -> Case:
        """The images as rows of a table: 24 main components of pixels, by the synthetic images.

        No training image has a say in them, as an attacker would have it.
        """
        return self._in(self.synthetic_axes, *self.pixels)

    @cached_property
    def pixels(self) -> tuple[Matrix, Matrix, Matrix]:
        """The training, test and synthetic images' pixels, an image a row; see `flattened`."""
        train, test, synthetic = (
            flattened(each.images) for each in (self.train, self.test, self.synthetic)
        )
        return train, test, synthetic

    @cached_property
    def synthetic_axes(self) -> PCA:
        """The 24 main components of the synthetic images' pixels."""
        return _axes(self.pixels[2], self.seed("pixels"))

    @cached_property
    def real_axes(self) -> PCA:
        """The 24 main components of the training images' pixels."""
        return _axes(self.pixels[0], self.seed("pixels"))

    @cached_property
    def sides(self) -> tuple[ImageSet, ImageSet]:
        """As many training as test images, so that a chance likeness to either is as likely."""
        size = min(len(self.train), len(self.test))
        train, test = (
            each.take(subsample(len(each), size, self.seed("copies")))
            for each in (self.train, self.test)
        )
        return train, test

    @property
    def times_a_side(self) -> float:
        """How many times as many training images there were as there are on a side."""
        return (self.num_train or len(self.train)) / len(self.sides[0])

    def _in(self, axes: PCA, *points: Matrix) -> Case:
        names = [f"component {i + 1}" for i in range(axes.n_components_)]
        frames = [pd.DataFrame(axes.transform(each), columns=names) for each in points]
        kinds = dict.fromkeys(names, ColumnKind.NUMERICAL)
        schema = describe(frames[0], kinds, names[0])
        train, test, synthetic = (Table(frame, schema) for frame in frames)
        return Case(train, test, synthetic, self.config, None)


def _axes(points: Matrix, seed: int) -> PCA:
    count = min(NUM_COMPONENTS, len(points) - 1, points.shape[1])
    with np.errstate(invalid="ignore"):  # images that are all the same have no variance to divide
        return PCA(count, svd_solver="randomized", random_state=seed).fit(points)


def flattened(images: Pixels) -> Matrix:
    """Each image as one row of numbers 0 to 1, averaged down to at most about 32 pixels a side."""
    height, width = images.shape[1:3]
    down, right = (-(-side // MAX_SIDE) for side in (height, width))
    cut = images[:, : height // down * down, : width // right * right].astype(np.float32) / 255
    blocks = cut.reshape(len(images), height // down, down, width // right, right, -1)
    flat: Matrix = blocks.mean(axis=(2, 4)).reshape(len(images), -1).astype(np.float64)
    return flat


def _first_half(keys: NDArray[np.int64]) -> NDArray[np.bool_]:
    """True for the groups that come first, up to half of the images but one group at least.

    >>> _first_half(np.array([3, 1, 2, 0])).tolist(), _first_half(np.array([2, 2, 1, 2])).tolist()
    ([True, True, False, False], [True, True, False, True])
    """
    groups, first, sizes = np.unique(keys, return_index=True, return_counts=True)
    order = np.argsort(first)
    count = max(int((np.cumsum(sizes[order]) <= len(keys) // 2).sum()), 1)
    return np.isin(keys, groups[order[:count]])


def canonical_images(images: ImageSet, seed: int) -> ImageSet:
    """At most 10,000 images, in an order that depends on their content and `seed` alone.

    Where labels are known of some images alone, those are kept first: none of them gives way to an
    image that is not labelled.
    """
    flat = np.ascontiguousarray(images.images.reshape(len(images), -1))
    if images.labels is not None:  # equal images may have different labels
        flat = np.hstack([flat, images.labels.astype(">u4")[:, None].view(np.uint8)])
    if images.groups is not None:
        flat = np.hstack([flat, images.groups.astype(">u4")[:, None].view(np.uint8)])
    keys = flat.view([("", np.void, flat.shape[1])])[:, 0]
    order = np.argsort(keys, kind="stable")
    is_known = images.is_known[order]
    known, others = np.flatnonzero(is_known), np.flatnonzero(~is_known)
    known = known[subsample(len(known), MAX_IMAGES, seed)]
    others = others[subsample(len(others), MAX_IMAGES - len(known), seed)]
    kept = np.sort(np.concatenate([known, others]))
    shuffle = np.random.default_rng(seed).permutation(len(kept))
    return images.take(order[kept[shuffle]].astype(np.int64))


@dataclass(frozen=True)
class ImageFindings:
    """What one evaluator of images adds to the evidence."""

    findings: Findings
    panels: tuple[Panel, ...] = field(default=())
    notes: tuple[str, ...] = ()


OF_MADE_IMAGES = frozenset({Purpose.AUGMENTATION, Purpose.SHARING})
"""The purposes for which it matters what made images are like."""


@dataclass(frozen=True)
class ImageEvaluator:
    """A plain function, the metrics it may measure, and the purposes it is run for.

    `needs` says what it must have for that.
    """

    run: Callable[[ImageCase], ImageFindings]
    metrics: tuple[Metric, ...]
    needs: str | None = None
    purposes: frozenset[Purpose] = field(default=OF_MADE_IMAGES)
