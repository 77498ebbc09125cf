from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from components.config import Purpose
from components.data.schema import Schema
from components.data.table import Table
from components.errors import UserError
from components.evaluation.benefit import fixed_rows
from components.evaluation.benefit.arms import AUGMENTED
from components.evaluation.benefit.fixed_rows import (
    FIXED_ROWS,
    Scored,
    Scores,
    Trial,
    variance_by_halves,
)
from components.evaluation.benefit.gain import BEST_BASELINE
from components.evaluation.case import Case, Findings, canonical
from components.evaluation.catalog import EVALUATORS, FOR_FIXED_ROWS, evaluators_for
from components.evaluation.evidence import Arm
from components.evaluation.features import task_of
from components.evaluation.learners import LEARNERS
from components.models.contract import log_nothing
from tests.evaluation.samplers import (
    Bootstrap,
    Marginals,
    case_of,
    mixed_split,
    process_frame,
    process_table,
)


def fixed(train: Table, test: Table, synthetic: Table, **settings: object) -> Case:
    case = case_of(
        *(canonical(table, 0) for table in (train, test, synthetic)),
        purpose=Purpose.AUGMENTATION,
        **settings,
    )
    return replace(case, make_and_fit=None)


def measure(case: Case) -> Findings:
    return FIXED_ROWS.run(case, log_nothing)


@pytest.mark.parametrize("target", [pytest.param("is_member", marks=pytest.mark.slow), "age"])
def test_the_gain_is_that_over_the_best_way_without(target: str) -> None:
    train, test, _ = mixed_split(120, 90, target=target)
    drawn = Table(Marginals(train).sample(150, seed=0), train.schema)
    steps: list[int] = []
    case = fixed(train, test, drawn)
    found = FIXED_ROWS.run(case, lambda step, metrics: steps.append(step))
    assert steps == [1, 2, 3, 4, 5, 6]  # two seeds and two pairs of halves
    (gain,) = found.measurements
    assert gain.low < gain.value < gain.high
    means = {arm.name: arm for arm in found.arms if arm.learner == "mean of learners"}
    rivals = [name for name in means if "synthetic" not in name]
    best = max(rivals, key=lambda name: means[name].difference)
    assert gain.value == pytest.approx(means[AUGMENTED].difference - means[best].difference)
    assert f"over {best}, the best of {len(rivals)} ways" in gain.meaning
    assert {one.baseline for one in gain.comparisons} == {BEST_BASELINE, *rivals}
    least = min(one.value for one in gain.comparisons)
    assert least == pytest.approx(gain.value)
    assert (means["real"].low, means["real"].high) == (0, 0)


@pytest.mark.slow
def test_rows_of_the_true_process_help_and_resampled_rows_do_not() -> None:
    train, test = process_table(150, 0), process_table(300, 1)
    truth = Table(process_frame(1200, 2), train.schema)
    assert measure(fixed(train, test, truth, repeats=3)).measurements[0].low > 0
    copies = Table(Bootstrap(train).sample(150, seed=0), train.schema)
    assert measure(fixed(train, test, copies)).measurements[0].low < 0


def test_order_of_rows_changes_nothing() -> None:
    train, test, _ = mixed_split(70, 50, target="age")
    drawn = Table(Marginals(train).sample(80, seed=0), train.schema)
    shuffled = drawn.take(np.random.default_rng(5).permutation(len(drawn)))
    assert measure(fixed(train, test, drawn)) == measure(fixed(train, test, shuffled))


def test_a_quarter_of_the_squared_difference_of_halves_is_the_variance() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(4000, 2, 50))  # of 100 rows, in two halves: a mean has variance .01
    means = rows.mean(axis=2).ravel()
    assert variance_by_halves(means) == pytest.approx(0.01, rel=0.1)
    assert rows.mean(axis=(1, 2)).var() == pytest.approx(0.01, rel=0.1)


def test_both_variances_and_their_freedom_make_the_interval() -> None:
    train, _, _ = mixed_split(60, 50, target="is_member")
    task = task_of(train)

    def scores(ours: float, influence: float) -> Scores:
        rows = np.array([influence, -influence, influence, -influence])
        return {
            (arm, learner): Scored({"roc_auc": value}, rows if arm == AUGMENTED else np.zeros(4))
            for arm, value in (("real", 0.7), (AUGMENTED, ours))
            for learner in LEARNERS
        }

    whole = [scores(0.74, 0.04), scores(0.76, 0.04)]  # test rows: (4 * .04**2)**.5 / 4 = .02
    halves = [scores(value, 0.0) for value in (0.7, 0.74, 0.76, 0.72)]  # .04**2 / 4 = .02**2
    trial = Trial(task, whole, halves)
    found = trial.difference(AUGMENTED, "real", "linear", confidence=0.95, sides=1)
    assert found.value == pytest.approx(0.05)
    freedom = 2 * (2 / 1) ** 2  # Welch and Satterthwaite: two pairs, half the variance
    reach = stats.t.ppf(0.95, freedom) * 0.02 * np.sqrt(2)
    assert (found.low, found.high) == pytest.approx((0.05 - reach, 0.05 + reach))
    same = trial.difference("real", "real", "linear", confidence=0.95, sides=2)
    assert (same.value, same.low, same.high) == (0, 0, 0)


def test_too_many_training_rows_are_not_thinned_out(monkeypatch: pytest.MonkeyPatch) -> None:
    train, test, _ = mixed_split(100, 80, target="is_member")
    monkeypatch.setattr(fixed_rows, "MAX_ROWS", 99)
    with pytest.raises(UserError, match=r"there are 100 training rows.*at most 99.*sharing"):
        measure(fixed(train, test, train))


def test_fixed_rows_stand_in_for_the_benefit_and_for_nothing_else() -> None:
    fitted, given = (
        evaluators_for(Purpose.AUGMENTATION, can_refit=can_refit) for can_refit in (True, False)
    )
    assert FIXED_ROWS in given and FIXED_ROWS not in fitted
    assert [a for a in fitted if a not in given] == [EVALUATORS["benefit"]]
    assert set(FOR_FIXED_ROWS) <= set(EVALUATORS)
    for name, stand_in in FOR_FIXED_ROWS.items():
        assert set(stand_in.metrics) <= set(EVALUATORS[name].metrics)
        assert stand_in.purposes == EVALUATORS[name].purposes


def test_recall_of_rare_classes_that_no_test_row_has_is_left_out() -> None:
    *numbers, label = process_table(120, 0).schema.columns
    classes = label.model_copy(update={"categories": ("no", "rare", "yes")})
    schema = Schema(columns=(*numbers, classes), target="label")
    train, test, fresh = (Table(process_frame(120, seed), schema) for seed in range(3))
    for table in (train, fresh):
        table.frame.loc[:9, "label"] = "rare"
    assert task_of(train).rare == (1,)
    found = measure(fixed(train, test, fresh))
    for arm in found.arms:
        assert "rare_recall" not in arm.scores
        assert Arm.model_validate_json(arm.model_dump_json()) == arm
    (gain,) = found.measurements
    over_best, *each = gain.comparisons
    assert over_best.baseline == "best baseline" and over_best.value == gain.value
    assert over_best.value == min(one.value for one in each)
