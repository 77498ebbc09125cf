"""Are odd rows told from normal ones: the area under the ROC curve, and average precision."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from components.evaluation.anomaly.case import AnomalyCase, AnomalyEvaluator, Scored
from components.evaluation.case import Findings, Metric
from components.evaluation.curves import roc
from components.evaluation.evidence import Comparison, Measurement
from components.evaluation.statistics import (
    Interval,
    Vector,
    at_least,
    auc_influence,
    auc_interval,
    bootstrap_interval,
    half_a_row,
    normal_interval,
    rank_alike,
    standard_error,
)

ANOMALY_AUROC = Metric(
    name="anomaly_auroc",
    family="utility",
    goal="maximise",
    bounds=(0.0, 1.0),
    ideal=1.0,
    meaning="the chance that an anomaly is odder to the model than a normal row (ROC AUC)",
)
ANOMALY_PRECISION = Metric(
    name="anomaly_precision",
    family="utility",
    goal="maximise",
    bounds=(0.0, 1.0),
    ideal=1.0,
    meaning="the average precision of the model's ranking, the oddest rows first,",
)


def measure_ranking(case: AnomalyCase) -> Findings:
    """Both metrics with paired differences to every baseline, and all ROC curves.

    The area has DeLong's interval, its differences his paired one; average precision, which depends
    on the share of anomalies, the percentile bootstrap's over rows of each side. None is narrower
    than half a row of the smaller side makes it, so that a perfect separation of few anomalies is
    not taken for certainty; but for areas of two that rank all rows alike, which are equal.

    >>> from components.config import EvaluateConfig, Purpose
    >>> from components.models.calibration import Calibration
    >>> scored = Scored(np.array([0.1, 0.4, 0.35, 0.8]), Calibration.of(np.array([0.1, 0.2])))
    >>> kinds = np.array(["normal", "normal", "crack", "crack"], dtype=object)
    >>> case = AnomalyCase(kinds, scored, EvaluateConfig(purpose=Purpose.ANOMALY))
    >>> measure_ranking(case).measurements[0].value
    0.75
    """
    return Findings(
        measurements=(_area(case), _precision(case)),
        curves=tuple(
            roc(f"anomaly_roc_{name}" if name else "anomaly_roc", case.is_anomaly, each.oddness)
            for name, each in {"": case.model, **case.baselines}.items()
        ),
    )


def _area(case: AnomalyCase) -> Measurement:
    odd, confidence = case.is_anomaly, case.confidence(ANOMALY_AUROC.name)
    interval = auc_interval(odd, case.model.oddness, confidence=confidence)
    return ANOMALY_AUROC.measured(interval, case).model_copy(
        update={
            "comparisons": tuple(
                compared(
                    name,
                    auc_difference(odd, case.model.oddness, baseline.oddness, confidence),
                )
                for name, baseline in case.baselines.items()
            ),
            "sample_size": len(odd),
        }
    )


def auc_difference(
    odd: NDArray[np.bool_], oddness: Vector, other: Vector, confidence: float
) -> Interval:
    """How much larger the area of `oddness` is than that of `other`, with DeLong's paired bounds.

    >>> odd, scores = np.array([False, False, True, True]), np.array([0.1, 0.4, 0.35, 0.8])
    >>> auc_difference(odd, scores, -scores, 0.95).value
    0.5
    """
    area, influence = auc_influence(odd, oddness)
    base, base_influence = auc_influence(odd, other)
    least = 0.0 if rank_alike(oddness, other) else half_a_row(odd)
    error = max(standard_error(influence - base_influence), least)
    return normal_interval(area - base, error, confidence=confidence)


def _precision(case: AnomalyCase) -> Measurement:
    odd, confidence = case.is_anomaly, case.confidence(ANOMALY_PRECISION.name)

    def bounds(statistic: Callable[..., float], *samples: Vector) -> Interval:
        found = bootstrap_interval(
            statistic, *samples, confidence=confidence, seed=case.seed("precision")
        )
        return at_least(found, half_a_row(odd), confidence=confidence)

    def sides(*scored: Scored) -> tuple[Vector, Vector]:
        columns = np.column_stack([each.oddness for each in scored])
        return columns[~odd], columns[odd]

    found = bounds(_precision_of, *sides(case.model))
    share = float(odd.mean())
    meaning = f"{ANOMALY_PRECISION.meaning} where {share:.1%} of the rows are anomalies,"
    return ANOMALY_PRECISION.measured(found, case, meaning=meaning).model_copy(
        update={
            "comparisons": tuple(
                compared(name, bounds(_precision_difference, *sides(case.model, baseline)))
                for name, baseline in case.baselines.items()
            ),
            "sample_size": len(odd),
        }
    )


def average_precision(odd: NDArray[np.bool_], oddness: Vector) -> float:
    """The mean, over anomalies, of the share of anomalies among rows at least as odd.

    >>> average_precision(np.array([True, False, True]), np.array([0.9, 0.5, 0.1])).__round__(3)
    0.833
    """
    order = np.argsort(-oddness, kind="stable")
    ranked, truth = oddness[order], odd[order]
    ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))  # equal scores come together
    found = np.cumsum(truth)[ends]
    gained = np.diff(found, prepend=0)
    return float((gained * found / (ends + 1)).sum() / found[-1])


def _precision_of(normal: Vector, odd: Vector, column: int = 0) -> float:
    truth = np.repeat([False, True], [len(normal), len(odd)])
    return average_precision(truth, np.concatenate([normal[:, column], odd[:, column]]))


def _precision_difference(normal: Vector, odd: Vector) -> float:
    return _precision_of(normal, odd) - _precision_of(normal, odd, 1)


def compared(name: str, interval: Interval) -> Comparison:
    """The difference to a baseline, as evidence."""
    return Comparison(baseline=name, value=interval.value, low=interval.low, high=interval.high)


RANKING = AnomalyEvaluator(measure_ranking, (ANOMALY_AUROC, ANOMALY_PRECISION))
