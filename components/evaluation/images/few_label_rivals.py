"""What else the labels of a few images can teach: the classifiers that one must beat."""

from collections.abc import Callable, Mapping

import numpy as np
from sklearn.semi_supervised import LabelSpreading
from sklearn.svm import SVC

from components.data.images.labelled import labelled_part
from components.data.images.sets import ImageSet, Labels
from components.evaluation.images.case import flattened
from components.training.classification import chances_of, fit_classifier

SVC_SLACK = 10.0
"""Ten times the usual: of few images each counts (10 a class on MNIST: .807 instead of .779)."""
NEIGHBOURS = 7

Rival = Callable[[ImageSet, ImageSet, int], Labels]
"""Given training images, some labelled, test images and a seed: what it calls the latter, as
positions in the training images' classes."""


def support_vectors(train: ImageSet, test: ImageSet, seed: int) -> Labels:
    """A support vector machine of the labelled images' pixels, with a radial kernel."""
    known = train.take(np.flatnonzero(train.is_known))
    machine = SVC(C=SVC_SLACK).fit(flattened(known.images), known.labels)
    called: Labels = machine.predict(flattened(test.images))
    return called


def label_spreading(train: ImageSet, test: ImageSet, seed: int) -> Labels:
    """Labels spread over all training images, from each to its 7 nearest by pixels.

    Zhou et al. (2004). Images that no label reaches count as of the first class.
    """
    points, at = flattened(train.images), flattened(test.images)
    spread = LabelSpreading(kernel="knn", n_neighbors=NEIGHBOURS)
    with np.errstate(invalid="ignore"):  # nothing over nothing where no label reaches
        called: Labels = spread.fit(points, train.labels).predict(at)
    return called


def network(train: ImageSet, test: ImageSet, seed: int) -> Labels:
    """The usual small convolutional network of `components/training/classification.py`."""
    known = labelled_part(train)
    assert known.labels is not None
    net = fit_classifier(known.images, known.labels, len(known.classes), seed=seed)
    places = np.array([train.classes.index(name) for name in known.classes])
    called: Labels = places[chances_of(net, test.images).argmax(axis=1)]
    return called


RIVALS: Mapping[str, Rival] = {
    "svc": support_vectors,
    "label_spreading": label_spreading,
    "network": network,
}
"""By the names that gates ask for. A new one is a function, and a line here."""
