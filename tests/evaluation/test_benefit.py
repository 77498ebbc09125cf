import logging
from dataclasses import replace

import numpy as np
import pytest

from components.config import Purpose
from components.data.table import Table
from components.errors import UserError
from components.evaluation.benefit.arms import AUGMENTED, FOR_CLASSES, FOR_NUMBERS, Fold, can_smote
from components.evaluation.benefit.gain import splits_of
from components.evaluation.case import Case, MakeAndFit
from components.evaluation.features import rows_of, task_of
from tests.evaluation.samplers import (
    Bootstrap,
    case_of,
    fit_bootstrap,
    fit_marginals,
    fit_truth,
    measure,
    mixed_split,
    process_table,
)
from tests.procedural import columns_table


def benefit_case(train: Table, fit: MakeAndFit = fit_bootstrap, **settings: object) -> Case:
    return case_of(train, train, train, purpose=Purpose.AUGMENTATION, make_and_fit=fit, **settings)


def fold_of(table: Table, num_rows: int = 120) -> Fold:
    task = task_of(table)
    rows = rows_of(table, task)
    return Fold(rows.take(np.arange(num_rows)), rows.take(np.arange(num_rows, 200)), task, 1)


def test_arms_have_the_rows_they_say() -> None:
    train, _, _ = mixed_split(200)
    fold = fold_of(train)
    counts = np.unique(fold.real.y, return_counts=True)[1]
    found = {name: arm(fold) for name, arm in FOR_CLASSES.items()}
    sizes = {name: len(prepared.rows) for name, prepared in found.items()}
    assert sizes == {
        "real": 120,
        "class weights": 120,
        "oversampling": 3 * counts.max(),
        "duplicated real": 200,
        "SMOTE": 3 * counts.max(),
        AUGMENTED: 200,
        "synthetic": 80,
    }
    weights = found["class weights"].weights
    assert weights is not None
    assert [weights[fold.real.y == code].sum() for code in range(3)] == pytest.approx([40.0] * 3)


@pytest.mark.parametrize(
    "names",
    [
        ["city", "is_member", "outcome"],
        ["age", "amount", "outcome"],
        ["age", "city", "outcome"],
    ],
)
def test_smote_keeps_codes_whole_and_missing_categories_missing(names: list[str]) -> None:
    train, _, _ = mixed_split(200)
    fold = fold_of(columns_table(train, names, target="outcome"))
    rows = FOR_CLASSES["SMOTE"](fold).rows
    for place, is_code in enumerate(fold.task.discrete):
        present = rows.x[:, place][~np.isnan(rows.x[:, place])]
        if is_code:
            assert set(present) <= set(fold.real.x[:, place])
        assert present.min() >= np.nanmin(fold.real.x[:, place])
    assert not np.isnan(rows.y).any()


def test_smote_makes_do_with_two_rows_of_a_class() -> None:
    train, _, _ = mixed_split(200)
    fold = fold_of(train)
    few = np.concatenate([np.flatnonzero(fold.real.y == 2), np.flatnonzero(fold.real.y == 0)[:2]])
    small = Fold(fold.real.take(few), fold.synthetic, fold.task, 1)
    assert len(FOR_CLASSES["SMOTE"](small).rows) == 2 * int((fold.real.y == 2).sum())
    assert not can_smote(np.array([0.0, 1.0, 1.0]))


def test_smote_is_left_out_aloud_where_a_class_has_one_row(
    caplog: pytest.LogCaptureFixture,
) -> None:
    train, _, _ = mixed_split(48)
    outcome = train.frame["outcome"].to_numpy()
    opened = np.flatnonzero(outcome == "open")
    keep = np.concatenate([np.flatnonzero(outcome != "open"), opened[:2]])
    with caplog.at_level(logging.WARNING):
        found = measure("benefit", benefit_case(train.take(keep)))
    assert "SMOTE is left out" in caplog.text
    assert "SMOTE" not in {arm.name for arm in found.arms}


def test_too_many_folds_are_refused() -> None:
    train, _, _ = mixed_split(60)
    with pytest.raises(UserError, match=r"evaluate.folds = 30.*at most"):
        measure("benefit", benefit_case(train, folds=30))


def test_numbers_have_no_class_arms() -> None:
    train, _, _ = mixed_split(100, target="ratio")
    found = measure("benefit", benefit_case(train))
    assert {arm.name for arm in found.arms} == set(FOR_NUMBERS)
    assert set(found.arms[0].scores) == {"r2", "rmse", "mae"}
    assert "R2" in found.measurements[0].meaning


def test_the_generator_never_sees_held_out_rows() -> None:
    train, _, _ = mixed_split(45, target="ratio")
    seen: list[Table] = []

    def spy(table: Table, seed: int) -> Bootstrap:
        seen.append(table)
        return Bootstrap(table)

    measure("benefit", benefit_case(train, spy, folds=3))
    assert [len(table) for table in seen] == [30] * 3
    ids = [set(table.frame["id"]) for table in seen]
    assert all(len(found) == 30 for found in ids)
    assert set.intersection(*ids) == set()


def test_a_useless_generator_gains_nothing() -> None:
    """The full rate over many trials is measured by the slow test below."""
    case = benefit_case(process_table(60, 0), fit_marginals, folds=3)
    assert measure("benefit", case).measurements[0].low <= 0


@pytest.mark.slow
def test_a_planted_benefit_is_found() -> None:
    case = benefit_case(process_table(80, 1), fit_truth, folds=3, repeats=2, ratio=4.0)
    found = measure("benefit", case)
    assert found.measurements[0].low > 0.02
    best = max(found.arms, key=lambda arm: arm.difference)
    assert best.name in (AUGMENTED, "synthetic")


@pytest.mark.slow
@pytest.mark.parametrize("fit", [fit_bootstrap, fit_marginals])
def test_useless_generators_are_promoted_in_at_most_one_of_twenty_trials(fit: MakeAndFit) -> None:
    promoted = 0
    for seed in range(40):
        case = benefit_case(process_table(80, seed), fit, folds=5, repeats=2)
        promoted += measure("benefit", case).measurements[0].low > 0
    assert promoted <= 2


@pytest.mark.parametrize("target", ["label", "x0"])
def test_whole_groups_are_held_out_of_each_fold(target: str):
    """Rows of one patient say more of each other than of anyone else."""
    table = process_table(200, seed=0)
    schema = table.schema.model_copy(update={"target": target})
    patients = np.repeat(np.arange(40), 5).astype(str)
    table = Table(table.frame.assign(patient=patients), schema)
    case = replace(case_of(table, table, table, folds=4), group_column="patient")
    task = task_of(table)
    splits = list(splits_of(rows_of(table, task).y, task, case, repeats=2))
    assert [split.number for split in splits] == list(range(8))
    for split in splits:
        assert not set(patients[split.fit]) & set(patients[split.held])
    for repeat in (splits[:4], splits[4:]):
        assert sorted(np.concatenate([split.held for split in repeat])) == list(range(200))
    assert set(splits[0].held) != set(splits[4].held)
    few = replace(case_of(table, table, table, folds=50), group_column="patient")
    with pytest.raises(UserError, match="40 groups by 'patient', so at most 40 folds"):
        list(splits_of(rows_of(table, task).y, task, few, repeats=1))
