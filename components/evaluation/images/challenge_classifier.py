"""Challenger against champion where models classify: the same held-out images, called by both."""

import numpy as np
from numpy.typing import NDArray

from components.data.images.sets import ImageSet, Pixels
from components.evaluation.live.challenge import CONFIDENCE, MARGIN, Challenge, incomparable
from components.evaluation.statistics import mean_interval
from components.models.contract import ImageClassifier, ImageModel


def challenge_classifier(
    test: ImageSet, *, champion: ImageModel, challenger: ImageModel
) -> Challenge:
    """Non-inferiority of the challenger: with 95% confidence at most .02 of accuracy is lost.

    It is the accuracy on test images of classes that both know, so that the difference is paired.
    A champion that does not classify, or other classes, or other sizes, cannot be compared.
    """
    assert isinstance(challenger, ImageClassifier)
    if not isinstance(champion, ImageClassifier):
        return incomparable("the champion does not classify images")
    if champion.schema_.shape != challenger.schema_.shape:
        return incomparable("the champion knows images of another size")
    if champion.classes_ != challenger.classes_:
        return incomparable("the champion knows other classes")
    assert test.labels is not None
    names = np.array(test.classes)[test.labels]
    rows = np.isin(names, champion.classes_)
    images, names = test.images[rows], names[rows]
    before, after = _is_right(champion, images, names), _is_right(challenger, images, names)
    gaps = before - after
    lost = mean_interval(gaps, confidence=CONFIDENCE, floor=1 / len(gaps))
    passed = lost.high <= MARGIN
    return Challenge(
        passed,
        lost.value,
        lost.high,
        f"{'not worse than' if passed else 'perhaps worse than'} the champion: this version calls "
        f"{after.mean():.3f} of test images by their class and the champion {before.mean():.3f}, "
        f"a loss of at most {lost.high:+.3f} with 95% confidence; at most {MARGIN:+.3f} is allowed",
    )


def _is_right(
    classifier: ImageClassifier, images: Pixels, names: NDArray[np.str_]
) -> NDArray[np.float64]:
    """1 for each image that is called by its class."""
    called = np.array(classifier.classes_)[classifier.classify(images).argmax(axis=1)]
    right: NDArray[np.float64] = (called == names).astype(np.float64)
    return right
