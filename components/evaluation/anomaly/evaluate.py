"""The verdict on a detector: how well its scores tell odd rows from normal ones."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from components.config import EvaluateConfig, Gate
from components.errors import UserError
from components.evaluation.anomaly.case import AnomalyCase
from components.evaluation.anomaly.catalog import ANOMALY_EVALUATORS, check_anomaly_metric
from components.evaluation.anomaly.selftest import check_anomaly_self_test
from components.evaluation.anomaly.series_case import SeriesCase
from components.evaluation.case import Findings
from components.evaluation.evidence import Evidence
from components.evaluation.fewest import MIN_OF_A_SIDE
from components.evaluation.gates import judge
from components.evaluation.statistics import auc_influence


@dataclass(frozen=True)
class Origin:
    """What the evidence says of the rows behind a case."""

    num_train: int
    num_synthetic: int
    target: str
    test_sha256: str


def judge_detector(case: AnomalyCase, origin: Origin, notes: Sequence[str] = ()) -> Evidence:
    """All that can be said of the model's scores, with the verdict of the gates.

    Raises UserError where too few rows are normal, or are not, and for a gate that asks for what is
    not measured.
    """
    _check(case)
    found = [evaluator.run(case) for evaluator in ANOMALY_EVALUATORS.values()]
    return evidence_of(found, case, origin, (*notes, *_by_kind(case)))


def evidence_of(
    found: Sequence[Findings],
    case: AnomalyCase | SeriesCase,
    origin: Origin,
    notes: Sequence[str],
) -> Evidence:
    """The evidence of what evaluators found, of rows or of steps, with the verdict of the gates."""
    measurements = tuple(m for part in found for m in part.measurements)
    return Evidence(
        num_train=origin.num_train,
        num_test=len(case.kinds),
        num_synthetic=origin.num_synthetic,
        target=origin.target,
        test_sha256=origin.test_sha256,
        measurements=measurements,
        columns=(),
        pairs=(),
        arms=(),
        curves=tuple(curve for part in found for curve in part.curves),
        verdict=judge(measurements, case.config.gates, case.config.purpose),
        notes=tuple(notes),
    )


def _check(case: AnomalyCase) -> None:
    check_asked_of_detectors(case.config, case.baselines)
    odd = int(case.is_anomaly.sum())
    for count, what in ((odd, "anomalies"), (len(case.kinds) - odd, "normal rows")):
        if count < MIN_OF_A_SIDE:
            raise UserError(
                f"there are {count} {what} to test on; at least {MIN_OF_A_SIDE} are needed"
            )


def check_asked_of_detectors(config: EvaluateConfig, baselines: Collection[str]) -> None:
    """Raise UserError for a gate on a metric, or a baseline, that detectors do not have."""
    for gate in config.gates:
        check_anomaly_metric(gate.metric)
        check_anomaly_self_test(gate.metric)
        check_baseline(gate, baselines)


def check_baseline(gate: Gate, baselines: Collection[str]) -> None:
    """Raises UserError for a gate against a baseline that was not measured."""
    if gate.baseline not in (None, *baselines):
        raise UserError(
            f"a gate asks for {gate.metric!r} better than {gate.baseline!r}, which is no "
            f"baseline; there are: {', '.join(baselines) or 'none'}"
        )


def _by_kind(case: AnomalyCase) -> tuple[str, ...]:
    """Which kinds of anomalies are hardest to find, in a sentence, where there are several."""
    normal = ~case.is_anomaly
    areas = {}
    for kind in np.unique(case.kinds[case.is_anomaly].astype(str)):
        rows = normal | (case.kinds == kind)
        areas[str(kind)], _ = auc_influence(case.is_anomaly[rows], case.model.oddness[rows])
    if len(areas) < 2:
        return ()
    ordered = sorted(areas.items(), key=lambda found: found[1])
    said = ", ".join(f"{kind} {area:.3f}" for kind, area in ordered[:10])
    return (f"ROC AUC by kind of anomaly, the hardest to find first: {said}",)
