"""The page of what synthetic images bring a classifier: gains over draws, with their intervals."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.calibration.wording import table
from components.evaluation.statistics import mean_interval

HEAD = ("images", "of each class", "best way without", "model", "gain", "better in", "seconds")
NOTE = """# What made images bring a classifier

Written by `python -m benchmarks.image_benefit`; do not edit. Few images of each class are drawn, a
generator is fitted to them, and a small convolutional network is taught by them and eight times as
many made ones, all varied by classic augmentation. The gain is in balanced accuracy on 200 other
images of each class (or half of all), over the way without a generator that is best on average over
the draws, on the same images. Beside its mean is the 95% interval of the mean over draws (t): other
draws of the same set, not other sets. Models have the settings that `MODELS` of the benchmark says,
the same for every set; seconds are those of a processor, to fit and to draw. What is not in the
table was not measured yet, neither models nor ways without one; one draw tells little, since two
classifiers differ by as much.

"""

Draws = dict[int, dict[str, dict[str, Any]]]
"""Entries of a set and size, by draw and way."""


def page(found: Mapping[str, dict[str, Any]], without: Sequence[str]) -> str:
    """The page of these entries, by `set|size|draw|way`; `without` are ways without a generator."""
    return NOTE + table(HEAD, list(lines(found, without)))


def lines(found: Mapping[str, dict[str, Any]], without: Sequence[str]) -> Iterator[list[str]]:
    """A line for each set, size and model that was measured where the first of `without` was.

    >>> found = {f"a|10|{d}|classic": {"accuracy": 0.9} for d in (0, 1)}
    >>> found |= {f"a|10|{d}|gan": {"accuracy": 0.91 - d / 50, "seconds": 9.0} for d in (0, 1)}
    >>> next(lines(found, ["classic"]))
    ['a', '10', 'classic, .900', 'gan', '+.000 (-.127 to +.127)', '1 of 2 draws', '9']
    """
    for (name, size), draws in _by_set(found).items():
        for model in sorted({way for ways in draws.values() for way in ways} - {*without}):
            both = [ways for ways in draws.values() if {model, without[0]} <= ways.keys()]
            if both:
                yield [name, size, *_compared(both, model, without)]


def _compared(
    draws: Sequence[Mapping[str, dict[str, Any]]], model: str, without: Sequence[str]
) -> list[str]:
    """What is said of a model beside the best of the ways that were tried in all these draws."""
    known = {
        way: np.array([ways[way]["accuracy"] for ways in draws])
        for way in without
        if all(way in ways for ways in draws)
    }
    best = max(known, key=lambda way: float(known[way].mean()))
    gains = np.array([ways[model]["accuracy"] for ways in draws]) - known[best]
    often = f"{int((gains > 0).sum())} of {len(gains)} draws"
    seconds = np.mean([ways[model]["seconds"] for ways in draws])
    beaten = f"{best}, {_short(float(known[best].mean()))}"
    return [beaten, model, _gain(gains), often, f"{seconds:.0f}"]


def _by_set(found: Mapping[str, dict[str, Any]]) -> dict[tuple[str, str], Draws]:
    sets: dict[tuple[str, str], Draws] = defaultdict(lambda: defaultdict(dict))
    for key, entry in found.items():
        name, size, draw, way = key.split("|")
        sets[name, size][int(draw)][way] = entry
    return sets


def _gain(gains: np.ndarray) -> str:
    """The mean of the gains, and its interval where there are two at least."""
    if len(gains) < 2:
        return f"{_signed(float(gains.mean()))} (one draw)"
    found = mean_interval(gains, confidence=0.95, sides=2)
    return f"{_signed(found.value)} ({_signed(found.low)} to {_signed(found.high)})"


def _signed(value: float) -> str:
    return f"{value + 0.0:+.3f}".replace("0.", ".")


def _short(value: float) -> str:
    return f"{value:.3f}".removeprefix("0")
