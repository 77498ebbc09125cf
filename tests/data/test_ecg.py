"""The procedural electrocardiogram: what is planted is there, and nothing else."""

import doctest

import numpy as np
import pytest

from components.data import ecg
from components.data.bundled import load_bundled
from components.data.ecg import BEAT, FAULTS, RATE, SOUND, draw_ecg


@pytest.fixture(scope="module")
def drawn():
    return draw_ecg(240, clean_seconds=60, seed=3)


def test_example():
    assert doctest.testmod(ecg).failed == 0


def test_same_seed_same_signal(drawn):
    again = draw_ecg(240, clean_seconds=60, seed=3)
    np.testing.assert_array_equal(again.signal, drawn.signal)
    assert again.faults == drawn.faults
    assert not np.array_equal(draw_ecg(240, clean_seconds=60, seed=4).signal, drawn.signal)


def test_the_first_part_is_clean_and_the_frame_tells_the_rest(drawn):
    frame = drawn.frame()
    assert (frame["fault"][: 60 * RATE] == SOUND).all()
    assert set(frame["fault"]) == {SOUND, *FAULTS}
    assert min(fault.first for fault in drawn.faults) >= 60 * RATE


def test_beats_come_at_their_rate_with_an_upright_r_peak(drawn):
    sound = drawn.peaks[drawn.peaks < 60 * RATE]
    assert np.diff(sound).mean() == pytest.approx(80, abs=2)
    assert drawn.signal[sound, 0].min() > 0.6


def test_each_fault_is_what_it_is_called(drawn):
    for fault in drawn.faults:
        part = drawn.signal[fault.first : fault.end]
        if fault.kind == "missing_beat":
            assert part[:, 0].max() < 0.4
        if fault.kind == "inverted_t":
            assert part[:, 0].min() < -0.05
        if fault.kind == "premature_beat":
            wide = (part[:, 0] > 0.4).sum()
            assert 3 <= wide < 0.1 * RATE and fault.end - fault.first <= 69
    assert {fault.lead for fault in drawn.faults if fault.kind == "noise_burst"} <= set(ecg.LEADS)


def test_sound_beats_lie_between_faults(drawn):
    starts = np.array([fault.first for fault in drawn.faults])
    assert np.diff(starts).min() > 3 * 0.8 * RATE
    assert BEAT[1] - BEAT[0] < 0.8


def test_a_table_comes_of_it():
    frame = load_bundled("procedural:ecg")
    assert len(frame) == 60_000
    assert frame["time"].is_monotonic_increasing
