"""Every evaluator there is, by name. A new one is a file in a room beside it, and a line here."""

from components.config import Purpose
from components.errors import UserError
from components.evaluation.benefit.fixed_rows import FIXED_ROWS
from components.evaluation.benefit.quick import BENEFIT
from components.evaluation.case import Evaluator, Metric
from components.evaluation.fidelity.manifold import MANIFOLD
from components.evaluation.fidelity.markers import MARKER_COLUMNS
from components.evaluation.fidelity.missingness import MISSINGNESS
from components.evaluation.fidelity.periods import PERIODS_KEPT
from components.evaluation.fidelity.rare_levels import RARE_LEVELS
from components.evaluation.fidelity.sequences import SEQUENCES
from components.evaluation.fidelity.shape import SHAPE
from components.evaluation.fidelity.tails import TAILS
from components.evaluation.fidelity.trend import TREND
from components.evaluation.fidelity.two_sample import TWO_SAMPLE
from components.evaluation.privacy.attributes import ATTRIBUTES
from components.evaluation.privacy.copies import COPIES
from components.evaluation.privacy.linkage import LINKAGE
from components.evaluation.privacy.membership import MEMBERSHIP
from components.evaluation.rules.constraints import CONSTRAINTS
from components.evaluation.utility import UTILITY

EVALUATORS: dict[str, Evaluator] = {
    "shape": SHAPE,
    "trend": TREND,
    "markers": MARKER_COLUMNS,
    "two_sample": TWO_SAMPLE,
    "manifold": MANIFOLD,
    "tails": TAILS,
    "rare_levels": RARE_LEVELS,
    "missingness": MISSINGNESS,
    "constraints": CONSTRAINTS,
    "periods": PERIODS_KEPT,
    "sequences": SEQUENCES,
    "utility": UTILITY,
    "membership": MEMBERSHIP,
    "copies": COPIES,
    "attributes": ATTRIBUTES,
    "linkage": LINKAGE,
    "benefit": BENEFIT,
}

FOR_FIXED_ROWS: dict[str, Evaluator] = {"benefit": FIXED_ROWS}
"""What takes an evaluator's place where there are rows, but no generator to fit afresh."""


def evaluators_for(purpose: Purpose, *, can_refit: bool) -> list[Evaluator]:
    """The evaluators that are run for a purpose, in order."""
    fitting = {} if can_refit else FOR_FIXED_ROWS
    chosen = [fitting.get(name, evaluator) for name, evaluator in EVALUATORS.items()]
    return [evaluator for evaluator in chosen if purpose in evaluator.purposes]


def metrics_of(purpose: Purpose) -> dict[str, Metric]:
    """The metrics that may be measured for a purpose, by name.

    >>> "augmentation_gain" in metrics_of(Purpose.SHARING)
    False
    """
    return {
        metric.name: metric
        for evaluator in EVALUATORS.values()
        if purpose in evaluator.purposes
        for metric in evaluator.metrics
    }


def check_metric(name: str, purpose: Purpose) -> None:
    """Raises UserError where no evaluator of the purpose measures `name`."""
    known = metrics_of(purpose)
    if name not in known:
        raise UserError(
            f"a gate for {purpose} asks for the metric {name!r}; known: {', '.join(sorted(known))}"
        )
