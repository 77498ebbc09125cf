from dataclasses import replace

import numpy as np
import pytest

from components.config import EvaluateConfig, Gate, Purpose
from components.data.table import Table
from components.errors import UserError
from components.evaluation.benefit.arms import AUGMENTED, DUPLICATED, REAL
from components.evaluation.benefit.decided import CLEARED, FUTILE, REFUSED, decision
from components.evaluation.benefit.gain import BEST_BASELINE, Split, Trial
from components.evaluation.benefit.inner import best_threshold, inner_splits
from components.evaluation.benefit.ratios import THRESHOLD, FoldResult, Plan, at, chosen_ratios
from components.evaluation.benefit.subgroups import Group, find_groups, group_effects
from components.evaluation.benefit.tunable import TUNABLE, fit_tunable, learnable
from components.evaluation.case import Case, Findings, MakeAndFit
from components.evaluation.evidence import Measurement
from components.evaluation.features import rows_of, task_of
from components.evaluation.worth import worth_of
from tests.evaluation.samplers import (
    Bootstrap,
    case_of,
    fit_bootstrap,
    fit_truth,
    measure,
    mixed_split,
    process_table,
)

LEARNERS = tuple(TUNABLE)


def thorough_case(train: Table, fit: MakeAndFit = fit_bootstrap, **settings: object) -> Case:
    chosen = {"protocol": "thorough", "folds": 2, "ratios": (1.0, 4.0), **settings}
    return case_of(train, train, train, purpose=Purpose.AUGMENTATION, make_and_fit=fit, **chosen)


@pytest.fixture(scope="module")
def planted() -> Findings:
    """A generator that knows the process, four times as many rows of it helping most."""
    return measure("benefit", thorough_case(process_table(80, 1), fit_truth, folds=3))


def by_name(findings: Findings) -> dict[str, Measurement]:
    return {found.name: found for found in findings.measurements}


@pytest.mark.slow
def test_a_planted_benefit_is_found_over_each_baseline_by_name(planted: Findings) -> None:
    gain = by_name(planted)["augmentation_gain"]
    over = {one.baseline: one for one in gain.comparisons}
    assert set(over) == {
        *(BEST_BASELINE, REAL, DUPLICATED, THRESHOLD),
        *("class weights", "oversampling", "SMOTE"),
    }
    assert gain.value > 0.02
    best = over.pop(BEST_BASELINE)
    assert (best.value, best.low) == (gain.value, gain.low)
    assert gain.value == min(one.value for one in over.values())
    assert gain.low == min(one.low for one in over.values())
    assert all(sum(one.probabilities or ()) == pytest.approx(1) for one in over.values())


@pytest.mark.slow
def test_evidence_says_what_it_rests_on(planted: Findings) -> None:
    gain = by_name(planted)["augmentation_gain"]
    assert (gain.sample_size, gain.repeats) == (80, 1)
    assert gain.floor is not None and 0 < gain.floor < gain.value - gain.low


@pytest.mark.slow
def test_more_synthetic_rows_of_the_truth_are_better(planted: Findings) -> None:
    means = {arm.name: arm.difference for arm in planted.arms if arm.learner == "mean of learners"}
    assert means[at(AUGMENTED, 4.0)] > means[at(AUGMENTED, 1.0)]
    assert means[AUGMENTED] == pytest.approx(means[at(AUGMENTED, 4.0)])
    curves = {curve.name: curve for curve in planted.curves}
    synthetic = curves["ratio_curve_synthetic"]
    assert synthetic.x == (1.0, 4.0)
    assert synthetic.y[1] == pytest.approx(means[at(AUGMENTED, 4.0)])
    assert all(
        low <= y <= high
        for curve in planted.curves
        for low, y, high in zip(curve.low, curve.y, curve.high, strict=True)
    )


@pytest.mark.slow
def test_tuning_the_threshold_moves_called_rows_not_their_order(planted: Findings) -> None:
    found = {arm.name: arm.scores for arm in planted.arms if arm.learner == "mean of learners"}
    assert found[THRESHOLD]["roc_auc"] == found[REAL]["roc_auc"]
    assert found[THRESHOLD]["log_loss"] == found[REAL]["log_loss"]
    assert found[THRESHOLD]["sensitivity"] > found[REAL]["sensitivity"]


@pytest.mark.slow
def test_learning_curves_count_real_rows(planted: Findings) -> None:
    curves = {curve.name: curve for curve in planted.curves}
    assert curves["learning_curve_real"].x == (7.0, 13.0, 26.0, 40.0, 53.0)
    assert curves["learning_curve_augmented"].x == (26.0, 53.0)
    means = np.mean([curves[f"learning_curve_real_{name}"].y for name in LEARNERS], axis=0)
    assert curves["learning_curve_real"].y == pytest.approx(tuple(means))
    worth = by_name(planted)["worth_rows"]
    assert "26 of them added to 26 real rows" in worth.meaning
    assert 0 <= worth.low <= worth.value <= worth.high <= 1


@pytest.mark.slow
def test_numbers_by_generators_that_see_no_row_they_are_judged_or_tuned_on() -> None:
    """Processes change nothing, neither."""
    train, _, _ = mixed_split(60, target="ratio")
    seen: list[Table] = []

    def spy(table: Table, seed: int) -> Bootstrap:
        seen.append(table)
        return Bootstrap(table)

    found = measure("benefit", thorough_case(train, spy, ratios=(1.0,), subgroups=("age",)))
    assert set(found.arms[0].scores) == {"r2", "rmse", "mae"}
    assert {arm.name for arm in found.arms} == {
        *(REAL, DUPLICATED, AUGMENTED, "synthetic", at(AUGMENTED, 1.0))
    }
    assert {effect.column for effect in found.groups} == {"age"}
    assert [len(table) for table in seen] == [20] * 3 + [30] * 2 + [15] * 2
    ids = [set(table.frame["id"]) for table in seen]
    inner, outer, halves = ids[:3], ids[3:5], ids[5:]
    assert set.union(*inner) == outer[0] and not set.intersection(*inner)
    assert not outer[0] & outer[1]
    assert all(half < whole for half, whole in zip(halves, outer, strict=True))
    same = thorough_case(train, ratios=(1.0,), subgroups=("age",))
    assert measure("benefit", replace(same, workers=2)) == found


def test_tuning_rows_are_training_rows_of_the_fold() -> None:
    train, _, _ = mixed_split(90)
    task = task_of(train)
    outer = Split(0, np.arange(60), np.arange(60, 90))
    parts = inner_splits(thorough_case(train), rows_of(train, task).y, task, outer)
    held = np.concatenate([part.held for part in parts])
    assert sorted(held) == list(range(60))
    assert all(not set(part.fit) & set(part.held) for part in parts)


@pytest.mark.parametrize("learner", LEARNERS)
@pytest.mark.parametrize("target", ["outcome", "ratio"])
def test_every_learner_learns_at_every_setting(learner: str, target: str) -> None:
    train, test, _ = mixed_split(300, 100, target=target)
    task = task_of(train)
    given = learnable(rows_of(train, task), None, task)
    rows = rows_of(test, task)
    for setting in TUNABLE[learner].grid:
        found = fit_tunable(learner, given, task, setting=setting, seed=0)(rows.x)
        again = fit_tunable(learner, given, task, setting=setting, seed=0)(rows.x)
        assert np.array_equal(found, again) and np.isfinite(found).all()
        if task.num_classes:
            assert found.sum(axis=1) == pytest.approx(np.ones(len(rows)))


@pytest.mark.parametrize("learner", LEARNERS)
def test_weights_count(learner: str) -> None:
    train = process_table(200, 0)
    task = task_of(train)
    rows = rows_of(train, task)
    heavy = np.where(rows.y == 1, 10.0, 1.0)
    plain, weighted = (
        fit_tunable(
            learner, learnable(rows, w, task), task, setting=TUNABLE[learner].grid[0], seed=0
        )(rows.x)[:, 1].mean()
        for w in (None, heavy)
    )
    assert weighted > plain


def test_the_threshold_balances_both_classes() -> None:
    chances = np.array([0.1, 0.2, 0.2, 0.4, 0.6, 0.3, 0.7])
    positive = np.array([False, False, False, True, True, False, False])
    assert best_threshold(positive, chances) == 0.4


def trial_of(gains: list[float], *, folds: int = 5, looks: int | None = None) -> Trial:
    """Scores of the arms "real" (.7 everywhere) and "real + synthetic" (so much more)."""
    train, _, _ = mixed_split(60, target="is_member")
    scores = tuple(
        {
            (arm, name): {"roc_auc": 0.7 + gain * (arm == AUGMENTED)}
            for arm in (REAL, AUGMENTED)
            for name in LEARNERS
        }
        for gain in gains
    )
    return Trial(task_of(train), LEARNERS, scores, folds, looks)


def measured(trial: Trial) -> Measurement:
    found = trial.compared(AUGMENTED, REAL, confidence=0.95)
    return Measurement(
        name="augmentation_gain",
        family="utility",
        value=found.value,
        low=found.low,
        high=found.high,
        confidence=0.95,
        goal="maximise",
        ideal=1.0,
        meaning="the gain",
    )


GATE = Gate(metric="augmentation_gain", better_than=0.0)


@pytest.mark.parametrize(
    ("gains", "expected"),
    [
        ([0.05, 0.06, 0.05, 0.04, 0.05], CLEARED),
        ([-0.05, -0.06, -0.05, -0.04, -0.05], REFUSED),
        ([0.001, 0.06, -0.06, 0.04, -0.04], FUTILE),
        ([0.02, 0.05, 0.01, 0.04, 0.01], None),
    ],
)
def test_a_trial_stops_once_it_is_decided(gains: list[float], expected: str | None) -> None:
    trial = trial_of(gains, looks=8)
    assert decision((GATE,), (measured(trial),), trial) == expected


def test_no_gate_no_stop() -> None:
    trial = trial_of([0.05, 0.06, 0.05, 0.04, 0.05], looks=8)
    assert decision((), (measured(trial),), trial) is None


def test_intervals_that_are_looked_at_are_wider() -> None:
    gains = [0.02, 0.05, 0.01, 0.04, 0.01]
    once, often = (trial_of(gains, looks=looks).compared(AUGMENTED, REAL, confidence=0.95)
                   for looks in (None, 8))  # fmt: skip
    assert often.low < once.low < once.value == often.value < once.high < often.high


def test_a_ratio_is_chosen_on_the_other_folds() -> None:
    task = trial_of([0.0]).task
    plan = Plan(task, (REAL, AUGMENTED), (1.0, 2.0), ())
    levels = [(0.9, 0.5), (0.6, 0.7), (0.6, 0.7)]
    results = [
        FoldResult(
            {
                (at(AUGMENTED, ratio), name): {"roc_auc": level}
                for ratio, level in zip(plan.ratios, both, strict=True)
                for name in LEARNERS
            },
            {},
        )
        for both in levels
    ]
    assert chosen_ratios(plan, results, 3) == [2.0, 1.0, 1.0]


def test_worth_is_where_the_curve_reaches_the_level() -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 1e-4, 10)
    real = np.array([0.70, 0.76, 0.80]) + noise[:, None]
    jitter = rng.normal(0, 1e-4, 10)
    found = worth_of(0.76 + noise + jitter, real, 0.25, confidence=0.95)
    assert found.low < 0.5 < found.high
    assert found.high - found.low < 0.05
    none, more = (worth_of(level + noise + jitter, real, 0.25, confidence=0.95)
                  for level in (0.65, 0.9))  # fmt: skip
    assert (none.value, none.low, none.high) == (0, 0, 0)
    assert (more.value, more.low, more.high) == (1, 1, 1)


def groups_of(num_rows: int) -> tuple[Group, ...]:
    members = np.arange(num_rows) % 2 == 0
    return Group("city", "a", "roc_auc", members), Group("city", "b", "roc_auc", ~members)


def test_a_harmed_group_is_found_and_a_spared_one_is_not() -> None:
    trial = trial_of([0.02] * 10)
    rng = np.random.default_rng(0)
    scores = []
    for _ in range(10):
        change = np.array([-0.05, 0.03]) + rng.normal(0, 0.005, 2)
        scores.append(
            {
                (arm, name): np.array([0.8, 0.7]) + change * (arm == AUGMENTED)
                for arm in (REAL, AUGMENTED)
                for name in LEARNERS
            }
        )
    case = thorough_case(process_table(60, 0))
    effects, harm = group_effects(case, trial, groups_of(60), scores)
    assert [effect.is_harmed for effect in effects] == [True, False]
    assert effects[0].high < 0 < effects[1].low
    assert harm is not None and harm.low > 0
    assert harm.value == pytest.approx(-effects[0].difference)
    assert harm.high < -effects[0].low


def test_groups_are_small_columns_and_classes_large_enough() -> None:
    train, _, _ = mixed_split(200, target="outcome")
    task = task_of(train)
    y = rows_of(train, task).y
    found = find_groups(train, y, task, thorough_case(train))
    assert all(group.members.sum() >= 10 for group in found)
    metrics = {(group.column, group.metric) for group in found}
    assert {("outcome", "recall"), ("outcome", "roc_auc")} < metrics
    numbers, _, _ = mixed_split(200, target="ratio")
    task = task_of(numbers)
    y = rows_of(numbers, task).y
    cut = find_groups(numbers, y, task, thorough_case(numbers, subgroups=("age",)))
    assert [group.column for group in cut] == ["age"] * 4
    assert sum(group.members.sum() for group in cut) == numbers.frame["age"].notna().sum()


def test_group_metrics_match_their_definition() -> None:
    train, _, _ = mixed_split(60, target="outcome")
    task = task_of(train)
    y = np.array([0.0, 0.0, 1.0, 2.0])
    chances = np.array([[0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.1, 0.7, 0.2], [0.3, 0.3, 0.4]])
    held = np.arange(4)
    recall = Group("outcome", "a", "recall", y == 0, 0)
    against_rest = Group("outcome", "a", "roc_auc", y == 0, 0)
    assert recall.score(held, y, chances, task) == 0.5
    assert against_rest.score(held, y, chances, task) == 0.75
    nobody = Group("outcome", "d", "recall", np.zeros(4, dtype=bool), 0)
    assert np.isnan(nobody.score(held, y, chances, task))


def test_unusable_subgroups_are_refused() -> None:
    train, _, _ = mixed_split(60)
    with pytest.raises(UserError, match="subgroups names 'outcome'"):
        measure("benefit", thorough_case(train, subgroups=("outcome",)))
    with pytest.raises(UserError, match="no column 'shoe_size'"):
        measure("benefit", thorough_case(train, subgroups=("shoe_size",)))


def test_a_gate_on_what_quick_does_not_measure_is_refused_before_any_work() -> None:
    train, _, _ = mixed_split(60)
    gate = Gate(metric="worth_rows", better_than=0.1)
    case = thorough_case(train)
    config = EvaluateConfig(purpose=Purpose.AUGMENTATION, augmentation_gates=(gate,))
    with pytest.raises(UserError, match=r"'worth_rows'.*thorough"):
        measure("benefit", replace(case, config=config))


@pytest.mark.parametrize(
    "settings",
    [
        {"protocol": "thorough", "ratio": 2.0},
        {"protocol": "thorough", "ratios": (1.0, 1.0)},
        {"protocol": "thorough", "ratios": ()},
        {"ratios": (1.0, 3.0)},
        {"subgroups": ("sex",)},
    ],
)
def test_settings_without_effect_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="ratio"):
        EvaluateConfig.model_validate({"purpose": "augmentation", **settings})
