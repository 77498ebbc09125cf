"""From a model and tables of series to a case: how odd it, and each baseline, finds test steps."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from components.config import EvaluateConfig
from components.data.series import Positions, Series, Values
from components.data.table import Table
from components.evaluation.anomaly.series_case import ScoredSteps, SeriesCase
from components.evaluation.seeds import derived_seed
from components.evaluation.statistics import Vector
from components.models.calibration import Calibration
from components.models.series.baselines import BASELINES, CAUSAL, Windows
from components.models.series.block_threshold import PER, block_maxima, threshold_at

if TYPE_CHECKING:
    from components.models.series.autoencoder import SeriesAutoencoder

SEGMENT = 4
"""Windows in a segment: what is further apart is taken to be independent."""


def detect_in_series(
    model: "SeriesAutoencoder",
    *,
    fitted: Table,
    held_out: Table,
    test: Table,
    config: EvaluateConfig,
) -> SeriesCase:
    """The case of a model of series, which never sees what is wrong with a test step.

    Alarms are raised where a block of a window's length held out of the fit would have as high a
    peak with a chance of `config.false_alarms` at most. Baselines learn from the same steps in the
    same scaling, and score by windows as far apart.
    """
    window = model.config.window
    series, calibrating = model.series(test.frame), model.series(held_out.frame)
    stretches = judged_stretches(series.stretches, window)
    rate = config.false_alarms * PER / window

    def scored(oddness: Callable[[Series], Vector], lag: int) -> ScoredSteps:
        maxima = block_maxima(
            oddness(calibrating), judged_stretches(calibrating.stretches, window), window
        )
        threshold = threshold_at(Calibration.of(maxima), window, rate)
        return ScoredSteps(oddness(series), threshold, lag)

    def scaled(series: Series) -> tuple[Values, Positions]:
        return model.scaling_.apply(series.values), series.stretches

    def baseline(name: str) -> ScoredSteps:
        learned, windows = scaled(model.series(fitted.frame)), Windows(window, model.config.stride)
        tell = BASELINES[name](*learned, windows, derived_seed(config.seed, name))
        return scored(lambda series: tell(*scaled(series)), 0 if name in CAUSAL else window - 1)

    return SeriesCase(
        kinds=test.frame[test.schema.target].to_numpy(dtype=object)[series.places],
        stretches=stretches,
        segment=SEGMENT * window,
        model=scored(lambda series: model.errors(series).sum(axis=1), window - 1),
        config=config,
        baselines={name: baseline(name) for name in BASELINES},
    )


def scale_of_blocks(model: "SeriesAutoencoder", held_out: Table) -> Calibration:
    """The scale of the model's scores: the peaks of blocks, of a window's length, held out."""
    series, window = model.series(held_out.frame), model.config.window
    errors = model.errors(series).sum(axis=1)
    return Calibration.of(block_maxima(errors, judged_stretches(series.stretches, window), window))


def judged_stretches(stretches: Positions, window: int) -> Positions:
    """Those of a window at least: steps of others have no score."""
    return stretches[np.diff(stretches, axis=1)[:, 0] >= window]
