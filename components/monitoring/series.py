"""New rows of series by a model of them: blocks with an alarm, against the rate; and events."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd

from components.data.batches import Batches
from components.data.schema import ColumnKind
from components.errors import UserError
from components.models.calibration import Calibration
from components.models.series.block_threshold import PER, block_maxima, threshold_at
from components.monitoring.anomaly import find_anomalies
from components.monitoring.anomaly_report import SeriesReport
from components.monitoring.as_learned import LearnedRows
from components.monitoring.at_a_rate import AtARate
from components.monitoring.events import find_events

if TYPE_CHECKING:
    from components.models.series.autoencoder import SeriesAutoencoder


@dataclass(frozen=True)
class SeriesDetector(AtARate["SeriesAutoencoder"]):
    """A model of series; the scale is that of blocks, and so is the rate of false alarms."""

    compares_together: ClassVar[bool] = False
    """Neighbouring steps are alike: trees tell any stretch from any other by them."""

    @property
    def not_compared(self) -> tuple[str, ...]:
        """The column of the time where it is a number: it always moves on, as dates do."""
        time, schema = self.model.config.layout.time, self.model.schema_
        if time is None or schema[time].kind is ColumnKind.DATETIME:
            return ()
        return (time,)

    def find(self, batches: Batches) -> SeriesReport:
        """What the scores of the rows say, which are held at once, as series are told whole.

        Raises UserError where a column is missing or cannot be read, there is no row, and as
        `find_in_series` does.
        """
        layout = self.model.config.layout
        roles = [name for name in (layout.time, layout.group) if name is not None]
        rows = LearnedRows.of(self.model.schema_, [*roles, *self.model.channels_])
        frames = list(rows.read(batches))
        if not frames:
            raise UserError("there is no row to look at")
        frame = pd.concat(frames, ignore_index=True)
        return find_in_series(self.model, self.scale, frame, rate=self.rate)


def find_in_series(
    model: "SeriesAutoencoder", scale: Calibration, frame: pd.DataFrame, *, rate: float
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
    threshold = threshold_at(scale, block, rate * PER / block)
    return SeriesReport(
        blocks=find_anomalies(maxima, scale, rate=rate, unit=f"blocks of {block} steps"),
        events=find_events(errors, series, threshold, times=times),
        num_unscored=int(np.isnan(scores).sum()),
        irregular=str(series.irregular),
    )
