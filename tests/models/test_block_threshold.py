"""The rate of false events holds on series in which nothing is wrong, however slow they are."""

import doctest

import numpy as np
import pytest
from scipy.signal import lfilter

from components.data.ranges import merged_ranges
from components.errors import UserError
from components.models.calibration import Calibration
from components.models.series import block_threshold
from components.models.series.block_threshold import block_maxima, threshold_at

BLOCK, NUM_STEPS = 64, 3_200
WHOLE = np.array([[0, NUM_STEPS]])


def test_examples():
    assert doctest.testmod(block_threshold).failed == 0


@pytest.mark.parametrize("memory", [0.0, 0.9, 0.98])
def test_false_events_of_a_null_series_come_at_the_stated_rate_at_most(memory):
    rng = np.random.default_rng(7)
    rates, stated = [], None
    for _ in range(300):
        drawn = lfilter([1.0], [1.0, -memory], rng.normal(size=2 * NUM_STEPS + 500))[500:]
        held_out, new = drawn[:NUM_STEPS], drawn[NUM_STEPS:]
        scale = Calibration.of(block_maxima(held_out, WHOLE, BLOCK))
        threshold = threshold_at(scale, BLOCK, 1.0)
        stated = threshold.rate
        events = merged_ranges(new > threshold.value, WHOLE, closing=BLOCK)
        rates.append(1_000 * len(events) / NUM_STEPS)
    error = np.std(rates) / np.sqrt(len(rates))
    assert stated is not None and 0.5 < stated <= 1.0
    assert np.mean(rates) < stated + 3 * error
    assert np.mean(rates) > 0.5 * stated  # not by crying never


def test_events_are_no_more_than_blocks_with_an_alarm():
    rng = np.random.default_rng(0)
    for share in (0.001, 0.01, 0.1):
        alarms = rng.random(NUM_STEPS) < share
        blocks = alarms.reshape(-1, BLOCK).any(axis=1).sum()
        assert len(merged_ranges(alarms, WHOLE, closing=BLOCK)) <= blocks


def test_a_rate_that_cannot_be_stated_is_refused_with_what_it_takes():
    scale = Calibration.of(np.arange(10.0))
    with pytest.raises(UserError, match=r"10 blocks of 64 steps.*1\.42045 can.*10,000 steps"):
        threshold_at(scale, 64, 0.1)
    with pytest.raises(UserError, match=r"below 15\.625"):
        threshold_at(scale, 64, 20.0)
