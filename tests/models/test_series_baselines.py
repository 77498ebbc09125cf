"""What an autoencoder of series has to beat."""

import numpy as np
import pytest

from components.models.series.baselines import Windows, moving_z_score


@pytest.mark.parametrize("window", [4, 6])
def test_a_window_shorter_than_the_least_history_finds_a_spike(window: int):
    values, stretches = np.random.default_rng(0).normal(size=(120, 1)), np.array([[0, 120]])
    values[60] += 30.0
    oddness = moving_z_score(values, stretches, Windows(window, 1), 0)(values, stretches)
    assert np.argmax(oddness) == 60
    assert (oddness[:window] == 0).all()
