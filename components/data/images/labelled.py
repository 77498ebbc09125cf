"""Images of which it is known what they show, where that is not known of all."""

from dataclasses import replace

import numpy as np

from components.data.images.sets import ImageSet
from components.errors import UserError

FEWEST_CLASSES = 2


def labelled_part(images: ImageSet) -> ImageSet:
    """The images whose class is known, with those classes alone that they show.

    Raises UserError where these are not two at least.

    >>> labels = np.array([2, -1, 0, 2])
    >>> found = labelled_part(ImageSet(np.zeros((4, 1, 1, 1), np.uint8), labels, tuple("abc"), ""))
    >>> found.classes, found.labels.tolist()
    (('a', 'c'), [1, 0, 1])
    """
    known = images.take(np.flatnonzero(images.is_known))
    codes = np.empty(0, np.int64) if known.labels is None else known.labels
    shown, labels = np.unique(codes, return_inverse=True)
    if len(shown) < FEWEST_CLASSES:
        raise UserError(
            f"a classifier learns from labelled images of {FEWEST_CLASSES} classes at least; "
            f"{len(known)} of {len(images)} images have labels, of {len(shown)} classes"
        )
    classes = tuple(images.classes[int(code)] for code in shown)
    return replace(known, labels=labels.astype(np.int64), classes=classes)


def wholly_labelled(images: ImageSet) -> ImageSet:
    """The images; raises UserError where labels are known of some and not of others."""
    if images.labels is not None and not images.is_labelled:
        missing = len(images) - int(images.is_known.sum())
        raise UserError(
            f"{missing} of {len(images)} images have no label; semi_supervised_gan learns from "
            "such images beside labelled ones, other generators do not"
        )
    return images
