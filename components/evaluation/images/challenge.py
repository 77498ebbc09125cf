"""Challenger against champion on the same held-out images: a worse one is not promoted."""

import numpy as np
from numpy.typing import NDArray

from components.config import EvaluateConfig, Purpose
from components.data.images.sets import ImageSet
from components.evaluation.images.by_rows import measure_two_sample
from components.evaluation.images.case import NUM_NETWORKS, ImageCase, canonical_images
from components.evaluation.images.utility import accuracy
from components.evaluation.live.challenge import CONFIDENCE, MARGIN, Challenge
from components.evaluation.seeds import derived_seed
from components.training.classification import chances_of, fit_classifier


def challenge_images(
    train: ImageSet,
    test: ImageSet,
    *,
    champion: ImageSet,
    challenger: ImageSet,
    config: EvaluateConfig,
) -> Challenge:
    """Non-inferiority of the challenger's images: with 95% confidence at most .02 is lost.

    Labelled ones train the same network, for augmentation together with the real ones, and both are
    tested on the same images, so that the difference in accuracy is paired. Of others it is how
    well they can be told from test images (ROC AUC) that may be no more than .02 greater.
    """
    if len(train.classes) > 1 and all(each.is_labelled for each in (train, champion, challenger)):
        return _by_accuracy(train, test, champion, challenger, config)
    return _by_telling_apart(train, test, champion, challenger, config)


def _by_accuracy(
    train: ImageSet,
    test: ImageSet,
    champion: ImageSet,
    challenger: ImageSet,
    config: EvaluateConfig,
) -> Challenge:
    before, after = (
        np.array([_is_right(train, test, made, config, number) for number in range(NUM_NETWORKS)])
        for made in (champion, challenger)
    )
    lost = accuracy(before, after, confidence=CONFIDENCE)
    passed = lost.high <= MARGIN
    return Challenge(
        passed,
        lost.value,
        lost.high,
        f"{_outcome(passed)} the champion: a classifier reaches an accuracy of {after.mean():.3f} "
        f"with this version's images and {before.mean():.3f} with the champion's, a loss of at "
        f"most {lost.high:+.3f} with 95% confidence; at most {MARGIN:+.3f} is allowed",
    )


def _is_right(
    train: ImageSet, test: ImageSet, made: ImageSet, config: EvaluateConfig, number: int
) -> NDArray[np.float64]:
    """1 where a network taught by `made` calls a test image by its class."""
    assert made.labels is not None and train.labels is not None and test.labels is not None
    images, labels = made.images, made.labels
    if config.purpose is Purpose.AUGMENTATION:
        images = np.concatenate([train.images, images])
        labels = np.concatenate([train.labels, labels])
    seed = derived_seed(config.seed, "challenge", number)
    net = fit_classifier(images, labels, len(train.classes), seed=seed)
    right: NDArray[np.float64] = (
        chances_of(net, test.images).argmax(axis=1) == test.labels
    ).astype(np.float64)
    return right


def _by_telling_apart(
    train: ImageSet,
    test: ImageSet,
    champion: ImageSet,
    challenger: ImageSet,
    config: EvaluateConfig,
) -> Challenge:
    found = []
    for made in (champion, challenger):
        sets = [canonical_images(each, config.seed) for each in (train, test, made)]
        measured = measure_two_sample(ImageCase(sets[0], sets[1], sets[2], config)).findings
        found.append({m.name: m for m in measured.measurements}["two_sample_auc"])
    before, after = found
    lost = after.value - before.value
    reach = float(np.hypot(after.high - after.value, before.value - before.low))
    passed = lost + reach <= MARGIN
    return Challenge(
        passed,
        lost,
        lost + reach,
        f"{_outcome(passed)} the champion: this version's images are told from real ones with an "
        f"AUC of {after.value:.3f}, the champion's with {before.value:.3f}, at most "
        f"{lost + reach:+.3f} more with 95% confidence; at most {MARGIN:+.3f} is allowed",
    )


def _outcome(passed: bool) -> str:
    return "not worse than" if passed else "perhaps worse than"
