"""A look at new rows of series: quiet where nothing is wrong, an event where something is."""

import numpy as np
import pandas as pd
import pytest

from components.errors import UserError
from components.models.calibration import Calibration
from components.models.series.block_threshold import block_maxima
from components.monitoring.series import find_in_series
from tests.models.test_series_autoencoder import fitted, waves

RATE = 0.1


def scale() -> Calibration:
    model = fitted()
    series = model.series(waves(300, 7))
    return Calibration.of(block_maxima(model.errors(series).sum(axis=1), series.stretches, 16))


def test_nothing_wrong_is_told_as_such():
    report = find_in_series(fitted(), scale(), waves(160, 8), rate=RATE)
    assert not report.blocks.is_anomalous and report.blocks.num_rows == 20
    assert (report.num_unscored, report.irregular) == (0, "")


def test_what_is_odd_is_an_event_with_its_time_and_column():
    frame = waves(160, 9)
    frame.loc[60:110, "heat"] += 3.0
    report = find_in_series(fitted(), scale(), frame, rate=RATE)
    assert report.blocks.is_anomalous
    worst = max(report.events, key=lambda event: event.peak)
    assert worst.columns[0].column == "heat"
    assert worst.began is not None
    assert pd.Timestamp("2024-01-01 00:40") < worst.began < pd.Timestamp("2024-01-01 01:05")


def test_faults_of_the_batch_are_said():
    frame = waves(160, 10)
    frame.loc[5, "load"] = np.nan
    report = find_in_series(fitted(), scale(), frame.sample(frac=1, random_state=0), rate=RATE)
    assert report.num_unscored == 6
    assert report.irregular.startswith("1 missing") and "out of order" in report.irregular
    with pytest.raises(UserError, match="no stretch of 16 steps without a gap"):
        find_in_series(fitted(), scale(), waves(9, 0), rate=RATE)
