"""Do images show every word of their captions, also of captions that were never learned from."""

from functools import partial

import numpy as np
from numpy.typing import NDArray

from components.data.images.captions import attributes
from components.data.images.sets import ImageSet, Labels, joined
from components.evaluation.case import Findings, Metric
from components.evaluation.evidence import Measurement
from components.evaluation.images.case import ImageCase, ImageEvaluator, ImageFindings
from components.evaluation.statistics import share_interval
from components.training.classification import chances_of, fit_classifier

Right = NDArray[np.bool_]

FEWEST = 20
"""Images below which nothing is said of those with unseen captions."""


def _metric(name: str, of_what: str) -> Metric:
    return Metric(
        name=name,
        family="utility",
        goal="maximise",
        bounds=(0.0, 1.0),
        ideal=1.0,
        meaning=f"the share of synthetic images{of_what} in which classifiers of real images find "
        "every word of the caption",
    )


CAPTION_ACCURACY = _metric("caption_accuracy", "")
UNSEEN_CAPTION_ACCURACY = _metric(
    "unseen_caption_accuracy", " with captions that no training image has"
)


def measure_captions(case: ImageCase) -> ImageFindings:
    """The share of synthetic images whose caption is right word by word.

    For each place in the captions (size, colour, ...) a network finds the word that stands there.
    It learns from all training images and half of the test images: of captions that it never saw,
    it would know no more than the generator. The interval is that of a share, networks held fixed;
    the reference is the same of the other test images. Nothing is measured unless all captions have
    equally many words, two at least. Blind to variety: one image a caption is right.
    """
    places = attributes(case.train.classes) if case.is_labelled else []
    if not places:
        return ImageFindings(Findings())
    order = np.random.default_rng(case.seed("words")).permutation(len(case.test))
    known = joined([case.train, case.test.take(order[::2])])
    left = case.test.take(order[1::2])
    find = partial(_found, known, (case.synthetic, left), case.seed("words"))
    made, test = (np.array(each) for each in zip(*map(find, places), strict=True))
    found = [_measured(CAPTION_ACCURACY, case, made, test)]
    new_made, new_test = (_is_unseen(case, each) for each in (case.synthetic, left))
    if new_made.sum() >= FEWEST:
        made, test = made[:, new_made], test[:, new_test]
        found.append(_measured(UNSEEN_CAPTION_ACCURACY, case, made, test))
    return ImageFindings(Findings(tuple(found)))


def _found(
    known: ImageSet, sets: tuple[ImageSet, ...], seed: int, words: Labels
) -> tuple[Right, ...]:
    """Whether a network of known images finds the word of its class in each image of the sets."""
    net = fit_classifier(known.images, words[_labels(known)], int(words.max()) + 1, seed=seed)
    return tuple(
        chances_of(net, each.images).argmax(axis=1) == words[_labels(each)] for each in sets
    )


def _measured(metric: Metric, case: ImageCase, made: Right, test: Right) -> Measurement:
    """Both are of shape (places, images); an image is right where all its words are."""
    right = np.asarray(made.all(axis=0))
    interval = share_interval(int(right.sum()), len(right), confidence=case.confidence(metric.name))
    by_place = ", ".join(f"{share:.3f}" for share in made.mean(axis=1))
    return metric.measured(
        interval,
        case,
        meaning=f"{metric.meaning} (word by word {by_place})",
        reference=float(test.all(axis=0).mean()) if test.shape[1] else None,
    )


def _is_unseen(case: ImageCase, images: ImageSet) -> Right:
    """Whether no training image has the image's caption."""
    unseen: Right = ~np.isin(_labels(images), np.unique(_labels(case.train)))
    return unseen


def _labels(images: ImageSet) -> Labels:
    assert images.labels is not None
    return images.labels


CAPTIONS = ImageEvaluator(
    measure_captions, (CAPTION_ACCURACY, UNSEEN_CAPTION_ACCURACY), needs="labels"
)
