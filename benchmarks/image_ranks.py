"""Self-tests of the metrics of images: do they rank images of known worth as they must.

    python -m benchmarks.image_ranks [--data FILE.npz] [--images N] [--all]

On sklearn's digits, or on a set of your own. Without `--data` the results are written to
`components/evaluation/images/selftest.json`, which gates on images ask; what was tested by its
present code is left as it is there.
"""

import argparse
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

from benchmarks.classifier_ranks import classifier_values, few_of_each
from components.config import EvaluateConfig, ImageGaussianConfig, Purpose
from components.config.classic import ClassicConfig
from components.config.image_evaluation import ImageBenefitConfig, Keep
from components.data.conditions import Condition
from components.data.images.schema import asked_class, schema_of
from components.data.images.sets import ImageSet, read_images
from components.data.images.sprites import draw_sprites
from components.evaluation.images.benefit import BENEFIT, measure_benefit
from components.evaluation.images.captions import CAPTIONS, measure_captions
from components.evaluation.images.case import ImageCase, ImageEvaluator, canonical_images
from components.evaluation.images.catalog import IMAGE_EVALUATORS, image_metrics
from components.evaluation.images.few_labels import FEW_LABELS
from components.evaluation.images.making import ImageSampler
from components.evaluation.images.selftest import CANDIDATES, CLASSIFIERS, RECORDS, self_test
from components.evaluation.selftest import (
    SelfTest,
    read_self_tests,
    source_hash,
    write_self_tests,
)
from components.models.images.gaussian import ImageGaussian
from components.threads import limited_threads

NUM_COMPONENTS = 50
NUM_SPRITES = 1_200
FEW = 10
"""Training images a class where the benefit is measured: with more there is none to be had."""
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


def benefit_values(kind: str, train: ImageSet, more: ImageSet) -> dict[str, float]:
    """What the benefit trial says of a generator of known worth, of few training images."""
    config = EvaluateConfig(purpose=Purpose.AUGMENTATION, folds=4, repeats=2, ratio=6.0)
    few = few_of_each(train, FEW)
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


def kinds_of(evaluator: ImageEvaluator) -> Sequence[str]:
    """What an evaluator is tested with: images of known worth, or classifiers."""
    return CLASSIFIERS if evaluator is FEW_LABELS else CANDIDATES


def values_of(
    evaluator: ImageEvaluator, kind: str, case: ImageCase, more: ImageSet
) -> dict[str, float]:
    """What an evaluator says of the images of a case, or of classifiers, of this known worth."""
    if evaluator is FEW_LABELS:
        return classifier_values(kind, case.train, case.test) if case.is_labelled else {}
    if evaluator is BENEFIT:
        return benefit_values(kind, case.train, more) if case.is_labelled else {}
    if evaluator is CAPTIONS:
        return caption_values(kind)
    return {m.name: m.value for m in evaluator.run(case).findings.measurements}


def outdated(kept: Mapping[str, SelfTest]) -> list[ImageEvaluator]:
    """The evaluators with a metric that has no self-test by its present code."""
    return [
        each
        for each in IMAGE_EVALUATORS.values()
        if any(
            metric.name not in kept or kept[metric.name].source != source_hash(each)
            for metric in each.metrics
        )
    ]


def main() -> None:
    """Measure, print, and write where the set is the one that ships."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--images", type=int, default=2_000, help="at most so many a third")
    parser.add_argument(
        "--all", action="store_true", help="also what is tested by its present code"
    )
    options = parser.parse_args()
    whole = read_images(str(options.data)) if options.data else digits()
    kept = {} if options.all or options.data else read_self_tests(RECORDS)
    chosen = outdated(kept)
    train, test, more = thirds(whole, 0, options.images)
    values: dict[str, dict[str, float]] = defaultdict(dict)
    for kind in (*CANDIDATES, *CLASSIFIERS):
        started = time.perf_counter()
        made = candidate(kind, train, more, 0) if kind in CANDIDATES else more
        case = ImageCase(
            canonical_images(train, 0),
            canonical_images(test, 0),
            canonical_images(made, 0),
            EvaluateConfig(purpose=Purpose.SHARING),
        )
        with limited_threads(1):
            for evaluator in (each for each in chosen if kind in kinds_of(each)):
                for name, value in values_of(evaluator, kind, case, more).items():
                    values[name][kind] = value
        print(f"{kind}: {time.perf_counter() - started:.1f} s", flush=True)
    name = options.data.stem if options.data else "digits"
    tests = {
        metric.name: self_test(metric, {name: values[metric.name]} if values[metric.name] else {})
        for evaluator in chosen
        for metric in evaluator.metrics
    }
    for metric_name, test_ in sorted(tests.items()):
        figures = " / ".join(f"{value:.3f}" for value in values[metric_name].values())
        print(f"{metric_name:26} {figures}  {'ok' if test_.passed else test_.reason}")
    if not options.data:
        known = {each: test_ for each, test_ in kept.items() if each in image_metrics()}
        write_self_tests(known | tests, RECORDS)


if __name__ == "__main__":
    main()
