import numpy as np
import pytest

from components.config import Gate
from components.evaluation.evidence import Curve, Outcome
from components.evaluation.metric_names import label
from components.reporting.arms import plot_arms
from components.reporting.benefit_curves import plot_learning, plot_ratio
from components.reporting.constraints import list_constraints
from components.reporting.curves import plot_others, plot_training
from components.reporting.gate_lanes import plot_gates
from components.reporting.groups import plot_groups
from components.reporting.marginals import _most_frequent, plot_marginals
from components.reporting.roc import plot_membership, plot_two_sample
from components.reporting.trade_off import plot_trade_off
from components.reporting.wording import title
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


def test_categories_that_are_summed_up_are_summed_up_once():
    labels = (*(f"category {k}" for k in range(12)), "other", "missing")
    shares = (*((0.02,) * 12), 0.4, 0.36)
    column = samples.columns(1)[0].model_copy(
        update={"labels": labels, "real": shares, "synthetic": shares}
    )
    names, real, _ = _most_frequent(column)
    assert names[-2:] == ["missing", "all others"] and "other" not in names
    assert real[-1] == pytest.approx(0.4 + 6 * 0.02)


def test_the_best_ratio_is_said_and_whether_it_is_a_gain():
    meaning = plot_ratio(samples.evidence()).meaning
    assert meaning == (
        "Adding 2 synthetic rows for each real one does best, +0.0062 (+0.0032 to +0.0092), a "
        "gain; duplicated real rows come to +0.0011 at best."
    )
    (ours, _) = samples.ratio_curves()
    bare = ours.model_copy(update={"low": tuple(y - 0.01 for y in ours.y), "name": "ratio_curve"})
    meaning = plot_ratio(samples.evidence().model_copy(update={"curves": (bare,)})).meaning
    assert meaning.endswith("not told apart from no gain.")
    no_band = bare.model_copy(update={"low": (), "high": ()})
    meaning = plot_ratio(samples.evidence().model_copy(update={"curves": (no_band,)})).meaning
    assert meaning.endswith("does best, +0.0062.")


def test_the_learning_curve_says_what_rows_bring_and_what_synthetic_ones_are_worth():
    evidence = samples.evidence()
    meaning = plot_learning(evidence).meaning
    assert meaning == (
        "From 2,849 to 22,792 real rows the ROC AUC goes from 0.889 to 0.912, and more would "
        "still help; with synthetic rows added it ends at 0.914, +0.0020."
    )
    worth = evidence.measurements[0].model_copy(
        update={"name": "worth_rows", "value": 0.31, "meaning": "the share of real rows saved"}
    )
    meaning = plot_learning(evidence.model_copy(update={"measurements": (worth,)})).meaning
    assert meaning.endswith("The share of real rows saved is 0.310.")


def test_harmed_groups_are_named_whichever_way_the_metric_is_better():
    evidence = samples.evidence()
    meaning = plot_groups(evidence).meaning
    assert meaning.startswith(
        "2 of 7 groups are harmed; the worst off, “sex = Private” (240 rows), goes from 0.880"
    )
    losses = tuple(group.model_copy(update={"metric": "log_loss"}) for group in evidence.groups)
    plot = plot_groups(evidence.model_copy(update={"groups": losses}))
    assert "“sex = Self-employed-not-incorporated” (1,680 rows), goes" in plot.meaning
    assert "left of the line is better" in plot.reading
    unharmed = evidence.model_copy(update={"groups": evidence.groups[3:]})
    assert plot_groups(unharmed).meaning.startswith("None of 4 groups is shown to be harmed")
    many = plot_groups(evidence.model_copy(update={"groups": samples.groups(40)}))
    assert "Drawn: the 12 worst off." in many.reading and len(many.listing.rows) == 40


def test_rules_are_listed_worst_first_and_the_rest_folded():
    plot = list_constraints(samples.evidence())
    assert plot.listing.rows[0] == ("start <= end (9)", "an order of values", "100%", "96.4%")
    assert (len(plot.listing.rows), len(plot.further.rows)) == (8, 2)
    assert plot.meaning.startswith("7 of 10 rules are broken by more than 1% of the synthetic")
    kept = samples.evidence().model_copy(update={"constraints": samples.constraints(2)})
    assert list_constraints(kept).meaning.startswith("All 2 rules found in the real rows are kept")


def test_the_columns_that_tell_are_listed_and_the_certain_ones_named():
    plot = plot_two_sample(samples.evidence())
    assert plot.listing is not None
    assert [row[0] for row in plot.listing.rows][1:] == ["age", "hours"]
    assert "gives it away most is “fnlwgt” and" in plot.meaning and "age" not in plot.meaning
    silent = plot_two_sample(samples.evidence().model_copy(update={"telltales": ()}))
    assert silent.listing is None and "gives it away" not in silent.meaning


def test_every_attack_is_listed_the_best_first():
    plot = plot_membership(samples.evidence())
    assert [row[0] for row in plot.listing.rows][:2] == ["likelihood", "calibrated distance"]
    assert plot.listing.rows[0][1:3] == ("model", "0.531")
    assert "Best attack" in plot.svg and "Model" in plot.svg
    assert plot_membership(samples.evidence().model_copy(update={"attacks": ()})).listing is None


def test_a_trade_off_says_what_was_chosen_and_what_else_would_be():
    curve = Curve(
        name="trade_off_two_sample_auc",
        x=(1.0, 2.0, 4.0),
        y=(0.9, 0.8, 0.7),
        low=(0.88, 0.78, 0.68),
        high=(0.92, 0.82, 0.72),
        x_title="epsilon",
        y_title="two_sample_auc",
    )
    plot = plot_trade_off(samples.evidence().model_copy(update={"curves": (curve,)}))
    assert plot.title == "What would another epsilon buy?"
    assert "is 0.900 at epsilon 1, 0.800 at 2 as chosen, 0.700 at 4." in plot.meaning
    assert "<svg" in plot.svg


def test_the_gates_are_drawn_with_what_became_of_each():
    evidence = samples.evidence()
    plot = plot_gates(evidence)
    assert len(plot.meaning.split(". ")) == len({r.outcome for r in evidence.verdict.gates})
    for result in evidence.verdict.gates:
        assert label(result.gate.metric).lower() in plot.meaning.lower()
        assert title(result.gate.metric) in plot.svg
    refused = evidence.verdict.gates[0].model_copy(update={"outcome": Outcome.REFUSED})
    verdict = evidence.verdict.model_copy(update={"gates": (refused,)})
    meaning = plot_gates(evidence.model_copy(update={"verdict": verdict})).meaning
    assert meaning.endswith("falls short of what would be worth having.")


def test_lanes_of_one_metric_say_what_each_is_compared_with_and_kin_are_on_its_scale():
    evidence = samples.evidence()
    accuracy, loss = (
        evidence.measurements[0].model_copy(update={"name": name, "goal": goal, "ideal": ideal})
        for name, goal, ideal in (
            ("tstr_accuracy", "maximise", 1.0),
            ("tstr_accuracy_loss", "minimise", 0.0),
        )
    )
    plain = evidence.verdict.gates[0]
    gates = tuple(
        plain.model_copy(update={"gate": Gate(metric="tstr_accuracy", better_than=against)})
        for against in (0.5, "class_gaussian")
    )
    verdict = evidence.verdict.model_copy(update={"gates": gates})
    drawn = plot_gates(
        evidence.model_copy(update={"verdict": verdict, "measurements": (accuracy, loss)})
    ).svg
    assert drawn.count("less that of class gaussian") == 2  # the lane, and what the picture says
    assert "Loss" not in drawn
