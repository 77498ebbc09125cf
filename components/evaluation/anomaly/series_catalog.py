"""Every evaluator of detectors in series, by name. A new one is a file, and a line here."""

from components.errors import UserError
from components.evaluation.anomaly.series_alarms import SERIES_ALARMS
from components.evaluation.anomaly.series_case import SeriesEvaluator
from components.evaluation.anomaly.series_ranking import SERIES_RANKING
from components.evaluation.case import Metric

SERIES_EVALUATORS: dict[str, SeriesEvaluator] = {
    "ranking": SERIES_RANKING,
    "alarms": SERIES_ALARMS,
}


def series_metrics() -> dict[str, Metric]:
    """Every metric of detectors in series, by name.

    >>> sorted(series_metrics())
    ['detection_delay', 'event_auroc', 'event_recall', 'false_events', 'step_auroc']
    """
    return {m.name: m for each in SERIES_EVALUATORS.values() for m in each.metrics}


def check_series_metric(name: str) -> None:
    """Raises UserError where no evaluator of detectors in series measures `name`."""
    known = series_metrics()
    if name not in known:
        raise UserError(
            f"a gate for anomalies in series asks for the metric {name!r}; known: "
            f"{', '.join(sorted(known))}"
        )
