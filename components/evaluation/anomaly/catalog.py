"""Every evaluator of detectors, by name. A new one is a file beside this one, and a line here."""

from components.errors import UserError
from components.evaluation.anomaly.alarms import ALARMS
from components.evaluation.anomaly.case import AnomalyEvaluator
from components.evaluation.anomaly.ranking import RANKING
from components.evaluation.case import Metric

ANOMALY_EVALUATORS: dict[str, AnomalyEvaluator] = {"ranking": RANKING, "alarms": ALARMS}


def anomaly_metrics() -> dict[str, Metric]:
    """Every metric of detectors, by name.

    >>> sorted(anomaly_metrics())
    ['anomaly_auroc', 'anomaly_precision', 'detected_share', 'false_alarm_share']
    """
    return {m.name: m for each in ANOMALY_EVALUATORS.values() for m in each.metrics}


def check_anomaly_metric(name: str) -> None:
    """Raises UserError where no evaluator of detectors measures `name`."""
    known = anomaly_metrics()
    if name not in known:
        raise UserError(
            f"a gate for anomaly asks for the metric {name!r}; known: {', '.join(sorted(known))}"
        )
