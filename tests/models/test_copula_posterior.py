"""Filling with parameters that are drawn: the intervals hold what they should."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from scipy.special import ndtr

from components.config import CopulaConfig
from components.data.preparation import prepare_table
from components.data.table import encode
from components.models.artifact import load_artifact, save_artifact
from components.models.copula.marginals import fit_marginal
from components.models.copula.model import Copula
from components.models.copula.posterior import drawn_marginal, drawn_root
from components.models.several_draws import complete_several

NUM_DRAWS = 19
"""From the least to the greatest of them lie 18 of 20 values that are like them: 90%."""
NUM_TABLES, NUM_ROWS = 16, 100


def rows_of(num_rows: int, seed: int) -> pd.DataFrame:
    """Two classes of as many rows, in which five columns hang together."""
    rng = np.random.default_rng(seed)
    hidden = rng.normal(size=2 * num_rows)
    columns = {f"x{k}": hidden + rng.normal(size=2 * num_rows) for k in range(5)}
    side = np.repeat(["left", "right"], num_rows)
    return pd.DataFrame(columns).assign(side=side).sample(frac=1, random_state=seed)


def fitted(num_rows: int, seed: int, crowd: int = 1) -> Copula:
    model = Copula(CopulaConfig(crowd=crowd))
    model.fit(prepare_table(rows_of(num_rows, seed).reset_index(drop=True), "side"), seed=0)
    return model


def as_fitted(model: Copula, directory: Path) -> Copula:
    """The model as one of before, which does not say how many rows it was learned from."""
    model.save(directory / "new")
    artifact = load_artifact(directory / "new")
    state = {key: value for key, value in artifact.state.items() if key != "rows"}
    save_artifact(replace(artifact, state=state), directory / "old")
    return Copula.load(directory / "old")


def held(model: Copula, truth: pd.DataFrame) -> float:
    """The share of cells of two columns that lie between the draws for them."""
    matrix = encode(truth, model.schema_)
    real, classes = matrix[:, model.drawn_positions], matrix[:, -1].astype(np.int64)
    is_known = np.ones(real.shape, dtype=bool)
    is_known[:, :2] = False
    copulas = [model.copulas_.drawn(model.gapped_, seed) for seed in range(NUM_DRAWS)]
    draws = np.stack(
        [found.complete(real, is_known, classes, seed) for seed, found in enumerate(copulas)]
    )
    inside = (draws.min(axis=0) <= real) & (real <= draws.max(axis=0))
    return float(inside[:, :2].mean())


@pytest.mark.parametrize("crowd", [1, 10])
def test_an_interval_holds_as_many_cells_as_it_should_where_rows_are_few(
    crowd: int, tmp_path: Path
) -> None:
    """Cells of one table share its parameters: what is independent are the tables."""
    proper, improper = np.empty(NUM_TABLES), np.empty(NUM_TABLES)
    for k in range(NUM_TABLES):
        model, truth = fitted(40, k, crowd), rows_of(NUM_ROWS // 2, 1_000 + k)
        proper[k] = held(model, truth)
        improper[k] = held(as_fitted(model, tmp_path / str(k)), truth)
    least = (0.9 * 0.1 / (2 * NUM_ROWS * NUM_TABLES)) ** 0.5  # were all cells independent
    error = max(proper.std(ddof=1) / NUM_TABLES**0.5, least)
    assert abs(proper.mean() - 0.9) < 3 * error
    assert improper.mean() < proper.mean() - 0.015


def test_equal_seeds_give_equal_draws_and_others_share_none() -> None:
    model, rows = fitted(60, 0), rows_of(10, 1).assign(x0=np.nan).reset_index(drop=True)
    first, again = (complete_several(model, rows, 5, seed=0) for _ in range(2))
    for one, other in zip(first, again, strict=True):
        assert_frame_equal(one, other)
    assert_frame_equal(first[0], model.complete(rows, seed=0))
    assert_frame_equal(first[1], complete_several(model, rows, 2, seed=0)[1])
    following = complete_several(model, rows, 5, seed=1)
    drawn = {tuple(table["x0"]) for table in (*first, *following)}
    assert len(drawn) == 10


def test_a_row_is_filled_alike_whatever_rows_come_behind() -> None:
    model, rows = fitted(60, 0), rows_of(40, 1).reset_index(drop=True)
    rows = rows.mask(np.random.default_rng(2).random(rows.shape) < 0.3)
    whole = model.complete(rows, seed=3)
    for size in (1, 7, 40):
        assert_frame_equal(model.complete(rows[:size], seed=3), whole[:size])


def test_drawn_parameters_come_near_the_fitted_ones_as_rows_become_many() -> None:
    root = np.linalg.cholesky(np.array([[1.0, 0.7, 0.2], [0.7, 1, 0.5], [0.2, 0.5, 1]]))
    rng = np.random.default_rng(0)
    for num_rows, near in ((100, 0.3), (1_000_000, 0.005)):
        drawn = drawn_root(root.astype(np.float32), num_rows, rng)
        np.testing.assert_allclose((drawn**2).sum(axis=1), 1, atol=1e-5)
        np.testing.assert_allclose(drawn @ drawn.T, root @ root.T, atol=near)
    many = [drawn_root(root.astype(np.float32), 50, rng) for _ in range(2_000)]
    correlations = np.array([found[1] @ found[0] for found in many])
    assert correlations.mean() == pytest.approx(0.7, abs=0.01)
    assert correlations.std() == pytest.approx((1 - 0.7**2) / 50**0.5, rel=0.1)


@pytest.mark.parametrize("crowd", [1, 10])
def test_drawn_quantiles_vary_as_those_of_so_many_rows(crowd: int) -> None:
    values = np.random.default_rng(0).normal(size=60)
    marginal = fit_marginal(values, all_spikes=False, crowd=crowd)
    rng, scores = np.random.default_rng(1), np.random.default_rng(2).standard_normal(4_000)
    means = [drawn_marginal(marginal, 60, rng).at(scores).mean() for _ in range(300)]
    even = np.diff(ndtr(marginal.scores)) @ (marginal.values[1:] + marginal.values[:-1]) / 2
    assert np.mean(means) == pytest.approx(even, abs=0.05)
    assert np.std(means) == pytest.approx(values.std() / 60**0.5, rel=0.35)


def test_values_go_on_beyond_the_last_row_but_spikes_do_not() -> None:
    values = np.random.default_rng(0).normal(size=40)
    rng, scores = np.random.default_rng(1), np.random.default_rng(2).standard_normal(10_000)
    smooth = drawn_marginal(fit_marginal(values, all_spikes=False), 40, rng).at(scores)
    beyond = ((smooth < values.min()) | (smooth > values.max())).mean()
    assert 0.005 < beyond < 0.06 and np.abs(smooth).max() < 3 * np.abs(values).max()
    codes = np.repeat([0.0, 1.0, 4.0], [20, 12, 8])
    drawn = drawn_marginal(fit_marginal(codes, all_spikes=True), 40, rng).at(scores)
    assert set(drawn) == {0.0, 1.0, 4.0}


def test_constants_and_columns_without_a_value_are_drawn_as_they_are() -> None:
    rng = np.random.default_rng(0)
    for values in (np.full(30, 2.0), np.full(30, np.nan), np.array([1.0])):
        marginal = fit_marginal(values, all_spikes=False)
        drawn = drawn_marginal(marginal, 30, rng).at(np.array([-2.0, 0.0, 2.0]))
        np.testing.assert_array_equal(drawn, marginal.at(np.array([-2.0, 0.0, 2.0])))


def test_the_number_of_rows_is_kept(tmp_path: Path) -> None:
    model = fitted(60, 0)
    rows = rows_of(10, 1).assign(x0=np.nan).reset_index(drop=True)
    model.save(tmp_path / "kept")
    loaded = Copula.load(tmp_path / "kept")
    assert_frame_equal(loaded.complete(rows, seed=1), model.complete(rows, seed=1))
    old = as_fitted(model, tmp_path)
    assert_frame_equal(old.sample(50, seed=0), model.sample(50, seed=0))
    assert not old.complete(rows, seed=1)["x0"].equals(model.complete(rows, seed=1)["x0"])
