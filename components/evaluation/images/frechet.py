"""Fidelity of images: the Frechet distance of features. Shown, not gated unless you ask."""

import numpy as np
from scipy import linalg

from components.data.table import Matrix
from components.evaluation.case import Findings, Metric
from components.evaluation.images.case import ImageCase, ImageEvaluator, ImageFindings
from components.evaluation.images.halves import Halved, unbiased_interval

FRECHET_DISTANCE = Metric(
    name="frechet_distance",
    family="fidelity",
    goal="minimise",
    bounds=(0.0, None),
    ideal=0.0,
    meaning="the Frechet distance of features of synthetic images to those of test images, by "
    "their means and covariances alone (a Gaussian can have those for free)",
)


def measure_frechet(case: ImageCase) -> ImageFindings:
    """The Frechet distance (Heusel et al. 2017) of the 64 features, in their mean variance.

    One scale for all features: a feature that hardly any real image has would else outweigh all.

    The features are of a classifier trained here, so that values can be compared on the same data
    alone. It sees means and covariances only, which a Gaussian fitted to linear features has for
    free, so no default gate asks it; by these features, which are not linear, Gaussians of pixels
    lie between real images and useless ones. Its bias, which few images make large, is taken off
    (`halves.py`), also that of the reference: what unseen training images reach. The classifier is
    held fixed.
    """
    train, test, synthetic = case.features
    variance = float(train.var(axis=0).mean()) or 1.0
    train, test, synthetic = (each / np.sqrt(variance) for each in (train, test, synthetic))
    confidence, seed = case.confidence(FRECHET_DISTANCE.name), case.seed("frechet")
    found, reference = (
        unbiased_interval(Halved.of(frechet, test, each, seed=seed), confidence=confidence)
        for each in (synthetic, train)
    )
    return ImageFindings(
        Findings((FRECHET_DISTANCE.measured(found, case, reference=reference.value),))
    )


def frechet(real: Matrix, other: Matrix) -> float:
    """The squared Wasserstein-2 distance between Gaussians fitted to either side's rows.

    >>> rows = np.random.default_rng(0).normal(size=(500, 3))
    >>> round(frechet(rows, rows + 2.0), 6)
    12.0
    """
    means = [each.mean(axis=0) for each in (real, other)]
    first, second = (np.cov(each, rowvar=False) for each in (real, other))
    values, vectors = linalg.eigh(first)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    mixed = linalg.eigvalsh(root @ second @ root)
    trace = np.trace(first) + np.trace(second) - 2 * np.sqrt(np.maximum(mixed, 0.0)).sum()
    return float(max(((means[0] - means[1]) ** 2).sum() + trace, 0.0))


FRECHET = ImageEvaluator(measure_frechet, (FRECHET_DISTANCE,))
