"""New rows of series by a model of them: blocks with an alarm, against the rate; and events."""

import numpy as np
import pandas as pd

from components.errors import UserError
from components.models.block_threshold import PER, block_maxima, threshold_at
from components.models.calibration import Calibration
from components.models.series_autoencoder import SeriesAutoencoder
from components.monitoring.anomaly import AnomalyReport, find_anomalies
from components.monitoring.events import Event, find_events
from components.monitoring.report import Value


class SeriesReport(Value):
    """What one look at new rows of series found.

    `blocks` is the report on blocks of a window's length, by the highest score of each: whether
    more have an alarm than normal series would. `events` are the odd steps, merged. Of the rows
    `num_unscored` have no score, since their stretch is shorter than a window or they lack a value;
    `irregular` says what is not as it should be with times and values, empty where all is well.
    """

    blocks: AnomalyReport
    events: tuple[Event, ...]
    num_unscored: int
    irregular: str


def find_in_series(
    model: SeriesAutoencoder, scale: Calibration, frame: pd.DataFrame, *, rate: float
) -> SeriesReport:
    """The report on the rows of `frame`, at a rate of false alarms in blocks.

    `scale` is that of block maxima held out of the fit. Raises UserError where no block of a
    window's length is whole, or the rate cannot be stated.
    """
    series, block = model.series(frame), model.config.window
    errors = model.errors(series)
    scores = errors.sum(axis=1)
    maxima = block_maxima(scores, series.stretches, block)
    if not len(maxima):
        found = f": {series.irregular}" if str(series.irregular) else ""
        raise UserError(
            f"{len(frame)} rows have no stretch of {block} steps without a gap, so that none can "
            f"be scored{found}"
        )
    times = None
    if series.has_clock and model.config.layout.time is not None:
        times = frame[model.config.layout.time]
    return SeriesReport(
        blocks=find_anomalies(maxima, scale, rate=rate),
        events=find_events(
            errors, series, threshold_at(scale, block, rate * PER / block), times=times
        ),
        num_unscored=int(np.isnan(scores).sum()),
        irregular=str(series.irregular),
    )
