from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.config import ColumnKind, EvaluateConfig, Gate, GroupSplit, Purpose, TimeSplit
from components.data.foreign import read_foreign
from components.data.table import Table
from components.errors import UserError
from components.evaluation.evaluate import evaluate
from components.evaluation.evidence import Evidence
from tests.evaluation.samplers import Marginals, fit_bootstrap, fit_marginals, mixed_split

SHARING = EvaluateConfig(purpose=Purpose.SHARING)
QUICK = EvaluateConfig(purpose=Purpose.AUGMENTATION, folds=2, repeats=1)


@pytest.mark.slow
def test_evidence_is_the_same_whatever_the_order_and_the_processes(tmp_path: Path) -> None:
    train, test, _ = mixed_split(100, 80, target="is_member")
    drawn = Marginals(train).sample(120, seed=0)
    steps: list[int] = []

    def log(step: int, metrics: object) -> None:
        steps.append(step)

    first = evaluate(
        train, test, drawn, make_and_fit=fit_marginals, config=QUICK, log=log, workers=2
    )
    shuffled = train.take(np.random.default_rng(3).permutation(len(train)))
    second = evaluate(
        shuffled,
        test,
        drawn.iloc[::-1].reset_index(drop=True),
        make_and_fit=fit_marginals,
        config=QUICK,
        workers=1,
    )
    assert first == second
    assert steps
    first.save(tmp_path / "evidence.json")
    assert Evidence.load(tmp_path / "evidence.json") == first


def test_a_copy_of_the_training_rows_is_refused_for_sharing() -> None:
    train, test, _ = mixed_split(150, 120, target="is_member")
    found = evaluate(train, test, train.frame, make_and_fit=fit_bootstrap, config=SHARING)
    assert not found.verdict.passed
    failed = {result.gate.metric for result in found.verdict.gates if not result.passed}
    assert {"membership_auc", "copy_excess"} <= failed
    assert found.arms == ()
    assert {"two_sample_roc", "membership_roc"} <= {curve.name for curve in found.curves}


def test_fresh_real_rows_are_fit_for_sharing() -> None:
    train, test, fresh = mixed_split(600, 600, target="is_member", extra=600)
    found = evaluate(train, test, fresh.frame, make_and_fit=fit_bootstrap, config=SHARING)
    assert found.verdict.passed, found.verdict.summary


def test_few_rows_with_a_numeric_target_and_unknown_categories() -> None:
    train, test, _ = mixed_split(42, 18, target="ratio")
    frame = test.frame.astype({"city": object}).assign(city="Erfurt")
    found = evaluate(
        train,
        Table(frame, test.schema),
        Marginals(train).sample(42, seed=0),
        make_and_fit=fit_marginals,
        config=QUICK,
        workers=1,
    )
    assert found.num_test == 18 and not found.verdict.passed
    assert "R2" in found.measurement("tstr_loss").meaning


def test_what_cannot_be_judged_is_refused_before_any_work() -> None:
    train, test, _ = mixed_split(60, 30)

    def never(table: Table, seed: int) -> Marginals:
        raise AssertionError

    gate = Gate(metric="charm", better_than=0)
    wrong = EvaluateConfig(purpose=Purpose.SHARING, sharing_gates=(gate,))
    with pytest.raises(UserError, match="charm"):
        evaluate(train, test, train.frame, make_and_fit=never, config=wrong)
    with pytest.raises(UserError, match="5 synthetic rows"):
        evaluate(train, test, train.frame[:5], make_and_fit=never, config=SHARING)
    with pytest.raises(UserError, match="lack age"):
        evaluate(train, test, train.frame.drop(columns="age"), make_and_fit=never, config=SHARING)
    one = test.take(np.flatnonzero(test.frame["outcome"] == "won"))
    with pytest.raises(UserError, match="test rows"):
        evaluate(train, one, train.frame, make_and_fit=never, config=SHARING)


def test_a_generator_that_forgot_a_class_is_judged() -> None:
    train, test, _ = mixed_split(120, 90)
    synthetic = train.frame.assign(outcome="won")
    found = evaluate(train, test, synthetic, make_and_fit=fit_bootstrap, config=SHARING)
    assert found.measurement("tstr").value == 0.5
    assert "trts" not in {measurement.name for measurement in found.measurements}


def rows_of_sites(sites: range, seed: int, rows_a_site: int = 30) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    site = np.repeat(list(sites), rows_a_site)
    age = rng.normal(40, 9, len(site)).round()
    label = np.where(age + rng.normal(0, 9, len(site)) > 40, "yes", "no")
    return pd.DataFrame(
        {"age": age, "dose": rng.gamma(2, size=len(site)), "site": site, "y": label}
    )


@pytest.mark.parametrize("name", [int, lambda site: f"site {site}"])
def test_the_column_that_parts_rows_by_group_does_not_tell_them_apart(name) -> None:
    """Sites of test rows are never those of training rows: that says nothing of the generator."""
    parts = (
        rows_of_sites(range(20), 0),
        rows_of_sites(range(20, 40), 1),
        rows_of_sites(range(20), 2),
    )
    train, test, fresh = (part.assign(site=part.site.map(name)) for part in parts)
    rows = read_foreign(train, test, fresh, "y", kinds={"site": ColumnKind.CATEGORICAL})
    split = GroupSplit(method="group", column="site")
    found = evaluate(
        rows.train,
        rows.test,
        rows.synthetic.frame,
        make_and_fit=None,
        config=SHARING,
        split=split,
    )
    assert found.measurement("two_sample_auc").value < 0.6
    assert found.measurement("membership_auc").value < 0.6
    assert "site" not in [each.column for each in found.columns]
    assert ["site" in note for note in found.notes] == [True, True]


def test_a_column_that_parts_rows_by_time_is_judged_where_it_is_the_target() -> None:
    train, test, fresh = (
        rows_of_sites(range(4), 0),
        rows_of_sites(range(5), 1),
        rows_of_sites(range(4), 2),
    )
    rows = read_foreign(train, test, fresh, "dose")
    split = TimeSplit(method="time", column="dose")
    found = evaluate(
        rows.train, rows.test, rows.synthetic.frame, make_and_fit=None, config=SHARING, split=split
    )
    assert "dose" in [each.column for each in found.columns]
    assert len(found.notes) == 1 and "latest by dose" in found.notes[0]


def test_a_column_without_a_synthetic_value_is_judged_all_the_same() -> None:
    train, test, fresh = mixed_split(90, 70, target="is_member", extra=90)
    empty = fresh.frame.assign(age=float("nan"))
    for config, fit in ((SHARING, fit_bootstrap), (QUICK, None)):
        found = evaluate(train, test, empty, make_and_fit=fit, config=config, workers=1)
        assert found.verdict.gates and not found.verdict.passed
