import numpy as np
import pytest

from components.evaluation.evidence import Curve
from components.reporting.arms import plot_arms
from components.reporting.curves import plot_others, plot_training
from components.reporting.marginals import plot_marginals
from components.reporting.roc import plot_membership
from tests.reporting import samples


def arm(name, difference, low, high, learner="mean of learners"):
    return samples.arms()[0].model_copy(
        update={
            "name": name,
            "learner": learner,
            "difference": difference,
            "low": low,
            "high": high,
        }
    )


def with_arms(*arms):
    return samples.evidence().model_copy(update={"arms": arms})


@pytest.mark.parametrize(
    ("low", "high", "effect"),
    [
        (0.01, 0.03, "a gain"),
        (-0.03, -0.01, "a loss"),
        (-0.01, 0.01, "not told apart from no effect"),
    ],
)
def test_arms_say_the_effect(low, high, effect):
    ours = arm("real + synthetic", (low + high) / 2, low, high)
    meaning = plot_arms(with_arms(arm("real", 0, 0, 0), ours)).meaning
    assert meaning.endswith(effect + ".")


def test_arms_name_the_best_rival():
    arms = [arm("real + synthetic", 0.001, -0.01, 0.01), arm("SMOTE", 0.02, 0.01, 0.03)]
    assert "SMOTE, changes it by +0.0200" in plot_arms(with_arms(*arms)).meaning
    arms[1] = arm("SMOTE", -0.02, -0.03, -0.01)
    meaning = plot_arms(with_arms(*arms)).meaning
    assert meaning.endswith("no way without synthetic rows gains anything.")


def test_training_that_still_moves_is_said():
    settled, moving = samples.training()
    assert "had settled" in plot_training((settled,)).meaning
    assert "was still moving" in plot_training((moving,)).meaning


def test_long_curves_are_thinned():
    x = tuple(np.arange(200_000.0))
    curve = Curve(name="training_loss", x=x, y=x, x_title="step", y_title="loss")
    assert len(plot_training((curve,)).svg) < 50_000
    assert len(plot_others((curve.model_copy(update={"name": "other"}),)).svg) < 50_000
    roc = samples.roc("membership_roc", 0.9, 100_000)
    evidence = samples.evidence().model_copy(update={"curves": (roc,)})
    assert len(plot_membership(evidence).svg) < 60_000


def test_membership_takes_its_figures_from_the_measurements():
    measured = samples.measurements()[4].model_copy(
        update={"name": "membership_tpr", "value": 0.039, "ideal": 0.01}
    )
    evidence = samples.evidence()
    both = (*evidence.measurements, measured)
    meaning = plot_membership(evidence.model_copy(update={"measurements": both})).meaning
    assert "51.2% of the time" in meaning
    assert "at 1% false alarms it finds 3.9% of the training rows" in meaning


@pytest.mark.parametrize(
    "labels",
    [
        tuple(f"2020-01-{day:02d} 00:00 to 2020-01-{day + 1:02d} 00:00" for day in range(1, 21)),
        (*(f"{k}" for k in range(18)), "other", "missing"),
        ("missing",),
        (*(f"category {k}" for k in range(19)), "other"),
        tuple(f"{k * 1e5:.4g} to {(k + 1) * 1e5:.4g}" for k in range(20)),
    ],
)
def test_any_labels_can_be_drawn(labels):
    share = tuple(1 / len(labels) for _ in labels)
    column = samples.columns(1)[0].model_copy(
        update={"labels": labels, "real": share, "synthetic": share}
    )
    plot = plot_marginals(samples.evidence().model_copy(update={"columns": (column,)}))
    assert plot.svg.startswith("<svg") and plot.svg.endswith("</svg>")
