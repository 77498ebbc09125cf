"""The adversarial forest: leaves that come apart, rounds that end, a density that is exact."""

from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from components.config import ForestConfig
from components.data.preparation import prepare_table
from components.data.table import Table
from components.errors import UserError
from components.models.codes.row_codes import ColumnCodes
from components.models.contract import Budget
from components.models.levels import Levels
from components.models.trees.forest import Forest
from components.models.trees.forest_rounds import accuracy, made_rows
from components.models.trees.leaf_mixture import LeafMixture
from components.models.trees.leaf_rows import LeafRows
from tests.models.conftest import fitted_once
from tests.models.test_autoregressive import chain
from tests.procedural import columns_table, mixed_table

QUICK = ForestConfig(crowd=2, trees=5)


def fitted(table: Table, config: ForestConfig = QUICK, **options: object) -> Forest:
    model = Forest(config)
    model.fit(table, seed=0, **options)  # type: ignore[arg-type]
    return model


@cache
def learned() -> Forest:
    return fitted(chain(2_000, 0))


def two_leaves() -> LeafRows:
    """Rows (0, 0), (0, 1) in one leaf, (1, 1), (1, 1) in the other."""
    codes = np.array([[0, 0], [0, 1], [1, 1], [1, 1]], dtype=np.int32)
    known = np.array([0.0, 1.0])
    column = ColumnCodes(Levels(known, known, 0.0), has_missing=False, is_ordered=False)
    return LeafRows(LeafMixture.of(np.array([[0, 0, 1, 1]]), codes, first=0), (column, column))


def test_the_density_of_two_leaves_is_that_computed_by_hand() -> None:
    rows = two_leaves()
    found = np.exp(rows.log_density(np.array([[0, 0], [0, 1], [1, 1], [1, 0]], dtype=float)))
    # a half times 1 times 1/2; the same; a half times 1 times 1; (1, 0) is in neither leaf
    np.testing.assert_allclose(found, [0.25, 0.25, 0.5, 0.0], atol=1e-6)


def test_leaves_are_weighed_by_what_is_known() -> None:
    rows = two_leaves()
    asked = np.full((6_000, 2), np.nan)
    asked[:, 1] = 1.0
    whole = rows.complete(asked, ~np.isnan(asked), seed=0)
    assert (whole[:, 1] == 1).all()
    assert whole[:, 0].mean() == pytest.approx(2 / 3, abs=0.02)  # 1/2 against 1/2 times 1/2
    drawn = rows.draw(6_000, {1: 1.0}, np.random.default_rng(0))
    assert drawn[:, 0].mean() == pytest.approx(2 / 3, abs=0.02)


def test_a_mixture_comes_back_from_its_arrays_and_draws_its_shares() -> None:
    mixture = two_leaves().mixture
    again = LeafMixture.from_arrays(mixture.arrays, first=0)
    drawn = again.draw(8_000, np.random.default_rng(1))
    np.testing.assert_array_equal(drawn, mixture.draw(8_000, np.random.default_rng(1)))
    pairs, counts = np.unique(drawn, axis=0, return_counts=True)
    assert pairs.tolist() == [[0, 0], [0, 1], [1, 1]]
    np.testing.assert_allclose(counts / 8_000, [0.25, 0.25, 0.5], atol=0.02)


def test_made_rows_keep_the_marginals_of_leaves_and_nothing_else() -> None:
    rng = np.random.default_rng(0)
    x = rng.integers(0, 2, 4_000)
    codes = np.column_stack([x, x]).astype(np.int32)
    apart = made_rows(codes, np.zeros((2, 4_000), dtype=np.int64), 4_000, rng)
    assert (apart[:, 0] == apart[:, 1]).mean() == pytest.approx(0.5, abs=0.03)
    within = made_rows(codes, np.array([x, x]), 3_000, rng)
    assert len(within) == 3_000 and (within[:, 0] == within[:, 1]).all()
    assert within.mean() == pytest.approx(x.mean(), abs=0.03)


def test_the_judge_knows_rows_of_another_kind_and_none_of_the_same() -> None:
    rng = np.random.default_rng(0)
    x, y = (rng.integers(0, 9, (1_000, 3)).astype(np.int32) for _ in range(2))
    copied = x[:, [0, 0, 2]]
    assert accuracy(copied, y, rng) > 0.85
    assert accuracy(x, y, rng) == pytest.approx(0.5, abs=0.06)


def test_rounds_end_and_made_rows_pass_for_real_ones() -> None:
    told: list[float] = []
    leaves: list[float] = []

    def log(step: int, metrics: dict[str, float]) -> None:
        told.append(metrics["accuracy"])
        leaves.append(metrics["leaves"])

    model = fitted(mixed_table(1_500, target="is_member"), log=log)
    assert 2 <= len(told) <= QUICK.rounds
    assert leaves == sorted(leaves) and leaves[0] == 2 * QUICK.trees  # one for each class
    assert told[0] > 0.6 and min(told) < 0.54
    kept = leaves[int(np.argmin(told))]
    assert len(model.rows_.mixture.sizes) == kept


def test_columns_that_are_independent_are_left_in_few_leaves() -> None:
    rng = np.random.default_rng(0)
    names = ["age", "ratio", "city", "outcome", "is_member"]
    table = columns_table(mixed_table(1_500), names, target="is_member")
    torn = table.frame.apply(lambda values: values.to_numpy()[rng.permutation(len(values))])
    found = len(fitted(Table(torn.astype(table.frame.dtypes), table.schema)).rows_.mixture.sizes)
    assert found < len(fitted(table).rows_.mixture.sizes) / 2


def test_classes_with_room_are_apart_and_others_together() -> None:
    classes = np.repeat([0, 1, 2, 3], [500, 200, 20, 15])
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"size": rng.normal(classes), "kind": np.array([*"abcd"])[classes]})
    model = fitted(prepare_table(frame, "kind"), budget=Budget(seconds=0.0))
    assert sorted(set(model.rows_.mixture.sizes)) == [35, 200, 500]


@pytest.mark.parametrize(("settings", "least"), [({"crowd": 1}, 10), ({"crowd": 20}, 100)])
def test_a_leaf_holds_crowds_where_there_is_one(settings: dict[str, int], least: int) -> None:
    model = fitted(mixed_table(1_000, target="is_member"), ForestConfig(trees=3, **settings))
    assert least <= model.rows_.mixture.sizes.min() < 4 * least


def test_the_density_of_discrete_rows_adds_up_to_one_and_is_that_of_rows_drawn() -> None:
    names = ["city", "is_member", "consents", "outcome"]
    model = fitted(columns_table(mixed_table(800), names, target="outcome"))
    levels = [
        [*column.categories, None] if column.nullable else list(column.categories)
        for column in model.schema_.learned
    ]
    every = pd.DataFrame(list(product(*levels)), columns=names)
    shares = np.exp(model.score(every))
    assert shares.sum() == pytest.approx(1.0, abs=1e-4)
    asked, drawn = (
        frame[names].astype(object).fillna("none").astype(str).sum(axis=1)
        for frame in (every, model.sample(20_000, seed=0))
    )
    found = asked.map(drawn.value_counts(normalize=True)).fillna(0.0).to_numpy()
    assert np.abs(found - shares).max() < 0.012


def test_conditional_distributions_are_those_of_the_process() -> None:
    given_last = learned().sample(4_000, condition={"b": "yes"}, seed=1)
    assert (given_last["b"] == "yes").all()
    assert (given_last["a"] == "yes").mean() == pytest.approx(0.27 / 0.34, abs=0.05)
    assert given_last["x"].mean() == pytest.approx(10.0, abs=0.4)
    against_the_order = learned().sample(2_000, condition={"x": 10.0}, seed=1)
    assert (against_the_order["x"] == 10.0).all()
    assert (against_the_order["b"] == "yes").mean() > 0.97


def test_rows_asked_for_are_those_that_would_have_been_drawn() -> None:
    model = fitted_once("forest")
    every = model.sample(60_000, seed=0)
    among = every[(every["city"] == "Cork") & every["is_member"]]
    asked = model.sample(20_000, condition={"city": "Cork", "is_member": True}, seed=1)
    assert asked["age"].mean() == pytest.approx(among["age"].mean(), abs=0.6)
    shares = [frame["outcome"].value_counts(normalize=True) for frame in (among, asked)]
    assert (shares[0] - shares[1]).abs().max() < 0.03


def test_what_no_row_has_together_is_given_together_when_asked_for() -> None:
    rows = learned().sample(500, condition={"b": "no", "x": 12.0}, seed=0)
    assert (rows["b"] == "no").all() and (rows["x"] == 12.0).all()
    with pytest.raises(UserError, match=r"x=1000000\.0 is impossible"):
        learned().sample(10**9, condition={"x": 1e6}, seed=0)


def test_missing_cells_are_filled_given_the_rest_and_known_ones_kept() -> None:
    truth = chain(3_000, 5).frame
    rng = np.random.default_rng(0)
    gaps = pd.DataFrame(rng.random(truth.shape) < 0.3, columns=truth.columns)
    filled = learned().complete(truth.mask(gaps), seed=0)
    assert not filled.isna().any(axis=None) and filled.dtypes.equals(truth.dtypes)
    for name in truth:
        assert (filled[name][~gaps[name]] == truth[name][~gaps[name]]).all()
    given_b = gaps["x"] & ~gaps["b"]
    error = (filled["x"] - np.where(truth["b"] == "yes", 10.0, 0.0))[given_b]
    assert (error.abs() < 3).mean() > 0.95 and error.abs().median() == pytest.approx(0.67, abs=0.2)
    some = truth.mask(gaps)[:700]
    assert_frame_equal(learned().complete(some, seed=0), filled[:700])


def test_what_no_training_row_has_is_kept_and_tells_nothing() -> None:
    rows = pd.DataFrame({"a": ["maybe", None], "b": ["yes", "yes"], "x": [1e9, np.nan]})
    filled = learned().complete(rows, seed=0)
    assert filled["a"][0] == "maybe" and filled["x"][0] == 1e9
    assert filled["a"][1] in ("yes", "no") and np.isfinite(filled["x"][1])


def test_a_column_that_may_be_missing_is_filled_with_values() -> None:
    model, table = fitted_once("forest"), mixed_table()
    assert isinstance(model, Forest)
    filled = model.complete(table.frame, seed=0)
    assert not filled.isna().any(axis=None)
    assert list(filled["id"]) == list(table.frame["id"])


def test_the_order_of_rows_changes_no_byte(tmp_path: Path) -> None:
    table = mixed_table(300)
    fitted(table).save(tmp_path / "first")
    order = np.random.default_rng(0).permutation(len(table))
    fitted(table.take(order)).save(tmp_path / "second")
    for file in ("model.json", "weights.safetensors"):
        assert (tmp_path / "first" / file).read_bytes() == (tmp_path / "second" / file).read_bytes()


def test_spent_budget_still_gives_every_column() -> None:
    table = mixed_table(300)
    model = fitted(table, budget=Budget(seconds=0.0))
    assert len(model.rows_.mixture.sizes) == 3 * QUICK.trees  # one for each class
    assert list(model.sample(50, seed=0).columns) == table.schema.names
