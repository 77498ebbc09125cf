"""Fidelity of images: the number of statistically different bins."""

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from sklearn.cluster import KMeans

from components.data.images.sets import Pixels
from components.evaluation.case import Findings, Metric
from components.evaluation.images.case import (
    ImageCase,
    ImageEvaluator,
    ImageFindings,
    Panel,
    Strip,
)
from components.evaluation.statistics import share_interval

MAX_BINS, IMAGES_A_BIN = 100, 20
LEVEL = 0.05
SHOWN = 6

DIFFERENT_BINS = Metric(
    name="different_bins",
    family="fidelity",
    goal="minimise",
    bounds=(0.0, 1.0),
    ideal=LEVEL,
    meaning="the share of kinds of image that are more, or less, frequent among synthetic ones",
)


def measure_bins(case: ImageCase) -> ImageFindings:
    """NDB over K (Richardson and Weiss 2018): bins by k-means on the training images.

    Points are the 24 main components of the training images' pixels. A bin differs where a
    two-sided test of two proportions between training and synthetic images says so at 5%; the
    reference is the same of test images, 5% by chance. As many bins as leave 20 images for each, at
    most 100. The exact interval takes bins as draws, the clustering as given.
    """
    train, test, synthetic = (case.real_axes.transform(each) for each in case.pixels)
    most = min(MAX_BINS, len(np.unique(train, axis=0)))
    count = int(np.clip(min(len(train), len(synthetic)) // IMAGES_A_BIN, 2, most))
    means = KMeans(count, n_init=1, random_state=case.seed("bins")).fit(train)
    bins = [means.predict(each) for each in (train, test, synthetic)]
    ours, theirs = (different(bins[0], other, count) for other in (bins[2], bins[1]))
    measured = DIFFERENT_BINS.measured(
        share_interval(int(ours.sum()), count, confidence=case.confidence(DIFFERENT_BINS.name)),
        case,
        meaning=f"{DIFFERENT_BINS.meaning} ({int(ours.sum())} of {count})",
        reference=float(theirs.mean()),
    )
    return ImageFindings(Findings((measured,)), (_panel(case, bins[0], bins[2], count),))


def different(
    real: NDArray[np.int64], other: NDArray[np.int64], num_bins: int
) -> NDArray[np.bool_]:
    """For each bin: do the shares of either side in it differ at 5%.

    >>> different(np.repeat([0, 1], 100), np.repeat([0, 1], [180, 20]), 2).tolist()
    [True, True]
    """
    counts = [np.bincount(side, minlength=num_bins) for side in (real, other)]
    shares = [found / len(side) for found, side in zip(counts, (real, other), strict=True)]
    pooled = (counts[0] + counts[1]) / (len(real) + len(other))
    error = np.sqrt(pooled * (1 - pooled) * (1 / len(real) + 1 / len(other)))
    gap = np.abs(shares[0] - shares[1])
    found: NDArray[np.bool_] = gap > stats.norm.isf(LEVEL / 2) * error
    return found


def _panel(
    case: ImageCase, real: NDArray[np.int64], made: NDArray[np.int64], num_bins: int
) -> Panel:
    """The kinds whose shares differ most, by their mean images."""
    shares = np.array([np.bincount(side, minlength=num_bins) / len(side) for side in (real, made)])
    gaps = shares[1] - shares[0]
    shown = min(SHOWN, num_bins // 2)
    lost, heaped = (np.argsort(sign * gaps, kind="stable")[:shown] for sign in (1, -1))
    worst, differ = int(lost[0]), int(different(real, made, num_bins).sum())
    return Panel(
        key="kinds",
        title="Which kinds of image are lost, which are made too often?",
        meaning=f"{differ} of {num_bins} kinds are rarer or more frequent than chance explains "
        f"({LEVEL:.0%} would be by chance). The kind most lost is {shares[0, worst]:.1%} of the "
        f"training images and {shares[1, worst]:.1%} of the synthetic ones.",
        reading="Each is the mean of the training images of a kind (a bin of k-means); beneath it "
        "stand its shares of training images (blue) and of synthetic ones (orange).",
        strips=tuple(
            Strip(
                title,
                np.stack([_mean(case, real, int(place)) for place in places]),
                bars=tuple((float(shares[0, p]), float(shares[1, p])) for p in places),
            )
            for title, places in (("too few", lost), ("too many", heaped))
        ),
    )


def _mean(case: ImageCase, bins: NDArray[np.int64], place: int) -> Pixels:
    mean = case.train.images[bins == place].mean(axis=0)
    shown: Pixels = np.round(mean).astype(np.uint8)
    return shown


BINS = ImageEvaluator(measure_bins, (DIFFERENT_BINS,))
