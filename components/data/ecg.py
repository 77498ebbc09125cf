"""A procedural two-lead electrocardiogram with faults planted in it, and where each lies.

Each beat is a sum of Gaussians about its R peak, one for each of the waves P, Q, R, S and T (after
McSharry et al. 2003, "A dynamical model for generating synthetic electrocardiogram signals", table
1), its period and size varying from beat to beat; the baseline wanders with the breath. It is
drawn, no patient's. What is planted, and when, is known:

- `missing_beat`: a beat that does not come;
- `premature_beat`: one that comes too early, wide and without a P wave, and a pause after it;
- `inverted_t`: a T wave turned over;
- `noise_burst`: noise on one lead alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Signal = NDArray[np.float64]

RATE = 100
"""Samples a second."""
LEADS = ("lead_1", "lead_2")
SOUND = "none"
"""What is wrong with a sound beat."""
FAULTS = ("missing_beat", "premature_beat", "inverted_t", "noise_burst")

PERIOD, PERIOD_SPREAD = 0.8, 0.04
SIZE_SPREAD = 0.05
WAVES = ("P", "Q", "R", "S", "T")
TIMES = np.array([-0.2, -0.05, 0.0, 0.05, 0.27])
"""Of each wave's peak, in seconds from the R peak."""
WIDTHS = np.array([0.025, 0.012, 0.014, 0.012, 0.045])
HEIGHTS = np.array([[0.12, -0.1, 1.0, -0.2, 0.25], [0.08, -0.05, 0.6, -0.35, 0.18]])
"""In millivolts, a row a lead."""
_P, _T = WAVES.index("P"), WAVES.index("T")
BEAT = (-0.28, 0.4)
"""From where to where a beat's waves reach, in seconds from its R peak."""


@dataclass(frozen=True)
class Fault:
    """What was planted, and in which samples: from `first` up to but not including `end`."""

    kind: str
    first: int
    end: int
    lead: str | None = None


@dataclass(frozen=True)
class Ecg:
    """The signal, shape (samples, leads), in millivolts, its faults, and each R peak's sample."""

    signal: Signal
    faults: tuple[Fault, ...]
    peaks: NDArray[np.int64]

    def frame(self) -> pd.DataFrame:
        """A row a sample: `time` in seconds, the leads, and `fault`, what is wrong with it."""
        fault = np.full(len(self.signal), SOUND, dtype=object)
        for planted in self.faults:
            fault[planted.first : planted.end] = planted.kind
        time = np.round(np.arange(len(self.signal)) / RATE, 2)
        leads = dict(zip(LEADS, np.round(self.signal.T, 4), strict=True))
        return pd.DataFrame({"time": time, **leads, "fault": fault})


def draw_ecg(
    seconds: float, *, clean_seconds: float, faults: Sequence[str] = FAULTS, seed: int
) -> Ecg:
    """So many seconds, in which about one of eight beats has a fault once `clean_seconds` are over.

    Faults take turns in random order, with four sound beats at least between two.

    >>> ecg = draw_ecg(120, clean_seconds=60, seed=0)
    >>> ecg.signal.shape, {fault.kind for fault in ecg.faults} == set(FAULTS)
    ((12000, 2), True)
    """
    rng = np.random.default_rng(seed)
    peaks = _peaks(seconds, rng)
    planted = _planned(peaks, clean_seconds, faults, rng)
    signal = _background(round(seconds * RATE), rng)
    found: list[Fault] = []
    for number, peak in enumerate(peaks):
        kind = planted.get(number)
        size = 1 + SIZE_SPREAD * rng.normal()
        if kind == "premature_beat":
            peak = peaks[number - 1] + rng.uniform(0.5, 0.65) * PERIOD
        if kind != "missing_beat":
            _add_beat(signal, peak, size, kind)
        if kind is not None:
            found.append(_fault(kind, peak, signal, rng))
    samples = np.round(peaks * RATE).astype(np.int64)
    return Ecg(signal, tuple(found), samples)


def _peaks(seconds: float, rng: np.random.Generator) -> Signal:
    """When each R peak is, in seconds: periods vary by some percent, slowly and quickly."""
    most = int(seconds / PERIOD * 1.3) + 2
    breath = 0.5 * np.sin(2 * np.pi * 0.25 * PERIOD * np.arange(most) + rng.uniform(0, 2 * np.pi))
    periods = PERIOD * (1 + PERIOD_SPREAD * (rng.normal(size=most) * 0.7 + breath))
    times: Signal = np.cumsum(periods)
    return times[times < seconds - BEAT[1]]


def _planned(
    peaks: Signal,
    clean_seconds: float,
    faults: Sequence[str],
    rng: np.random.Generator,
) -> dict[int, str]:
    """The faults by the number of their beat."""
    planned: dict[int, str] = {}
    turn: list[str] = []
    number = int(np.searchsorted(peaks, clean_seconds - BEAT[0])) + 1
    while faults:
        number += int(rng.integers(5, 12))
        if number >= len(peaks) - 1:
            break
        turn = turn or list(rng.permutation(faults))
        planned[number] = str(turn.pop())
    return planned


def _background(num_samples: int, rng: np.random.Generator) -> Signal:
    """What is there without a heart: noise, and a baseline that wanders with the breath."""
    time = np.arange(num_samples)[:, None] / RATE
    phase = rng.uniform(0, 2 * np.pi, size=(2, len(LEADS)))
    wander = 0.04 * np.sin(2 * np.pi * 0.25 * time + phase[0])
    wander = wander + 0.03 * np.sin(2 * np.pi * 0.07 * time + phase[1])
    found: Signal = wander + 0.02 * rng.normal(size=(num_samples, len(LEADS)))
    return found


def _add_beat(signal: Signal, peak: float, size: float, kind: str | None) -> None:
    """Add a beat's waves to the signal, in place."""
    heights, widths = HEIGHTS * size, WIDTHS.copy()
    if kind == "inverted_t":
        heights[:, _T] *= -1
    if kind == "premature_beat":
        heights[:, _P] = 0
        widths[1:4] *= 2
    first, end = _samples(peak, *BEAT, len(signal))
    since = np.arange(first, end)[:, None] / RATE - peak
    waves = np.exp(-0.5 * ((since - TIMES) / widths) ** 2)
    signal[first:end] += waves @ heights.T


def _fault(kind: str, peak: float, signal: Signal, rng: np.random.Generator) -> Fault:
    """Where a fault of this kind lies; a burst of noise is added to the signal, in place."""
    if kind == "inverted_t":
        return Fault(kind, *_samples(peak, 0.15, 0.4, len(signal)))
    if kind != "noise_burst":
        return Fault(kind, *_samples(peak, *BEAT, len(signal)))
    first, end = _samples(peak, 0.0, rng.uniform(0.3, 0.8), len(signal))
    lead = int(rng.integers(len(LEADS)))
    signal[first:end, lead] += rng.uniform(0.1, 0.25) * rng.normal(size=end - first)
    return Fault(kind, first, end, LEADS[lead])


def _samples(peak: float, low: float, high: float, num_samples: int) -> tuple[int, int]:
    first, end = round((peak + low) * RATE), round((peak + high) * RATE)
    return max(first, 0), min(end, num_samples)
