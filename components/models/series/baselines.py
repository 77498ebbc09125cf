"""What an autoencoder of series has to beat: three detectors of a few lines each.

Each learns from scaled values, shape (rows, channels), in stretches, and gives a function that
tells how odd the steps of others are, by windows of one length, so many steps apart.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from components.data.series import Positions, Values
from components.data.series_windows import StepMeans, window_batches, window_starts, windows_at

Oddness = Callable[[Values, Positions], NDArray[np.float64]]
"""Of values and stretches, how odd each row is, shape (rows,); NaN for rows without a window."""


@dataclass(frozen=True)
class Windows:
    """The length of windows, and how far apart those are by which steps are scored."""

    length: int
    stride: int


Baseline = Callable[[Values, Positions, Windows, int], Oddness]
"""Learns from values and their stretches, by a seed."""

EXPLAINED = 0.9
TREES = 100
LEAST_DEVIATION = 0.05
"""Of the training rows' robust deviation: what is flat for a window is not infinitely odd."""
LEAST_HISTORY = 8


def isolation_forest(values: Values, stretches: Positions, windows: Windows, seed: int) -> Oddness:
    """How quickly an isolation forest (Liu et al. 2008) sets apart the windows that have a step."""
    from sklearn.ensemble import IsolationForest

    known = np.arcsinh(_flat(values, stretches, windows.length))
    forest = IsolationForest(n_estimators=TREES, random_state=seed).fit(known)

    def oddness(values: Values, stretches: Positions) -> NDArray[np.float64]:
        def tell(cut: Values) -> Values:
            found: Values = -forest.score_samples(np.arcsinh(cut.reshape(len(cut), -1)))
            return np.broadcast_to(found[:, None, None], (len(cut), 1, windows.length))

        return _step_means(values, stretches, windows, tell)

    return oddness


def pca_windows(values: Values, stretches: Positions, windows: Windows, seed: int) -> Oddness:
    """The squared error of windows made again of the components that explain nine tenths."""
    from sklearn.decomposition import PCA

    known = np.arcsinh(_flat(values, stretches, windows.length))
    usual = PCA(EXPLAINED, svd_solver="full").fit(known)

    def oddness(values: Values, stretches: Positions) -> NDArray[np.float64]:
        def tell(cut: Values) -> Values:
            flat = np.arcsinh(cut.reshape(len(cut), -1))
            made = usual.inverse_transform(usual.transform(flat))
            errors = np.square(flat - made).reshape(cut.shape)
            summed: Values = errors.sum(axis=1, keepdims=True)
            return summed

        return _step_means(values, stretches, windows, tell)

    return oddness


def moving_z_score(values: Values, stretches: Positions, windows: Windows, seed: int) -> Oddness:
    """How many deviations a step is off the mean of a window before it, in its worst channel.

    It learns nothing but the scale of the values. A step with a short history is not odd.
    """
    least = min(LEAST_HISTORY, windows.length)

    def oddness(values: Values, stretches: Positions) -> NDArray[np.float64]:
        found = np.full(len(values), np.nan)
        for first, end in stretches:
            steps = pd.DataFrame(values[first:end])
            before = steps.shift(1).rolling(windows.length, min_periods=least)
            away = (steps - before.mean()).abs() / before.std(ddof=0).clip(lower=LEAST_DEVIATION)
            found[first:end] = away.fillna(0.0).max(axis=1).to_numpy()
        return found

    return oddness


BASELINES: Mapping[str, Baseline] = {
    "isolation_forest": isolation_forest,
    "pca": pca_windows,
    "moving_z_score": moving_z_score,
}
CAUSAL = frozenset({"moving_z_score"})
"""Those whose scores depend on no later step."""


def _flat(values: Values, stretches: Positions, window: int) -> Values:
    windows = windows_at(values, window_starts(stretches, window), window)
    return windows.reshape(len(windows), -1)


def _step_means(
    values: Values, stretches: Positions, windows: Windows, tell: Callable[[Values], Values]
) -> NDArray[np.float64]:
    """The mean over the windows that have a step of what is told of it there."""
    means = StepMeans(len(values), 1, windows.length)
    all_starts = window_starts(stretches, windows.length, windows.stride)
    for starts, cut in window_batches(values, all_starts, windows.length):
        means.add(starts, tell(cut))
    return means.means()[:, 0]
