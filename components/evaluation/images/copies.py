"""Privacy of images: copies of training images, beyond what unseen real images would explain."""

import numpy as np
from numpy.typing import NDArray

from components.data.images.sets import Pixels
from components.evaluation.case import Findings, subsample
from components.evaluation.distances import nearest
from components.evaluation.images.case import (
    ImageCase,
    ImageEvaluator,
    ImageFindings,
    flattened,
)
from components.evaluation.images.wording import said_of_images
from components.evaluation.privacy.copies import COPY_EXCESS, NEAR_COPY_EXCESS
from components.evaluation.statistics import Interval, normal_interval

MAX_LOOKED_UP = 5_000
NEAR = 0.5


def measure_copies(case: ImageCase) -> ImageFindings:
    """The shares of copies and of near copies, less the shares that copy a test image.

    A copy has a training image's very bytes. A near copy is less than half as far from a training
    image, pixel by pixel, as the median test image is from the nearest one. Test images were not
    trained on, so what copies them does so by chance; as many training images as test ones take
    part, and the excess is scaled back to all. At most 5,000 synthetic images are looked up. The
    interval is that of a mean over synthetic images, the real ones taken as they are. Images that
    were moved or mirrored are for `moved_copies.py`.
    """
    train, test = case.sides
    looked_up = subsample(len(case.synthetic), MAX_LOOKED_UP, case.seed("copies"))
    synthetic = case.synthetic.take(looked_up)
    exact = [_is_among(synthetic.images, each.images) for each in (train, test)]
    points = [flattened(each.images) for each in (synthetic, train, test)]
    distances = [nearest(points[0], each, 1)[:, 0] for each in points[1:]]
    usual = float(np.median(nearest(points[2], points[1], 1)))
    near = [found < NEAR * usual for found in distances]
    measured = tuple(
        metric.measured(
            excess(*found, confidence=case.confidence(metric.name)).scaled(case.times_a_side),
            case,
            meaning=said_of_images(metric.meaning),
        )
        for metric, found in ((COPY_EXCESS, exact), (NEAR_COPY_EXCESS, near))
    )
    return ImageFindings(Findings(measured))


def _is_among(images: Pixels, others: Pixels) -> NDArray[np.bool_]:
    known = {image.tobytes() for image in others}
    return np.array([image.tobytes() in known for image in images])


def excess(
    in_train: NDArray[np.bool_], in_test: NDArray[np.bool_], *, confidence: float
) -> Interval:
    """The mean difference; its error is at least that of one image, so that none is not never."""
    differences = in_train.astype(np.float64) - in_test
    count = len(differences)
    error = max(float(differences.std(ddof=1)) / np.sqrt(count), 1.0 / count)
    return normal_interval(float(differences.mean()), error, confidence=confidence)


COPIES = ImageEvaluator(measure_copies, (COPY_EXCESS, NEAR_COPY_EXCESS))
