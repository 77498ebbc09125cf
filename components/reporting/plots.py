"""Every plot of a report, in the order of the page. Imports matplotlib, which is slow."""

from components.evaluation.evidence import Curve, Evidence
from components.reporting.arms import plot_arms
from components.reporting.associations import plot_associations
from components.reporting.curves import is_training, plot_others, plot_training
from components.reporting.marginals import plot_marginals
from components.reporting.plot import Plot
from components.reporting.roc import is_membership, is_two_sample, plot_membership, plot_two_sample


def draw_plots(evidence: Evidence) -> tuple[Plot, ...]:
    """The plots for which the evidence holds anything, each with its sentence."""
    curves = tuple(curve for curve in evidence.curves if curve.x)
    evidence = evidence.model_copy(update={"curves": curves})
    training = tuple(filter(is_training, curves))
    others = tuple(curve for curve in curves if not _has_place(curve))
    plots: list[Plot] = []
    if evidence.columns:
        plots.append(plot_marginals(evidence))
    if evidence.pairs:
        plots.append(plot_associations(evidence))
    if any(map(is_two_sample, curves)):
        plots.append(plot_two_sample(evidence))
    if any(map(is_membership, curves)):
        plots.append(plot_membership(evidence))
    if evidence.arms:
        plots.insert(0, plot_arms(evidence))
    if training:
        plots.append(plot_training(training))
    if others:
        plots.append(plot_others(others))
    return tuple(plots)


def _has_place(curve: Curve) -> bool:
    return is_training(curve) or is_membership(curve) or is_two_sample(curve)
