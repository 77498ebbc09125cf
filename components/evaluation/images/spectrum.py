"""Fidelity of images: how fast their power falls with frequency, beside test images'."""

import numpy as np

from components.data.images.sets import Pixels
from components.data.table import Matrix
from components.evaluation.case import Findings, Metric, subsample
from components.evaluation.images.case import ImageCase, ImageEvaluator, ImageFindings
from components.evaluation.images.halves import Halved, widened_interval

MAX_IMAGES = 2_000
ROUNDING = 1 / 12
"""The variance of rounding to bytes: power below it cannot be seen in one."""

SPECTRAL_SLOPE_GAP = Metric(
    name="spectral_slope_gap",
    family="fidelity",
    goal="minimise",
    bounds=(0.0, None),
    ideal=0.0,
    meaning="how far the slope of synthetic images' power over frequency, both as logarithms, is "
    "from that of test images",
)


def measure_spectrum(case: ImageCase) -> ImageFindings:
    """The gap between the slopes of two power spectra, averaged over rings of equal frequency.

    Real images have power that falls as a power of frequency (Field 1987); upsampling layers bend
    it at the highest ones (Durall et al. 2020). At most 2,000 images a set, of their middle square,
    grey. The interval leaves out halves of the images; the reference has training images in the
    synthetic ones' place.
    """
    sets = (case.train, case.test, case.synthetic)
    size = min(MAX_IMAGES, *(len(each) for each in sets))
    train, test, synthetic = (
        ring_powers(each.images[subsample(len(each), size, case.seed("spectrum"))]) for each in sets
    )
    found = widened_interval(
        Halved.of(slope_gap, test, synthetic, seed=case.seed("spectrum")),
        confidence=case.confidence(SPECTRAL_SLOPE_GAP.name),
    )
    measured = SPECTRAL_SLOPE_GAP.measured(
        found,
        case,
        meaning=f"{SPECTRAL_SLOPE_GAP.meaning}: {slope(synthetic):.2f} and {slope(test):.2f};",
        reference=slope_gap(test, train),
    )
    return ImageFindings(Findings((measured,)))


def ring_powers(images: Pixels) -> Matrix:
    """The mean power of each image at 1, 2, ... waves a side, shape (images, side // 2).

    In squared bytes: white noise of variance v has the power v at two waves and more. The middle
    square is faded out to its edges (Hann), which otherwise would look like lines.

    >>> noise = np.random.default_rng(0).integers(256, size=(500, 16, 16, 1)).astype(np.uint8)
    >>> bool(abs(ring_powers(noise)[:, 1:].mean() / noise.var() - 1) < 0.02)
    True
    """
    height, width = images.shape[1:3]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    grey = images[:, top : top + side, left : left + side].mean(axis=3)
    fade = np.hanning(side + 2)[1:-1]
    window = np.outer(fade, fade)
    centred = grey - (grey * window).sum(axis=(1, 2), keepdims=True) / window.sum()
    power = np.abs(np.fft.fft2(centred * window)) ** 2 / (window**2).sum()
    waves = np.fft.fftfreq(side, 1 / side)
    radius = np.rint(np.hypot(waves[:, None], waves)).astype(np.int64)
    rings = [power[:, radius == waves].mean(axis=1) for waves in range(1, side // 2 + 1)]
    return np.stack(rings, axis=1)


def slope(powers: Matrix) -> float:
    """The least-squares slope of the log of mean power (images, rings) over the log of frequency.

    >>> round(slope(1e6 / np.arange(1.0, 9.0)[None] ** 2), 3)
    -2.0
    """
    frequency = np.log(np.arange(1, powers.shape[1] + 1))
    level = np.log(powers.mean(axis=0) + ROUNDING)
    return float(np.polyfit(frequency, level, 1)[0])


def slope_gap(real: Matrix, other: Matrix) -> float:
    """How far two sets' slopes are apart.

    >>> steep, flat = 1e6 / np.arange(1.0, 9.0)[None] ** 2, np.full((1, 8), 1e6)
    >>> round(slope_gap(steep, flat), 3)
    2.0
    """
    return abs(slope(real) - slope(other))


SPECTRUM = ImageEvaluator(measure_spectrum, (SPECTRAL_SLOPE_GAP,))
