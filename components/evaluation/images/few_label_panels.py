"""Test images to look at: those a classifier calls wrongly, and what it takes for outliers."""

import numpy as np
from numpy.typing import NDArray

from components.data.images.sets import ImageSet
from components.evaluation.images.panels import Panel, Strip

SHOWN, MOST_CLASSES = 8, 10


def mistakes_panel(test: ImageSet, called: NDArray[np.str_]) -> Panel:
    """Up to 8 test images of each of the first 10 classes that are called otherwise."""
    assert test.labels is not None
    names = np.array(test.classes)[test.labels]
    is_wrong = called != names
    strips = []
    for name in np.unique(names)[:MOST_CLASSES]:
        rows = np.flatnonzero(is_wrong & (names == name))[:SHOWN]
        if len(rows):
            captions = tuple(f"called {each}" for each in called[rows])
            strips.append(Strip(str(name), test.images[rows], captions))
    return Panel(
        key="mistakes",
        title="Which images are called wrongly?",
        meaning=f"{int(is_wrong.sum()):,} of {len(test):,} test images are not called by their "
        "class.",
        reading="A row for each class with mistakes, and beneath each image what it is called. "
        "Images that a person would doubt too cost little; a class that is called by one other "
        "over and over needs labels.",
        strips=tuple(strips),
    )


def outliers_panel(known: ImageSet, outliers: ImageSet, scores: NDArray[np.float64]) -> Panel:
    """The 8 images of either kind that look most, and least, as if they were of no class.

    `scores` are of the known images, then of the outliers; higher is more of an outlier.
    """
    rows = []
    for title, images, of in (
        ("known", known, scores[: len(known)]),
        ("outliers", outliers, scores[len(known) :]),
    ):
        order = np.argsort(of, kind="stable")
        rows.append(Strip(f"{title}, least", images.images[order[:SHOWN]]))
        rows.append(Strip(f"{title}, most", images.images[order[::-1][:SHOWN]]))
    return Panel(
        key="outliers",
        title="What looks like no class?",
        meaning=f"{len(outliers):,} test images of a class without training images, beside "
        f"{len(known):,} of known ones.",
        reading="Of each kind the images that look least and most as if they were of no class. "
        "Outliers that look least so are taken for what they are not.",
        strips=tuple(rows),
    )
