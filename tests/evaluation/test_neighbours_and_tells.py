import numpy as np
import pandas as pd
import pytest

from components.data.foreign import read_foreign
from components.data.schema import Column, ColumnKind, Schema
from components.data.table import Table
from components.evaluation.case import Findings
from components.evaluation.fidelity.manifold import neighbour_scores, with_errors
from components.evaluation.fidelity.telltales import find_telltales
from components.evaluation.fidelity.two_sample import cross_fitted
from components.evaluation.statistics import auc_influence
from components.evaluation.sureness import surely_other
from tests.evaluation.samplers import case_of, measure, process_table, values


def normal(num_rows: int, seed: int, shift: float = 0.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(shift, size=(num_rows, 4))


def test_a_lost_mode_is_seen_by_recall_and_coverage_alone() -> None:
    real = np.vstack([normal(200, 0), normal(200, 1, 30.0)])
    found = neighbour_scores(real, normal(400, 2))
    whole = neighbour_scores(real, np.vstack([normal(200, 3), normal(200, 4, 30.0)]))
    assert found.precision > 0.85 and whole.recall > 0.85
    assert found.recall < 0.5 and found.coverage < 0.55


def test_false_rows_are_seen_by_precision_and_density() -> None:
    found = neighbour_scores(normal(300, 0), np.vstack([normal(150, 1), normal(150, 2, 30.0)]))
    assert found.precision == pytest.approx(0.48, abs=0.05)
    assert found.density < 0.65


def test_equal_points_reach_one_another() -> None:
    points = np.repeat([[0.1, 0.7], [0.3, 0.9]], 20, axis=0)
    assert neighbour_scores(points, points[::-1]).precision == 1.0
    assert neighbour_scores(points, points + 1e-3).precision == 0.0


def test_the_interval_is_as_wide_as_fresh_draws_spread() -> None:
    drawn = [with_errors(normal(200, s), normal(200, s + 100, 0.4), seed=s) for s in range(30)]
    for name in ("precision", "recall", "density", "coverage"):
        spread = np.std([getattr(scores, name) for scores, _ in drawn])
        claimed = np.mean([getattr(errors, name) for _, errors in drawn])
        assert 0.7 < claimed / spread < 1.8


def test_few_plainly_false_rows_are_sure_though_the_auc_is_low() -> None:
    real, fresh = normal(1000, 0), normal(1000, 1)
    fresh[:100, 2] = 50.0
    told = cross_fitted(real, fresh, seed=0)
    sure = surely_other(told.labels, told.scores, told.folds)
    assert sure[:100].mean() > 0.5 and not sure[100:].any()
    assert auc_influence(told.labels, told.scores)[0] < 0.6


def test_slightly_false_rows_leave_no_one_sure() -> None:
    told = cross_fitted(normal(1000, 0), normal(1000, 1, 0.15), seed=0)
    assert surely_other(told.labels, told.scores, told.folds).mean() < 0.02


def test_the_columns_that_tell_come_first() -> None:
    train, test, fresh = (process_table(300, seed) for seed in (0, 1, 2))
    moved = Table(fresh.frame.assign(x7=fresh.frame["x7"] + 2), train.schema)
    found = measure("two_sample", case_of(train, test, moved))
    first, second = found.telltales[:2]
    assert first.columns == ("x7",) and first.low > 0.1 > second.drop
    assert len(found.telltales) == 11
    assert values(found)["two_sample_sure"] > 0.05


def test_columns_of_a_wide_table_are_shuffled_in_groups() -> None:
    rng = np.random.default_rng(0)
    x = np.hstack([rng.normal(size=(200, 23)), np.zeros((200, 1)), np.full((200, 1), np.nan)])
    x[:, 5] = x[:, 4] * 3
    x[100:, 4:6] += 4
    told = cross_fitted(x[:100], x[100:], seed=0)
    names = [f"x{i}" for i in range(25)]
    found = find_telltales(told.x, told.labels, told.folds, told.models, names, seed=0)
    assert found[0].columns == ("x4", "x5") and found[0].drop > 0.3
    assert sorted(name for telltale in found for name in telltale.columns) == sorted(names)
    assert len(found) <= 20


def visits_table(num_owners: int, seed: int, *, alone: bool = False) -> Table:
    """Visits of owners a week or so apart; states go round in a ring."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(2, 6, num_owners)
    owners = np.repeat(np.arange(num_owners), lengths)
    turn = np.concatenate([np.arange(n) + rng.integers(3) for n in lengths]) % 3
    weeks = np.concatenate([np.cumsum(rng.normal(7, 1, n)) for n in lengths])
    order = rng.permutation(len(owners))
    frame = pd.DataFrame(
        {
            "owner": np.arange(len(owners)) if alone else owners,
            "at": pd.Timestamp("2024-01-01") + pd.to_timedelta(weeks, unit="D"),
            "state": np.array(["a", "b", "c"], object)[turn],
        }
    ).iloc[order]
    columns = (
        Column(name="owner", kind=ColumnKind.IDENTIFIER, dtype="int64"),
        Column(name="at", kind=ColumnKind.DATETIME, dtype="datetime64[us]"),
        Column(name="state", kind=ColumnKind.CATEGORICAL, dtype="str", categories=("a", "b", "c")),
    )
    return Table(frame.reset_index(drop=True), Schema(columns=columns, target="state"))


def test_order_is_measured_where_identifiers_come_again() -> None:
    train, test, fresh = (visits_table(80, seed) for seed in (0, 1, 2))
    assert values(measure("sequences", case_of(train, test, train))) == {"order_error": 0.0}
    kept = measure("sequences", case_of(train, test, fresh)).measurements[0]
    assert kept.reference == pytest.approx(kept.value, abs=0.06) and kept.value < 0.15
    mixed = fresh.frame.assign(owner=fresh.frame["owner"].sample(frac=1, random_state=0).to_numpy())
    lost = measure("sequences", case_of(train, test, Table(mixed, train.schema))).measurements[0]
    assert lost.low > kept.high
    strangers = visits_table(80, 3, alone=True)
    gone = measure("sequences", case_of(train, test, strangers)).measurements[0]
    assert gone.value == 1.0
    assert measure("sequences", case_of(strangers, test, train)).measurements == ()


def test_order_is_judged_of_foreign_tables_that_kept_their_identifiers() -> None:
    frames = [visits_table(80, seed).frame for seed in (0, 1, 2)]
    kinds = {"owner": ColumnKind.IDENTIFIER}
    kept = read_foreign(*frames, "state", kinds=kinds)
    case = case_of(kept.train, kept.test, kept.synthetic)
    assert measure("sequences", case).measurements[0].value < 0.15
    bare = read_foreign(frames[0], frames[1], frames[2].drop(columns="owner"), "state", kinds=kinds)
    assert measure("sequences", case_of(bare.train, bare.test, bare.synthetic)) == Findings()
