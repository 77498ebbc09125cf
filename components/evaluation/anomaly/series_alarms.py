"""What alarms in a series are worth: events found, how late, and how many there are for nothing."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components.data.ranges import ranges_of
from components.data.series import Positions
from components.evaluation.anomaly.ranking import compared
from components.evaluation.anomaly.series_case import ScoredSteps, SeriesCase, SeriesEvaluator
from components.evaluation.case import Findings, Metric
from components.evaluation.statistics import (
    Interval,
    Vector,
    mean_interval,
    normal_interval,
    share_interval,
    standard_error,
)
from components.models.series.block_threshold import PER

EVENT_RECALL = Metric(
    name="event_recall",
    family="utility",
    goal="maximise",
    bounds=(0.0, 1.0),
    ideal=1.0,
    meaning="the share of anomalies in which an alarm is raised",
)
FALSE_EVENTS = Metric(
    name="false_events",
    family="utility",
    goal="minimise",
    bounds=(0.0, None),
    ideal=0.0,
    meaning=f"the number of blocks with an alarm in {PER:,} steps away from any anomaly",
)
DETECTION_DELAY = Metric(
    name="detection_delay",
    family="utility",
    goal="minimise",
    bounds=(0.0, None),
    ideal=0.0,
    meaning="the mean number of steps from the start of an anomaly to where its alarm is known, of "
    "those found,",
)


FEWEST_FOUND = 2
"""So many anomalies have to be found for a mean delay with an interval."""


@dataclass(frozen=True)
class Detection:
    """What one detector's alarms found: by anomaly, and by block what was for nothing.

    `delays` is NaN for an anomaly that was missed. `false_blocks` says which blocks away from any
    anomaly have an alarm, `segments` in which segment each lies; a block has `block` steps.
    """

    delays: Vector
    false_blocks: NDArray[np.bool_]
    segments: Positions
    block: int

    @property
    def found(self) -> NDArray[np.bool_]:
        """Which anomalies had an alarm."""
        return ~np.isnan(self.delays)


def detect(scored: ScoredSteps, case: SeriesCase) -> Detection:
    """The detector's alarms at its threshold, held against the anomalies.

    The delay of an anomaly is that of its first alarm, and the steps that must follow before its
    score is final. Alarms less than a block from an anomaly are not for nothing: windows that reach
    into it may raise them. Beyond, blocks are counted and not merged events: a detector that never
    stops would have one event, and a true one.
    """
    alarms = (scored.oddness > scored.threshold.value) & case.judged
    delays = np.full(len(case.events), np.nan)
    for number, (first, end) in enumerate(case.events):
        if alarms[first:end].any():
            delays[number] = int(np.argmax(alarms[first:end])) + scored.lag
    block = scored.threshold.block
    starts = _quiet_blocks(case, block)
    return Detection(
        delays=delays,
        false_blocks=alarms[starts[:, None] + np.arange(block)].any(axis=1),
        segments=case.segments[starts],
        block=block,
    )


def _quiet_blocks(case: SeriesCase, block: int) -> Positions:
    """Where blocks of normal steps begin that are a block or more away from any anomaly."""
    quiet = case.is_normal.copy()
    for first, end in case.events:
        quiet[max(first - block, 0) : end + block] = False
    found = [np.empty(0, np.int64)]
    for first, end in case.stretches:
        for start, stop in ranges_of(quiet[first:end]) + first:
            found.append(np.arange(start, stop - block + 1, block))
    return np.concatenate(found)


def measure_series_alarms(case: SeriesCase) -> Findings:
    """All three at the threshold of the stated rate, as far as there is something to measure."""
    detection = detect(case.model, case)
    found, confidence = detection.found, case.confidence(EVENT_RECALL.name)
    stated = case.model.threshold.rate
    at = f"at a stated rate of {stated:.3g} false events in {PER:,} steps"
    recall = share_interval(int(found.sum()), len(found), confidence=confidence)
    comparisons = tuple(
        compared(name, _difference(found, detect(each, case).found, confidence))
        for name, each in case.baselines.items()
    )
    measurements = [
        EVENT_RECALL.measured(recall, case, meaning=f"{EVENT_RECALL.meaning} {at}").model_copy(
            update={"comparisons": comparisons, "sample_size": len(found)}
        ),
    ]
    if len(detection.false_blocks):
        rate = rate_interval(detection, case.confidence(FALSE_EVENTS.name))
        meaning = f"{FALSE_EVENTS.meaning} {at}"
        measurements.append(FALSE_EVENTS.measured(rate, case, meaning=meaning, reference=stated))
    if found.sum() >= FEWEST_FOUND:
        delay = mean_interval(
            detection.delays[found], confidence=case.confidence(DETECTION_DELAY.name)
        )
        measurements.append(DETECTION_DELAY.measured(delay, case))
    return Findings(measurements=tuple(measurements))


def rate_interval(detection: Detection, confidence: float) -> Interval:
    """Blocks with an alarm in 1,000 steps, a ratio over segments (Cochran 1977, section 2.11).

    Its upper end is at least the exact one of as many independent blocks: of few alarms the normal
    one is too low, 14% instead of 5% of the time for 1 in 20 of 20 blocks.
    """
    numbers = np.unique(detection.segments, return_inverse=True)[1]
    alarmed, blocks = np.bincount(numbers, weights=detection.false_blocks), np.bincount(numbers)
    share = float(alarmed.sum() / blocks.sum())
    error = standard_error((alarmed - share * blocks) / blocks.mean())
    bounds = normal_interval(share, max(error, 0.5 / blocks.sum()), confidence=confidence)
    exact = share_interval(int(alarmed.sum()), int(blocks.sum()), confidence=confidence)
    bounds = Interval(share, bounds.low, max(bounds.high, exact.high))
    return bounds.scaled(PER / detection.block)


def _difference(found: NDArray[np.bool_], other: NDArray[np.bool_], confidence: float) -> Interval:
    """How many more anomalies are found, with a paired interval."""
    differences = found.astype(np.float64) - other
    mean = float(differences.mean())
    error = max(standard_error(differences - mean), 0.5 / len(differences))
    return normal_interval(mean, error, confidence=confidence)


SERIES_ALARMS = SeriesEvaluator(
    measure_series_alarms, (EVENT_RECALL, FALSE_EVENTS, DETECTION_DELAY)
)
