"""The verdict on a detector in series: how well its scores tell odd steps, and events, apart."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from components.config import EvaluateConfig
from components.errors import UserError
from components.evaluation.anomaly.evaluate import Origin, check_baseline, evidence_of
from components.evaluation.anomaly.series_alarms import detect
from components.evaluation.anomaly.series_case import SeriesCase
from components.evaluation.anomaly.series_catalog import SERIES_EVALUATORS, check_series_metric
from components.evaluation.anomaly.series_selftest import check_series_self_test
from components.evaluation.case import Findings
from components.evaluation.evidence import Evidence

FEWEST_EVENTS = 5


def judge_series_detector(case: SeriesCase, origin: Origin, notes: Sequence[str] = ()) -> Evidence:
    """All that can be said of the model's scores, with the verdict of the gates.

    Raises UserError where too few events are to be found, and for a gate that asks for what is not
    measured.
    """
    _check(case)
    found = [_of_anomalies(evaluator.run(case)) for evaluator in SERIES_EVALUATORS.values()]
    return evidence_of(found, case, origin, (*notes, *_by_kind(case)))


def _of_anomalies(found: Findings) -> Findings:
    """The same where more anomalies, not rows, would narrow an interval, of those that say so."""
    measured = tuple(
        each if each.sample_size is None else each.model_copy(update={"sample_of": "anomalies"})
        for each in found.measurements
    )
    return replace(found, measurements=measured)


def _check(case: SeriesCase) -> None:
    check_asked_in_series(case.config, case.baselines)
    if len(case.events) < FEWEST_EVENTS:
        raise UserError(
            f"there are {len(case.events)} anomalies in the test steps that can be judged; at "
            f"least {FEWEST_EVENTS} are needed"
        )
    if not case.is_normal.any():
        raise UserError("no test step that can be judged is normal")


def check_asked_in_series(config: EvaluateConfig, baselines: Collection[str]) -> None:
    """Raise UserError for a gate on a metric, or a baseline, that detectors in series lack."""
    for gate in config.gates:
        check_series_metric(gate.metric)
        check_series_self_test(gate.metric)
        check_baseline(gate, baselines)


def _by_kind(case: SeriesCase) -> tuple[str, ...]:
    """How many anomalies of each kind had an alarm, in a sentence, where there are several."""
    found = detect(case.model, case).found
    kinds = [str(case.kinds[first]) for first in case.events[:, 0]]
    counts = {kind: [f for f, k in zip(found, kinds, strict=True) if k == kind] for kind in kinds}
    if len(counts) < 2:
        return ()
    said = ", ".join(f"{kind} {sum(each)} of {len(each)}" for kind, each in sorted(counts.items()))
    return (f"anomalies with an alarm, by kind: {said}",)
