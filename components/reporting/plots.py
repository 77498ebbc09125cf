"""Every plot of a report, in the order of the page. Imports matplotlib, which is slow."""

from collections.abc import Iterator

from components.config import Purpose
from components.evaluation.evidence import Curve, Evidence
from components.reporting.arms import plot_arms
from components.reporting.associations import plot_associations
from components.reporting.benefit_curves import (
    is_learning,
    is_ratio,
    plot_learning,
    plot_ratio,
)
from components.reporting.constraints import list_constraints
from components.reporting.curves import is_training, plot_others, plot_training
from components.reporting.gate_lanes import plot_gates
from components.reporting.groups import plot_groups
from components.reporting.marginals import plot_marginals
from components.reporting.plot import Plot
from components.reporting.roc import (
    is_calibration,
    is_detection,
    is_membership,
    is_two_sample,
    plot_calibration,
    plot_detection,
    plot_membership,
    plot_two_sample,
)
from components.reporting.trade_off import is_trade_off, plot_trade_off


def draw_plots(evidence: Evidence) -> tuple[Plot, ...]:
    """The plots for which the evidence holds anything, each with its sentence.

    What decided comes first, then what the verdict's purpose asks about.
    """
    curves = tuple(curve for curve in evidence.curves if curve.x)
    evidence = evidence.model_copy(update={"curves": curves})
    families = [_benefit(evidence), _privacy(evidence), _fidelity(evidence)]
    if evidence.verdict.purpose is Purpose.SHARING:
        families = [*families[1:], families[0]]
    plots = [plot_gates(evidence)] if evidence.verdict.gates else []
    plots += [plot for family in families for plot in family]
    training = tuple(filter(is_training, curves))
    others = tuple(curve for curve in curves if not _has_place(curve))
    if training:
        plots.append(plot_training(training))
    if others:
        plots.append(plot_others(others))
    return tuple(plots)


def _benefit(evidence: Evidence) -> Iterator[Plot]:
    if any(map(is_detection, evidence.curves)):
        yield plot_detection(evidence)
    if evidence.arms:
        yield plot_arms(evidence)
    if any(map(is_ratio, evidence.curves)):
        yield plot_ratio(evidence)
    if any(map(is_learning, evidence.curves)):
        yield plot_learning(evidence)
    if evidence.groups:
        yield plot_groups(evidence)


def _privacy(evidence: Evidence) -> Iterator[Plot]:
    """Whether a row is recognised, and beside it whether rows are told from real ones."""
    if any(map(is_membership, evidence.curves)):
        yield plot_membership(evidence)
    if any(map(is_two_sample, evidence.curves)):
        yield plot_two_sample(evidence)
    if any(map(is_trade_off, evidence.curves)):
        yield plot_trade_off(evidence)


def _fidelity(evidence: Evidence) -> Iterator[Plot]:
    if evidence.columns:
        yield plot_marginals(evidence)
    if evidence.pairs:
        yield plot_associations(evidence)
    if evidence.constraints:
        yield list_constraints(evidence)
    if any(map(is_calibration, evidence.curves)):
        yield plot_calibration(evidence)


def _has_place(curve: Curve) -> bool:
    tests = (
        is_training,
        is_detection,
        is_membership,
        is_two_sample,
        is_calibration,
        is_ratio,
        is_learning,
        is_trade_off,
    )
    return any(test(curve) for test in tests)
