"""Events among normal stretches of their own length: how many of these their peaks are above.

Steps within an event are one finding, and long events have high peaks by their length alone; so the
peak of each is placed among those of normal stretches that are as long. A detector that says
nothing reaches .5.
"""

from dataclasses import dataclass

import numpy as np

from components.data.series import Positions
from components.evaluation.anomaly.series_case import SeriesCase
from components.evaluation.statistics import Vector


@dataclass(frozen=True)
class Placements:
    """For each event and segment, how many normal stretches there are, and how many it is above.

    `above` and `among` have the shape (events, segments); ties are half above. `segment` is that
    of each event.
    """

    above: Vector
    among: Vector
    segment: Positions

    def area(self, times: Vector | None = None) -> float:
        """The mean over events of the share they are above, each segment counted so many times.

        NaN where no event, or no normal stretch, is counted.
        """
        counted = np.ones(self.above.shape[1]) if times is None else times
        weights, among = counted[self.segment], self.among @ counted
        if not weights.sum() or not among.all():
            return float("nan")
        return float(np.average(self.above @ counted / among, weights=weights))


def place_events(oddness: Vector, case: SeriesCase) -> Placements:
    """Where the peaks of the case's events are among normal stretches, by this detector.

    An event longer than every normal run is placed by its first steps, as many as the longest has:
    else there would be nothing to place it among.
    """
    segments = case.segments[case.events[:, 0]]
    shape = (len(case.events), int(case.segments[-1]) + 1)
    above, among = np.zeros(shape), np.zeros(shape)
    runs = case.runs_of(case.is_normal)
    longest = int(np.diff(runs, axis=1).max(initial=0))
    lengths = np.minimum(np.diff(case.events, axis=1)[:, 0], longest)
    for length in np.unique(lengths):
        found = [np.arange(a, b - length + 1, length) for a, b in runs]
        starts = np.concatenate([np.empty(0, np.int64), *found])
        peaks = oddness[starts[:, None] + np.arange(length)].max(axis=1)
        for event in np.flatnonzero(lengths == length):
            first = case.events[event, 0]
            peak = oddness[first : first + length].max()
            wins = (peaks < peak) + 0.5 * (peaks == peak)
            among[event] = np.bincount(case.segments[starts], minlength=shape[1])
            above[event] = np.bincount(case.segments[starts], weights=wins, minlength=shape[1])
    return Placements(above, among, segments)
