"""Are odd steps, and odd events, told from normal ones, with intervals for dependent steps."""

from collections.abc import Callable

import numpy as np

from components.evaluation.anomaly.placements import place_events
from components.evaluation.anomaly.ranking import compared
from components.evaluation.anomaly.series_case import ScoredSteps, SeriesCase, SeriesEvaluator
from components.evaluation.case import Findings, Metric
from components.evaluation.curves import roc
from components.evaluation.evidence import Measurement
from components.evaluation.statistics import (
    Interval,
    Vector,
    at_least,
    auc_influence,
    clustered_error,
    normal_interval,
    rank_alike,
)

_EQUAL = Interval(0.0, 0.0, 0.0)

STEP_AUROC = Metric(
    name="step_auroc",
    family="utility",
    goal="maximise",
    bounds=(0.0, 1.0),
    ideal=1.0,
    meaning="the chance that an anomalous step is odder to the model than a normal one (ROC AUC)",
)
EVENT_AUROC = Metric(
    name="event_auroc",
    family="utility",
    goal="maximise",
    bounds=(0.0, 1.0),
    ideal=1.0,
    meaning="the chance that an anomaly's peak is above that of a normal stretch as long",
)
NUM_RESAMPLES = 500


def measure_series_ranking(case: SeriesCase) -> Findings:
    """Both areas with paired differences to every baseline, and the ROC curves of steps.

    That of steps has DeLong's interval for clusters (Obuchowski 1997, "Nonparametric analysis of
    clustered ROC curve data"), that of events the percentile bootstrap's; clusters and what is
    resampled are the case's segments. None is narrower than half an event makes it, so that a
    perfect separation of few events is not taken for certainty.
    """
    judged = case.judged
    return Findings(
        measurements=(_steps(case), _events(case)),
        curves=tuple(
            roc(
                f"anomaly_roc_{name}" if name else "anomaly_roc",
                case.is_anomaly[judged],
                each.oddness[judged],
            )
            for name, each in {"": case.model, **case.baselines}.items()
        ),
    )


def _steps(case: SeriesCase) -> Measurement:
    judged, confidence = case.judged, case.confidence(STEP_AUROC.name)
    least = 0.5 / len(case.events)

    def area(scored: ScoredSteps) -> tuple[float, Vector]:
        return auc_influence(case.is_anomaly[judged], scored.oddness[judged])

    def interval(value: float, influence: Vector) -> Interval:
        error = max(clustered_error(influence, case.segments[judged]), least)
        return normal_interval(value, error, confidence=confidence)

    value, influence = area(case.model)
    return _compared_with(
        case,
        STEP_AUROC,
        interval(value, influence),
        lambda other: interval(value - area(other)[0], influence - area(other)[1]),
    )


def _events(case: SeriesCase) -> Measurement:
    confidence = case.confidence(EVENT_AUROC.name)
    placed = place_events(case.model.oddness, case)

    def interval(statistic: Callable[[Vector], float]) -> Interval:
        num_segments = placed.above.shape[1]
        rng = np.random.default_rng(case.seed("events"))
        drawn = rng.integers(num_segments, size=(NUM_RESAMPLES, num_segments))
        times = [np.bincount(each, minlength=num_segments).astype(np.float64) for each in drawn]
        found = [statistic(each) for each in times]
        low, high = np.nanquantile(found, [1 - confidence, confidence])
        drawn_bounds = Interval(statistic(np.ones(num_segments)), float(low), float(high))
        return at_least(drawn_bounds, 0.5 / len(case.events), confidence=confidence)

    def against(other: ScoredSteps) -> Interval:
        beside = place_events(other.oddness, case)
        return interval(lambda times: placed.area(times) - beside.area(times))

    return _compared_with(case, EVENT_AUROC, interval(placed.area), against).model_copy(
        update={"sample_size": len(case.events)}
    )


def _compared_with(
    case: SeriesCase,
    metric: Metric,
    interval: Interval,
    against: Callable[[ScoredSteps], Interval],
) -> Measurement:
    """The measurement with its paired differences to every baseline.

    There is none, for certain, to one that ranks the steps alike.
    """
    comparisons = tuple(
        compared(name, _EQUAL if rank_alike(case.model.oddness, each.oddness) else against(each))
        for name, each in case.baselines.items()
    )
    return metric.measured(interval, case).model_copy(update={"comparisons": comparisons})


SERIES_RANKING = SeriesEvaluator(measure_series_ranking, (STEP_AUROC, EVENT_AUROC))
