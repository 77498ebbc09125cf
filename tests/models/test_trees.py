"""Sequential trees: what they learn, and the pieces they are made of."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.config import TreesConfig
from components.data.preparation import prepare_table
from components.data.table import Table
from components.models.contract import Budget
from components.models.trees.tree_arrays import LOT, Tree, TreePack
from components.models.trees.tree_growth import (
    FEWEST_LEAVES,
    _parts_of_target,
    category_order,
    grow_tree,
    grow_trees,
    rank_traits,
)
from components.models.trees.trees import Trees
from tests.procedural import mixed_table


def fitted(table: Table, min_leaf: int = 10, **options: object) -> Trees:
    model = Trees(TreesConfig(min_leaf=min_leaf))
    model.fit(table, seed=0, **options)  # type: ignore[arg-type]
    return model


def grown(predictor: np.ndarray, outcome: np.ndarray, *, levels: int, discrete: bool) -> Tree:
    return grow_tree(
        predictor[:, None].astype(np.int32),
        outcome.astype(np.int32),
        num_levels=[levels],
        outcome_discrete=discrete,
        min_leaf=5,
        seed=0,
    )


def test_values_are_training_values_and_spikes_keep_their_share() -> None:
    table = mixed_table(2000)
    rows = fitted(table).sample(4000, seed=0)
    assert set(rows["age"]) <= set(table.frame["age"])
    real, drawn = (frame["amount"].dropna().eq(0).mean() for frame in (table.frame, rows))
    assert drawn == pytest.approx(real, abs=0.03)


def test_dependence_between_columns_is_kept() -> None:
    table = mixed_table(3000)
    rows = fitted(table).sample(3000, seed=0)
    for frame in (table.frame, rows):
        means = frame.groupby("outcome")["age"].mean()
        assert means["won"] - means["lost"] == pytest.approx(16, abs=2)
    real, drawn = (np.corrcoef(f["age"], f["ratio"])[0, 1] for f in (table.frame, rows))
    assert drawn == pytest.approx(real, abs=0.06)


def test_missing_values_depend_on_other_columns() -> None:
    table = mixed_table(2000)
    frame = table.frame.copy()
    frame.loc[frame["outcome"] == "won", "visits"] = None
    rows = fitted(Table(frame, table.schema)).sample(1000, seed=0)
    assert rows.loc[rows["outcome"] == "won", "visits"].isna().all()
    assert rows.loc[rows["outcome"] == "lost", "visits"].isna().mean() < 0.25


@pytest.mark.parametrize(("settings", "least"), [({"min_leaf": 2}, 2), ({"crowd": 20}, 100)])
def test_a_leaf_holds_crowds_where_there_is_one(settings: dict[str, int], least: int) -> None:
    model = Trees(TreesConfig(**settings))
    model.fit(mixed_table(1000), seed=0)
    smallest = min(int(tree.count[tree.count > 0].min()) for tree in model.values_)
    assert least <= smallest < 2 * least


def test_leaves_have_at_least_min_leaf_rows() -> None:
    table = mixed_table(400)
    small, large = fitted(table, 5), fitted(table, 40)
    for model, least in ((small, 5), (large, 40)):
        counts = [tree.count[tree.feature < 0].min() for tree in model.values_]
        assert min(counts) >= least
    assert sum(t.num_leaves for t in large.values_) < sum(t.num_leaves for t in small.values_)


def test_donors_are_the_rows_of_the_leaf() -> None:
    rng = np.random.default_rng(0)
    predictor = rng.integers(0, 50, 300)
    tree = grown(predictor, predictor * 2, levels=0, discrete=False)
    leaves = tree.leaves(predictor[:, None].astype(np.int32))
    for leaf in np.unique(leaves):
        donors = tree.donors[tree.start[leaf] : tree.start[leaf] + tree.count[leaf]]
        assert sorted(donors) == sorted(predictor[leaves == leaf] * 2)


def test_missing_predictor_is_a_side_of_its_own() -> None:
    predictor = np.repeat([-1, 3, 4], 20)
    outcome = np.repeat([1, 0, 0], 20)
    tree = grown(predictor, outcome, levels=0, discrete=True)
    drawn = tree.draw(predictor[:, None].astype(np.int32), np.random.default_rng(0))
    assert (drawn == outcome).all()


def test_categories_are_ordered_by_the_outcome() -> None:
    codes = np.repeat([0, 1, 2, 3], 50).astype(np.int32)
    traits = np.repeat([5.0, -1.0, 3.0, 0.0], 50)[:, None]
    order = category_order(codes, 5, traits, prior=1.0)
    assert order[1:5].argsort().tolist() == [1, 3, 2, 0]
    assert sorted(order) == list(range(6))  # missing and the unseen fifth category included


def test_splits_see_a_spread_that_has_no_mean() -> None:
    rng = np.random.default_rng(0)
    wide = rng.random(1000) < 0.5
    outcome = np.where(wide, rng.integers(0, 100, 1000), rng.integers(45, 55, 1000))
    tree = grown(wide.astype(int), outcome, levels=0, discrete=False)
    narrow = tree.draw(np.zeros((500, 1), dtype=np.int32), rng)
    assert narrow.min() >= 45 and narrow.max() < 55


def test_rank_traits_ignore_the_scale() -> None:
    values = np.array([3, 1, 2, 2], dtype=np.int32)
    np.testing.assert_array_equal(rank_traits(values), rank_traits(values**5))


def test_spent_budget_still_gives_every_column() -> None:
    table = mixed_table(300)
    model = fitted(table, budget=Budget(seconds=0.0))
    rows = model.sample(50, seed=0)
    assert list(rows.columns) == table.schema.names
    assert all(len(tree.order_start) <= 2 for tree in model.values_)


def test_trees_come_back_from_a_pack() -> None:
    trees = fitted(mixed_table(100)).values_
    for before, after in zip(trees, TreePack.of(trees).trees(), strict=True):
        np.testing.assert_array_equal(before.donors, after.donors)
        np.testing.assert_array_equal(before.threshold, after.threshold)
        np.testing.assert_array_equal(before.order, after.order)


def test_saved_bytes_depend_on_rows_and_seed_alone(tmp_path: Path) -> None:
    table = mixed_table(150)
    for name in ("first", "second"):
        fitted(table).save(tmp_path / name)
    for file in ("model.json", "weights.safetensors"):
        assert (tmp_path / "first" / file).read_bytes() == (tmp_path / "second" / file).read_bytes()


@pytest.mark.parametrize("count", [2, 3, 20])
def test_each_lot_leads_to_a_tree_of_half_the_rows(count: int) -> None:
    rng = np.random.default_rng(0)
    predictors = rng.integers(0, 50, (400, 1)).astype(np.int32)
    outcome = (2 * predictors[:, 0]).astype(np.int32)
    tree = grow_trees(
        predictors, outcome, num_trees=count, num_levels=[0], outcome_discrete=False,
        min_leaf=5, seed=0,
    )  # fmt: skip
    assert tree.num_lots == count == (tree.feature == LOT).sum() + 1 and tree.leads_down
    ends = [set(tree.leaves(predictors, np.full(400, lot, dtype=np.int32))) for lot in range(count)]
    assert sum(map(len, ends)) == len(set().union(*ends)) == tree.num_leaves
    assert all(tree.count[sorted(leaves)].sum() == 200 for leaves in ends)
    drawn = tree.draw(predictors, np.random.default_rng(1))
    assert np.abs(drawn - outcome).max() < 30 and (drawn != outcome).any()
    (again,) = TreePack.of([tree]).trees()
    assert (again.leaves(predictors) == tree.leaves(predictors)).all()


def test_many_rows_or_few_have_one_tree() -> None:
    grow = partial(grow_trees, num_levels=[0], outcome_discrete=False, min_leaf=20, seed=0)
    few = np.arange(60, dtype=np.int32)
    assert grow(few[:, None], few, num_trees=5).num_lots == 1
    assert grow(few[:, None][:, :0], few, num_trees=5, min_leaf=1).num_lots == 1
    for num_rows, num_lots in ((2 * FEWEST_LEAVES * 20 - 1, 1), (2 * FEWEST_LEAVES * 20, 5)):
        rows = np.arange(num_rows, dtype=np.int32)
        assert grow(rows[:, None], rows, num_trees=5).num_lots == num_lots


def test_what_columns_have_in_common_is_kept_on_few_rows() -> None:
    rng = np.random.default_rng(0)
    ill = rng.random(300) < 0.35
    frame = pd.DataFrame(
        {"sugar": rng.normal(100 + 40 * ill, 15), "ill": np.where(ill, "yes", "no")}
    )
    model = Trees(TreesConfig(crowd=10, num_trees=20))
    model.fit(prepare_table(frame, "ill"), seed=0)
    means = model.sample(2_000, seed=0).groupby("ill")["sugar"].mean()
    assert means["yes"] - means["no"] > 20


def test_what_classes_have_different_is_kept_beside_what_tells_more() -> None:
    rng = np.random.default_rng(0)
    ill, place = rng.random(2_000) < 0.3, rng.integers(0, 40, 2_000)
    clinic = rng.random(2_000) < np.where(ill, 0.75, 0.25) * (0.4 + 0.6 * place / 39)
    frame = pd.DataFrame({"place": place, "clinic": clinic, "ill": np.where(ill, "yes", "no")})
    model = Trees(TreesConfig(crowd=15))
    model.fit(prepare_table(frame, "ill"), seed=0)
    root = model.values_[2]
    assert root.feature[0] == 0 and 0 in root.feature  # the target
    shares = model.sample(20_000, seed=0).groupby("ill")["clinic"].mean()
    assert shares["yes"] == pytest.approx(clinic[ill].mean(), abs=0.03)
    assert shares["no"] == pytest.approx(clinic[~ill].mean(), abs=0.03)


@pytest.mark.parametrize(
    ("rows_of_classes", "parts"),
    [
        ((500, 300, 200), [{0}, {1}, {2}]),
        ((500, 60, 50), [{0}, {1, 2}]),  # these two have room together
        ((500, 300, 90), [{0}, {1, 2}]),  # the third alone has none
        ((500, 90, 0), [{0, 1}]),
        ((500, 200, 0), [{0}, {1}]),
        ((40, 50, 30), [{0, 1, 2}]),
    ],
)
def test_classes_with_room_are_parts_and_the_others_one_together(
    rows_of_classes: tuple[int, ...], parts: list[set[int]]
) -> None:
    codes = np.repeat(np.arange(3, dtype=np.int32), rows_of_classes)
    order, ends = _parts_of_target(codes, np.array([0, 3, 1, 2], dtype=np.int32), 100)
    assert sorted(order) == [0, 1, 2, 3]
    part = np.searchsorted(ends, order[codes + 1])
    found = [set(codes[part == number].tolist()) for number in range(len(ends) + 1)]
    present = {code for code in range(3) if rows_of_classes[code]}
    assert sorted(map(sorted, found)) == sorted(sorted(one & present) for one in parts)


def test_lots_that_no_node_tells_apart_are_refused() -> None:
    tree = fitted(mixed_table(100)).values_[1]
    feature, threshold = tree.feature.copy(), tree.threshold.copy()
    feature[0], threshold[0] = LOT, 1_000_000
    with pytest.raises(ValueError, match="more lots than nodes"):
        TreePack.of([replace(tree, feature=feature, threshold=threshold)]).trees()


def test_several_trees_owe_less_to_single_rows() -> None:
    table = mixed_table(2_000)
    rows = np.arange(2_000)
    train, test = table.take(rows[:1_000]), table.take(rows[1_000:])
    gaps = {}
    for count in (1, 20):
        model = Trees(TreesConfig(crowd=5, num_trees=count))
        model.fit(train, seed=0)
        known, unknown = (model.score(part.frame).mean() for part in (train, test))
        gaps[count] = known - unknown, unknown
    assert gaps[20][0] < 0.7 * gaps[1][0] and gaps[20][1] > gaps[1][1]
