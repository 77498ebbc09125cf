"""The Gaussian copula: what it keeps, and the pieces it is made of."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from pandas.testing import assert_frame_equal
from sklearn.datasets import load_breast_cancer

from components.config import CopulaConfig
from components.data.preparation import prepare_table
from components.data.table import Table, decode, encode
from components.errors import UserError
from components.models.artifact import load_artifact, save_artifact
from components.models.contract import Completer
from components.models.copula import normal_scores
from components.models.copula.classes import POOLED
from components.models.copula.density import score_ends
from components.models.copula.marginals import MAX_KNOTS, fit_marginal, pack, unpack
from components.models.copula.model import Copula
from components.models.copula.normal_scores import (
    latent_correlation,
    main_direction,
    positive_definite,
)
from tests.procedural import mixed_table


def fitted(table: Table, shrinkage: float = 0.02) -> Copula:
    model = Copula(CopulaConfig(shrinkage=shrinkage))
    model.fit(table, seed=0)
    return model


def gaussian_pair(correlation: float, num_rows: int = 20_000) -> np.ndarray:
    covariance = [[1.0, correlation], [correlation, 1.0]]
    return np.random.default_rng(0).multivariate_normal([0, 0], covariance, size=num_rows)


def test_class_shares_and_class_means_are_kept() -> None:
    table = mixed_table(3000)
    rows = fitted(table).sample(3000, seed=0)
    real = table.frame["outcome"].value_counts(normalize=True)
    drawn = rows["outcome"].value_counts(normalize=True)
    assert (real - drawn).abs().max() < 0.03
    for outcome in real.index:
        ages = [f.loc[f["outcome"] == outcome, "age"].mean() for f in (table.frame, rows)]
        assert ages[0] == pytest.approx(ages[1], abs=1.5)


def test_correlation_within_a_class_is_kept() -> None:
    table = mixed_table(3000)
    rows = fitted(table).sample(3000, seed=0)
    won = [f.loc[f["outcome"] == "won"] for f in (table.frame, rows)]
    real, drawn = (np.corrcoef(f["age"], f["ratio"])[0, 1] for f in won)
    assert drawn == pytest.approx(real, abs=0.07)


def test_small_class_is_drawn_from_all_rows() -> None:
    table = mixed_table(200)
    kept = np.flatnonzero((table.frame["outcome"] != "won").to_numpy())
    won = np.flatnonzero((table.frame["outcome"] == "won").to_numpy())[:3]
    model = fitted(table.take(np.concatenate([kept, won])))
    assert set(model.copulas_.groups) == {POOLED, 0, 1}
    assert len(model.sample(5, condition={"outcome": "won"}, seed=0)) == 5


def test_a_class_with_few_values_in_a_column_has_those_of_all_rows() -> None:
    table = mixed_table(300)
    is_won = (table.frame["outcome"] == "won").to_numpy()
    ratio = table.frame["ratio"].mask(is_won).astype(float)
    ratio[np.flatnonzero(is_won)[0]] = told = 0.123456
    frame = table.frame.assign(ratio=ratio)
    rows = fitted(Table(frame, table.schema)).sample(9_000, seed=0)
    drawn = rows.loc[rows["outcome"] == "won", "ratio"].dropna()
    assert len(drawn) > 0 and not np.isclose(drawn, told).all()


@pytest.mark.parametrize("correlation", [-0.9, -0.4, 0.0, 0.6, 0.9])
def test_ties_do_not_weaken_the_correlation(correlation: float) -> None:
    pair = gaussian_pair(correlation)
    pair[:, 0] = pair[:, 0] > 0.3
    pair[:, 1] = np.digitize(pair[:, 1], [-1.0, 0.2, 1.4])
    found = latent_correlation(pair, shrinkage=0.0)[0, 1]
    assert found == pytest.approx(correlation, abs=0.05)


def test_a_constant_goes_with_nothing_and_a_pair_is_of_rows_that_have_both() -> None:
    pair = gaussian_pair(0.6)
    columns = np.column_stack([pair, np.ones(len(pair)), np.full(len(pair), np.nan)])
    columns[np.random.default_rng(1).random(len(pair)) < 0.4, 0] = np.nan
    found = latent_correlation(columns, shrinkage=0.0)
    assert found[0, 1] == pytest.approx(0.6, abs=0.03)
    np.testing.assert_allclose(found[2:], np.eye(4)[2:])


def test_shrinkage_goes_all_the_way_to_independence() -> None:
    np.testing.assert_allclose(latent_correlation(gaussian_pair(0.8, 500), 1.0), np.eye(2))


def test_impossible_correlations_are_repaired() -> None:
    impossible = np.array([[1.0, 0.9, -0.9], [0.9, 1.0, 0.9], [-0.9, 0.9, 1.0]])
    repaired = positive_definite(impossible)
    assert np.linalg.eigvalsh(repaired).min() > 0
    np.testing.assert_allclose(np.diag(repaired), 1.0)
    np.testing.assert_array_equal(positive_definite(np.eye(3)), np.eye(3))


def test_copied_columns_can_be_fitted() -> None:
    column = np.random.default_rng(0).normal(size=200)
    correlation = latent_correlation(np.column_stack([column, column, -column]), shrinkage=0.0)
    np.linalg.cholesky(correlation)


def test_spikes_come_back_exactly_and_the_rest_is_interpolated() -> None:
    rng = np.random.default_rng(0)
    smooth = rng.lognormal(3, 1, 6000)
    values = np.where(rng.random(6000) < 0.4, 0.0, smooth)
    marginal = fit_marginal(values, all_spikes=False)
    drawn = marginal.at(rng.standard_normal(20_000))
    assert (drawn == 0.0).mean() == pytest.approx(0.4, abs=0.02)
    assert len(marginal.values) <= MAX_KNOTS + 2
    assert np.quantile(drawn, 0.8) == pytest.approx(np.quantile(values, 0.8), rel=0.05)
    assert values.min() <= drawn.min() and drawn.max() <= values.max()


def test_missing_share_is_below_the_values() -> None:
    values = np.concatenate([np.full(300, np.nan), np.arange(700.0)])
    marginal = fit_marginal(values, all_spikes=False)
    drawn = marginal.at(np.random.default_rng(0).standard_normal(20_000))
    assert np.isnan(drawn).mean() == pytest.approx(0.3, abs=0.01)
    assert np.nanmedian(drawn) == pytest.approx(350, abs=12)


def test_codes_come_back_with_their_shares() -> None:
    codes = np.repeat([0.0, 1.0, 4.0], [500, 300, 200])
    drawn = fit_marginal(codes, all_spikes=True).at(
        np.random.default_rng(0).standard_normal(20_000)
    )
    shares = [(drawn == code).mean() for code in (0.0, 1.0, 4.0)]
    assert shares == pytest.approx([0.5, 0.3, 0.2], abs=0.02)


def test_column_without_a_value_stays_without() -> None:
    marginal = fit_marginal(np.full(10, np.nan), all_spikes=False)
    assert np.isnan(marginal.at(np.array([-9.0, 0.0, 9.0]))).all()


def test_marginals_come_back_from_a_pack() -> None:
    marginals = [fit_marginal(np.arange(n, dtype=float), all_spikes=False) for n in (3, 9)]
    for before, after in zip(marginals, unpack(pack(marginals)), strict=True):
        np.testing.assert_array_equal(before.scores, after.scores)
        np.testing.assert_array_equal(before.values, after.values)
        assert before.missing_below == after.missing_below


def test_main_direction_follows_what_columns_share() -> None:
    rng = np.random.default_rng(0)
    hidden = rng.normal(size=2000)
    levels = np.argsort(rng.permutation(4))[np.digitize(hidden, [-1, 0, 1])].astype(float)
    columns = np.column_stack([hidden + rng.normal(size=2000) / 2, -hidden, levels])
    direction = main_direction(columns, np.array([False, False, True]), seed=0)
    assert abs(np.corrcoef(direction, hidden)[0, 1]) > 0.9


def test_state_is_compact() -> None:
    model = fitted(mixed_table(4000))
    sizes = [len(marginal.values) for marginal in model.copulas_.groups[POOLED].marginals]
    assert max(sizes) < 4 * MAX_KNOTS
    assert encode(model.sample(10, seed=0), model.schema_).shape[0] == 10


def chain(num_rows: int, seed: int) -> pd.DataFrame:
    """`b` follows from `a`, `kind` from `a`, `much` from `b`; the target is apart from all."""
    rng = np.random.default_rng(seed)
    a = rng.normal(size=num_rows)
    b = 2 * a + rng.normal(size=num_rows)
    kind = np.where(a + rng.normal(size=num_rows) / 2 > 0, "high", "low")
    much = np.digitize(b, [-2.0, 0.0, 2.0]).astype(float)
    side = np.where(rng.random(num_rows) < 0.5, "left", "right")
    return pd.DataFrame({"a": a, "b": b, "kind": kind, "much": much, "side": side})


def learned(frame: pd.DataFrame, crowd: int = 1) -> Copula:
    model = Copula(CopulaConfig(crowd=crowd))
    model.fit(prepare_table(frame, "side"), seed=0)
    return model


def holed(frame: pd.DataFrame, share: float) -> pd.DataFrame:
    gaps = np.random.default_rng(9).random((len(frame), 4)) < share
    return frame.astype({"kind": "object"}).mask(
        pd.DataFrame(np.column_stack([gaps, np.zeros(len(frame), bool)]), columns=frame.columns)
    )


def test_gaps_at_random_do_not_weaken_what_hangs_together() -> None:
    rows = learned(holed(chain(6_000, 1), 0.3)).sample(6_000, seed=0)
    assert np.corrcoef(rows[["a", "b"]].dropna().T)[0, 1] == pytest.approx(2 / 5**0.5, abs=0.03)
    assert rows["b"].isna().mean() == pytest.approx(0.3, abs=0.03)
    both = (rows["a"].isna() & rows["b"].isna()).mean()
    assert both == pytest.approx(0.09, abs=0.02)


def test_where_gaps_depend_on_other_columns_they_still_do() -> None:
    frame = chain(6_000, 1)
    frame["b"] = frame["b"].mask(frame["a"] > 0.5)
    rows = learned(frame).sample(6_000, seed=0)
    assert rows["b"].isna()[rows["a"] > 0.8].mean() > 0.8
    assert rows["b"].isna()[rows["a"] < 0.2].mean() < 0.1


def test_missing_cells_are_filled_given_the_rest_and_known_ones_kept() -> None:
    model, truth = learned(holed(chain(4_000, 1), 0.2)), chain(1_000, 2)
    rows = truth.assign(b=np.nan, kind=None)
    assert isinstance(model, Completer)
    draws = [model.complete(rows, seed=seed) for seed in range(20)]
    for drawn in draws:
        assert_frame_equal(drawn[["a", "much"]], truth[["a", "much"]], check_dtype=False)
        assert not drawn.isna().any(axis=None)
    many = np.stack([drawn["b"] for drawn in draws])
    error = np.sqrt(np.mean((many.mean(axis=0) - truth["b"]) ** 2))
    assert error < 0.75  # given `a` alone the least is 1, given `much` too about .6
    low, high = np.quantile(many, [0.05, 0.95], axis=0)
    assert ((low <= truth["b"]) & (truth["b"] <= high)).mean() == pytest.approx(0.87, abs=0.06)
    assert np.mean([(drawn["kind"] == truth["kind"]).mean() for drawn in draws]) > 0.75


def test_values_out_at_an_end_are_known_to_be_there_and_no_more() -> None:
    stretches = fit_marginal(np.arange(600.0), all_spikes=False, crowd=30)
    inner = stretches.scores[np.abs(stretches.scores) < 7]
    low, high = score_ends(np.array([-50.0, 0.0, 1.0, 300.0, 599.0, 700.0]), stretches)
    assert (low[:3] < -7).all() and (high[:3] == inner[0]).all()
    assert low[3] == high[3] == pytest.approx(0, abs=0.01)
    assert (low[4:] == inner[-1]).all() and (high[4:] > 7).all()
    constant = fit_marginal(np.full(50, 2.0), all_spikes=False)
    low, high = score_ends(np.array([1.0, 2.0, 3.0]), constant)
    assert (low < -7).all() and (high > 7).all()


def test_rows_out_of_the_range_of_a_class_are_filled_like_others() -> None:
    """A crowd gave the ends of a class scores of 7 deviations, which pulled all else with them."""
    cancer = load_breast_cancer(as_frame=True).frame.sample(frac=1, random_state=0)
    cancer = cancer[[*(c for c in cancer if c.startswith("mean")), "target"]].reset_index(drop=True)
    model = Copula(CopulaConfig(crowd=10))
    model.fit(prepare_table(cancer[:380], "target"), seed=0)
    rows = cancer[380:].reset_index(drop=True)
    truth, gap = rows["mean concavity"], rows.assign(**{"mean concavity": np.nan})
    draws = np.stack([model.complete(gap, seed=k)["mean concavity"] for k in range(10)])
    assert np.sqrt(np.mean((draws.mean(axis=0) - truth) ** 2)) / truth.std() < 0.39  # it was .43


def test_a_class_is_filled_by_what_is_known_of_the_row() -> None:
    frame = chain(3_000, 1)
    frame["side"] = np.where(frame["a"] > 0, "left", "right")
    filled = learned(frame).complete(frame.assign(side=None), seed=0)
    assert (filled["side"] == frame["side"]).mean() > 0.9


def test_any_columns_can_be_asked_for() -> None:
    model = learned(holed(chain(6_000, 1), 0.1))
    rows = model.sample(4_000, condition={"much": 3, "kind": "low"}, seed=0)
    assert (rows["much"] == 3).all() and (rows["kind"] == "low").all()
    free = chain(200_000, 3)
    real = free[(free["much"] == 3) & (free["kind"] == "low")]
    assert rows["b"].mean() == pytest.approx(real["b"].mean(), abs=0.25)
    assert rows["a"].mean() == pytest.approx(real["a"].mean(), abs=0.15)
    given = {"a": None, "b": model.schema_["b"].minimum, "side": "left"}
    rows = model.sample(100, condition=given, seed=0)
    assert rows["a"].isna().all() and (rows["side"] == "left").all()
    assert (rows["b"] == given["b"]).all() and 0 < rows["much"].isna().sum() < 40


def test_first_rows_are_filled_alike_however_many_follow() -> None:
    model, rows = learned(holed(chain(2_000, 1), 0.2)), holed(chain(300, 2), 0.4)
    rows["side"] = None
    few = model.complete(rows[:100], seed=3)
    assert_frame_equal(few, model.complete(rows, seed=3)[:100])


def test_models_whose_gaps_are_the_low_end_of_a_column_are_read(tmp_path: Path) -> None:
    frame = chain(2_000, 1)
    learned(frame).save(tmp_path / "new")
    artifact = load_artifact(tmp_path / "new")
    state = {key: value for key, value in artifact.state.items() if key != "gapped"}
    (tmp_path / "old").mkdir()
    save_artifact(replace(artifact, state=state), tmp_path / "old")
    old = Copula.load(tmp_path / "old")
    assert_frame_equal(old.sample(50, seed=0), learned(frame).sample(50, seed=0))
    marginal = fit_marginal(
        np.where(np.arange(1_000) < 400, np.nan, np.arange(1_000.0)), all_spikes=False
    )
    there = marginal.present_at(np.random.default_rng(0).standard_normal(5_000))
    assert np.median(there) == pytest.approx(700, abs=15) and not np.isnan(there).any()


def test_dates_and_heaps_of_numbers_stay_on_their_grid(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    days = pd.to_datetime("1990-03-01") + pd.to_timedelta(rng.integers(0, 9_000, 400), unit="D")
    frame = chain(400, 1).assign(born=days, pay=rng.integers(10, 90, 400) * 500)
    model = learned(frame)
    assert (model.schema_["born"].step, model.schema_["pay"].step) == (86.4e9, 500)
    program = model.export_program()
    uniforms = torch.from_numpy(rng.random((200, program.num_uniforms)))
    for rows in (
        model.sample(200, seed=0),
        model.complete(frame.assign(born=pd.NaT, pay=np.nan), seed=0),
        decode(program.module(uniforms).numpy(), model.schema_, seed=0),
    ):
        assert (rows["born"] == rows["born"].dt.normalize()).all()
        assert (rows["pay"] % 500 == 0).all() and rows["pay"].nunique() > 20
    for condition in ({"pay": 10_250}, {"born": "1995-01-01 12:00"}):
        with pytest.raises(UserError, match=r"all values are multiples of (500|1 days 00:00:00)"):
            model.sample(5, condition=condition, seed=0)


def test_rows_that_two_columns_both_have_are_counted_part_by_part(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    columns = np.random.default_rng(0).normal(size=(100, 4))
    columns[:30, 1] = columns[20:60, 3] = np.nan
    whole = latent_correlation(columns, 0.01)
    monkeypatch.setattr(normal_scores, "_COUNTED_AT_ONCE", 7)
    assert normal_scores._rows_with_both(columns)[1, 3] == 40
    assert (latent_correlation(columns, 0.01) == whole).all()
