"""Self-tests of the metrics of images: do they rank images of known worth as they must.

    python -m benchmarks.image_ranks [--data FILE.npz] [--images N] [--only images|classifiers]

On sklearn's digits, and on a set of your own beside them. Without `--data` the results are written
to `components/evaluation/images/selftest.json`, which gates on images ask; with `--only` the others
stay there as they are.
"""

import argparse
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from threadpoolctl import threadpool_limits

from components.config import EvaluateConfig, ImageGaussianConfig, Purpose
from components.config.image_evaluation import ClassicConfig, ImageBenefitConfig, Keep
from components.data.conditions import Condition
from components.data.image_schema import asked_class, schema_of
from components.data.images import ImageSet, Pixels, read_images
from components.data.sprites import draw_sprites
from components.data.table import Matrix
from components.evaluation.images.benefit import measure_benefit
from components.evaluation.images.captions import measure_captions
from components.evaluation.images.case import ImageCase
from components.evaluation.images.catalog import image_metrics
from components.evaluation.images.evaluate import evaluate_images
from components.evaluation.images.few_labels import measure_few_labels
from components.evaluation.images.making import ImageSampler
from components.evaluation.images.selftest import (
    CANDIDATES,
    CLASSIFIERS,
    FEW,
    RECORDS,
    SHUFFLED,
    self_test,
)
from components.evaluation.selftest import read_self_tests, write_self_tests
from components.models.image_gaussian import ImageGaussian
from components.networks.image_classifier import ImageClassifier
from components.training.classification import chances_of, fit_classifier

NUM_COMPONENTS = 50
NUM_SPRITES = 1_200
FEW_IMAGES, FEW_LABELS = 10, 10
"""Images of a class where the benefit is measured: with more there is none to be had; and labels of
a class that a classifier of few is told."""
HASTY = ImageBenefitConfig(
    classic=ClassicConfig(shift=0.05, degrees=5, scale=0.05), steps=100, keep=(Keep.ALL,)
)


def digits() -> ImageSet:
    """1,797 digits of 8 x 8 pixels, which a library ships."""
    found = load_digits()
    images = np.round(found.images[..., None] * 255 / 16).astype(np.uint8)
    return ImageSet(images, found.target.astype(np.int64), tuple("0123456789"), "")


def thirds(images: ImageSet, seed: int, most: int) -> list[ImageSet]:
    """Three disjoint sets of equal size at random: training, test and further images."""
    order = np.random.default_rng(seed).permutation(len(images))
    size = min(len(images) // 3, most)
    return [images.take(order[i * size : (i + 1) * size].astype(np.int64)) for i in range(3)]


def candidate(name: str, train: ImageSet, more: ImageSet, seed: int) -> ImageSet:
    """As many images as there are training ones, of known worth."""
    rng = np.random.default_rng([seed, 0x1A6E])
    if name == "copy":
        return train
    if name == "good":
        return more
    if name == "collapsed":
        few = rng.permutation(len(train))[: max(5, len(train) // 50)]
        return train.take(np.resize(few, len(train)))
    if name == "noise":
        pixels = rng.integers(256, size=train.images.shape).astype(np.uint8)
        return ImageSet(pixels, train.labels, train.classes, "")
    return gaussians(train, rng)


def gaussians(train: ImageSet, rng: np.random.Generator) -> ImageSet:
    """Images drawn from a Gaussian on 50 principal components, one for each class."""
    pixels = train.images.astype(np.float64)
    labels = np.zeros(len(train), np.int64) if train.labels is None else train.labels
    for code in np.unique(labels):
        rows = np.flatnonzero(labels == code)
        if len(rows) == 1:  # it is its own mean
            continue
        flat = pixels[rows].reshape(len(rows), -1)
        axes = PCA(min(NUM_COMPONENTS, len(rows) - 1, flat.shape[1])).fit(flat)
        drawn = rng.normal(size=(len(rows), axes.n_components_)) * np.sqrt(axes.explained_variance_)
        pixels[rows] = axes.inverse_transform(drawn).reshape(len(rows), *pixels.shape[1:])
    held = np.clip(np.round(pixels), 0, 255).astype(np.uint8)
    return ImageSet(held, train.labels, train.classes, "")


@dataclass(frozen=True)
class Held:
    """A generator that hands out images it holds, each once as long as there are any left."""

    images: ImageSet

    def draw_images(
        self, num_images: int, *, condition: Condition | None = None, seed: int
    ) -> Iterator[ImageSet]:
        """See `ImageModel.draw_images`."""
        wanted = asked_class(condition, schema_of(self.images))
        rows = np.flatnonzero(self.images.labels == wanted)
        order = np.random.default_rng(seed).permutation(rows)
        yield self.images.take(np.resize(order, num_images))


def sampler(kind: str, more: ImageSet, inside: ImageSet, seed: int) -> ImageSampler:
    """A generator of known worth that learned from the images `inside` a fold."""
    if kind == "gaussian":
        model = ImageGaussian(ImageGaussianConfig(components=NUM_COMPONENTS))
        model.fit(inside, seed=seed)
        return model
    if kind == "noise":
        inside = inside.take(np.resize(np.arange(len(inside)), 10 * len(inside)))
    return Held(candidate(kind, inside, more, seed))


def few_of_each(images: ImageSet, count: int) -> ImageSet:
    """The first `count` images of each class."""
    places = [np.flatnonzero(images.labels == code) for code in range(len(images.classes))]
    return images.take(np.concatenate([rows[:count] for rows in places]))


def benefit_values(kind: str, train: ImageSet, more: ImageSet) -> dict[str, float]:
    """What the benefit trial says of a generator of known worth, of few training images."""
    config = EvaluateConfig(purpose=Purpose.AUGMENTATION, folds=4, repeats=2, ratio=6.0)
    few = few_of_each(train, FEW_IMAGES)
    case = ImageCase(
        few, few, few, config, make_and_fit=partial(sampler, kind, more), benefit=HASTY
    )
    return {m.name: m.value for m in measure_benefit(case).findings.measurements}


def caption_values(kind: str) -> dict[str, float]:
    """What is said of the captions of sprites of known worth, a quarter of which is unseen."""
    train, test, more = thirds(draw_sprites(NUM_SPRITES, seed=0), 0, NUM_SPRITES)
    seen = train.take(np.flatnonzero(train.labels % 4 > 0))  # type: ignore[operator]
    config = EvaluateConfig(purpose=Purpose.SHARING)
    case = ImageCase(seen, test, candidate(kind, test, more, 0), config)
    return {m.name: m.value for m in measure_captions(case).findings.measurements}


@dataclass(frozen=True)
class Known:
    """A classifier of known worth: a network of these classes and one more, of outliers."""

    network: ImageClassifier
    classes_: tuple[str, ...]

    def classify(self, images: Pixels) -> Matrix:
        """See `components.models.contract.ImageClassifier`."""
        chances = chances_of(self.network, images)[:, : len(self.classes_)]
        return chances / chances.sum(axis=1, keepdims=True)

    def outlyingness(self, images: Pixels) -> NDArray[np.float64]:
        """One less the highest chance of a class that it knows."""
        chances = chances_of(self.network, images)[:, : len(self.classes_)]
        return 1 - np.asarray(chances.max(axis=1))

    def draw_images(
        self, num_images: int, *, condition: Condition | None = None, seed: int
    ) -> Iterator[ImageSet]:
        """It makes none."""
        raise NotImplementedError


def known_classifier(kind: str, told: ImageSet) -> Known:
    """A network of all classes but the last, which is that of outliers.

    "taught" learned from all labels, outliers too; "few" from 10 of each class but that; "shuffled"
    from labels that say nothing.
    """
    assert told.labels is not None
    classes = told.classes[:-1]
    if kind == FEW:
        few = few_of_each(told, FEW_LABELS)
        told = few.take(np.flatnonzero(few.labels != len(classes)))
    labels = told.labels
    assert labels is not None
    if kind == SHUFFLED:
        labels = np.random.default_rng(0).permutation(labels)
    net = fit_classifier(told.images, labels, len(classes) + 1, seed=0)
    return Known(net, classes)


def classifier_values(kind: str, train: ImageSet, test: ImageSet) -> dict[str, float]:
    """What is said of a classifier of known worth, the last class being that of outliers."""
    assert train.labels is not None
    last = len(train.classes) - 1
    inside = train.take(np.flatnonzero(train.labels != last))
    config = EvaluateConfig(purpose=Purpose.CLASSIFICATION)
    case = ImageCase(inside, test, test, config, generator=known_classifier(kind, train))
    return {m.name: m.value for m in measure_few_labels(case).findings.measurements}


def image_values(
    kind: str, train: ImageSet, test: ImageSet, more: ImageSet, *, is_shipped: bool
) -> dict[str, float]:
    """What is said of images of known worth."""
    config = EvaluateConfig(purpose=Purpose.SHARING, sharing_gates=())
    made = candidate(kind, train, more, 0)
    judged = evaluate_images(train, test, made, config=config)
    found = {each.name: each.value for each in judged.evidence.measurements}
    if train.labels is not None:
        found |= benefit_values(kind, train, more)
    return found | (caption_values(kind) if is_shipped else {})


def main() -> None:
    """Measure, print, and write where the set is the one that ships."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--images", type=int, default=2_000, help="at most so many a third")
    parser.add_argument("--only", choices=("images", "classifiers"))
    options = parser.parse_args()
    whole = read_images(str(options.data)) if options.data else digits()
    whole_name = options.data.stem if options.data else "digits"
    train, test, more = thirds(whole, 0, options.images)
    values: dict[str, dict[str, float]] = defaultdict(dict)
    candidates = {
        "images": CANDIDATES,
        "classifiers": CLASSIFIERS if train.labels is not None else (),
    }
    for part in [options.only] if options.only else candidates:
        for kind in candidates[part]:
            started = time.perf_counter()
            with threadpool_limits(1):
                if part == "images":
                    found = image_values(kind, train, test, more, is_shipped=not options.data)
                else:
                    found = classifier_values(kind, train, test)
            for name, value in found.items():
                values[name][kind] = value
            print(f"{kind}: {time.perf_counter() - started:.1f} s", flush=True)
    tests = {
        name: self_test(metric, {whole_name: values[name]} if values[name] else {})
        for name, metric in image_metrics().items()
        if values[name] or not options.only
    }
    for metric_name, test_ in sorted(tests.items()):
        figures = " / ".join(f"{value:.3f}" for value in values[metric_name].values())
        print(f"{metric_name:26} {figures}  {'ok' if test_.passed else test_.reason}")
    if not options.data:
        kept = read_self_tests(RECORDS) if options.only else {}
        write_self_tests({**kept, **tests}, RECORDS)


if __name__ == "__main__":
    main()
