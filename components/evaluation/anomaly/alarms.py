"""What an alarm is worth: how many normal rows raise one, and how many anomalies do."""

import numpy as np
from numpy.typing import NDArray

from components.evaluation.anomaly.case import AnomalyCase, AnomalyEvaluator, Scored
from components.evaluation.anomaly.ranking import compared
from components.evaluation.case import Findings, Metric
from components.evaluation.statistics import (
    Interval,
    normal_interval,
    share_interval,
    standard_error,
)

FALSE_ALARM_SHARE = Metric(
    name="false_alarm_share",
    family="utility",
    goal="minimise",
    bounds=(0.0, 1.0),
    ideal=0.0,
    meaning="the share of normal test rows that raise an alarm",
)
DETECTED_SHARE = Metric(
    name="detected_share",
    family="utility",
    goal="maximise",
    bounds=(0.0, 1.0),
    ideal=1.0,
    meaning="the share of anomalies that raise an alarm",
)


def measure_alarms(case: AnomalyCase) -> Findings:
    """Both shares at the conformal threshold of the stated rate, with exact intervals.

    The rate holds on average over held-out rows and test rows; with few held-out ones a single
    threshold may lie above or below it (`Calibration`).

    >>> from components.config import EvaluateConfig, Purpose
    >>> from components.models.calibration import Calibration
    >>> scored = Scored(np.array([0.0, 97.0, 90.0, 98.5]), Calibration.of(np.arange(99.0)))
    >>> kinds = np.array(["normal", "normal", "crack", "crack"], dtype=object)
    >>> case = AnomalyCase(kinds, scored, EvaluateConfig(purpose=Purpose.ANOMALY))
    >>> [found.value for found in measure_alarms(case).measurements]
    [0.5, 0.5]
    """
    odd, rate = case.is_anomaly, case.config.false_alarms
    flagged = flags(case.model, rate)
    at = f"at a stated rate of {rate:g}"
    false = FALSE_ALARM_SHARE.measured(
        _share(flagged[~odd], case.confidence(FALSE_ALARM_SHARE.name)),
        case,
        meaning=f"{FALSE_ALARM_SHARE.meaning} {at}",
        reference=rate,
    )
    confidence = case.confidence(DETECTED_SHARE.name)
    found = DETECTED_SHARE.measured(
        _share(flagged[odd], confidence), case, meaning=f"{DETECTED_SHARE.meaning} {at}"
    )
    comparisons = tuple(
        compared(name, _difference(flagged[odd], flags(baseline, rate)[odd], confidence))
        for name, baseline in case.baselines.items()
    )
    return Findings(
        measurements=(
            false.model_copy(update={"sample_size": int((~odd).sum())}),
            found.model_copy(update={"comparisons": comparisons, "sample_size": int(odd.sum())}),
        )
    )


def flags(scored: Scored, rate: float) -> NDArray[np.bool_]:
    """Which rows raise an alarm."""
    return np.asarray(scored.oddness > scored.calibration.threshold(rate))


def _share(flagged: NDArray[np.bool_], confidence: float) -> Interval:
    return share_interval(int(flagged.sum()), len(flagged), confidence=confidence)


def _difference(
    flagged: NDArray[np.bool_], other: NDArray[np.bool_], confidence: float
) -> Interval:
    """How many more are flagged, with a paired interval."""
    differences = flagged.astype(np.float64) - other
    mean = float(differences.mean())
    error = max(standard_error(differences - mean), 0.5 / len(differences))
    return normal_interval(mean, error, confidence=confidence)


ALARMS = AnomalyEvaluator(measure_alarms, (FALSE_ALARM_SHARE, DETECTED_SHARE))
