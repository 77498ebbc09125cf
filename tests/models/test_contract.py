"""What every registered model must keep, run over each entry of the catalog."""

from pathlib import Path

import numpy as np
import pytest
from pandas.testing import assert_frame_equal

from components.data.table import Table, encode
from components.errors import UserError
from components.models.catalog import load_model
from components.models.contract import Scorer, TabularModel
from tests.models.conftest import fitted_once, small_model
from tests.models.processes import run_alone
from tests.procedural import OUTCOMES, columns_table, mixed_table

EDGES = {
    "twenty rows": lambda: mixed_table(20),
    "one feature": lambda: columns_table(mixed_table(80), ["age", "outcome"], target="outcome"),
    "target alone": lambda: columns_table(mixed_table(80), ["outcome", "id"], target="outcome"),
    "all discrete": lambda: columns_table(
        mixed_table(80), ["city", "consents", "outcome"], target="outcome"
    ),
    "all numeric": lambda: columns_table(
        mixed_table(80), ["age", "amount", "ratio"], target="ratio"
    ),
    "numeric target": lambda: mixed_table(80, target="amount"),
    "missing in one class": lambda: missing_in(mixed_table(80), "amount", "won"),
    "no value at all": lambda: missing_in(mixed_table(80), "amount", *OUTCOMES),
    "a class without rows": lambda: without(mixed_table(80), "won"),
    "a class of two rows": lambda: without(mixed_table(80), "won", but=2),
}


def missing_in(table: Table, column: str, *classes: str) -> Table:
    frame = table.frame.copy()
    frame.loc[frame["outcome"].isin(classes), column] = np.nan
    return Table(frame, table.schema)


def without(table: Table, wanted: str, but: int = 0) -> Table:
    is_wanted = (table.frame["outcome"] == wanted).to_numpy()
    kept = np.flatnonzero(~is_wanted | (np.cumsum(is_wanted) <= but))
    return table.take(kept)


def test_same_seed_same_rows(fitted: TabularModel) -> None:
    assert_frame_equal(fitted.sample(64, seed=3), fitted.sample(64, seed=3))
    assert not fitted.sample(64, seed=3).equals(fitted.sample(64, seed=4))


def test_same_fit_same_rows(fitted: TabularModel, model_name: str, table: Table) -> None:
    again = small_model(model_name)
    again.fit(table, seed=0)
    assert_frame_equal(again.sample(50, seed=1), fitted.sample(50, seed=1))


def test_saved_and_loaded_gives_the_same_rows(fitted: TabularModel, tmp_path: Path) -> None:
    fitted.save(tmp_path / "model")
    loaded = load_model(tmp_path / "model")
    assert loaded.schema_ == fitted.schema_
    assert type(loaded) is type(fitted)
    assert_frame_equal(loaded.sample(100, seed=5), fitted.sample(100, seed=5))
    given = {"outcome": "open"}
    assert_frame_equal(
        loaded.sample(9, condition=given, seed=5), fitted.sample(9, condition=given, seed=5)
    )


def test_saved_is_data_not_code(fitted: TabularModel, tmp_path: Path) -> None:
    fitted.save(tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"model.json", "weights.safetensors"}


def test_columns_and_types_kept(fitted: TabularModel, table: Table) -> None:
    rows = fitted.sample(200, seed=0)
    assert list(rows.columns) == list(table.frame.columns)
    assert rows.dtypes.astype(str).to_dict() == table.frame.dtypes.astype(str).to_dict()


def test_ranges_categories_and_precision_kept(fitted: TabularModel, table: Table) -> None:
    rows = fitted.sample(500, seed=0)
    matrix = encode(rows, fitted.schema_)
    for values, column in zip(matrix.T, fitted.schema_.learned, strict=True):
        present = values[~np.isnan(values)]
        if column.is_discrete:
            known = set(column.categories)
            assert set(rows[column.name].dropna().unique()) <= known
        else:
            assert column.minimum is not None and column.maximum is not None
            assert column.minimum <= present.min() and present.max() <= column.maximum
    assert (rows["amount"].dropna() == rows["amount"].dropna().round(2)).all()
    assert set(rows["currency"]) == {"EUR"}
    assert rows["id"].is_unique and not rows["id"].isin(table.frame["id"]).all()


def test_missing_rates_kept(fitted: TabularModel, model_name: str, table: Table) -> None:
    tolerance = 0.35 if model_name == "ctgan" else 0.06  # thirty steps teach a network little
    rates = fitted.sample(2000, seed=0).isna().mean()
    assert (rates - table.frame.isna().mean()).abs().max() < tolerance
    complete = [column.name for column in fitted.schema_.columns if not column.nullable]
    assert (rates[complete] == 0).all()


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_condition_met_in_every_row(fitted: TabularModel, outcome: str) -> None:
    rows = fitted.sample(137, condition={"outcome": outcome}, seed=0)
    assert len(rows) == 137
    assert (rows["outcome"] == outcome).all()


@pytest.mark.parametrize("condition", [{"outcome": "drawn"}, {"city": "Rome"}, {"nowhere": 1}])
def test_impossible_condition_refused(fitted: TabularModel, condition: dict[str, str]) -> None:
    with pytest.raises(UserError, match=next(iter(condition))):
        fitted.sample(5, condition=condition, seed=0)


@pytest.mark.parametrize("num_rows", [1, 2, 33])
def test_number_of_rows(fitted: TabularModel, num_rows: int) -> None:
    assert len(fitted.sample(num_rows, seed=0)) == num_rows


def test_table_left_as_it_was(model_name: str) -> None:
    table, before = mixed_table(60), mixed_table(60)
    small_model(model_name, hasty=True).fit(table, seed=0)
    assert_frame_equal(table.frame, before.frame)


@pytest.mark.parametrize("edge", EDGES)
def test_edges(model_name: str, edge: str) -> None:
    table = EDGES[edge]()
    model = small_model(model_name, hasty=True)
    model.fit(table, seed=0)
    rows = model.sample(25, seed=0)
    assert len(rows) == 25
    assert list(rows.columns) == table.schema.names
    complete = [c.name for c in model.schema_.columns if not c.nullable]
    assert not rows[complete].isna().any(axis=None)
    if table.schema.is_classification:
        for category in model.schema_.target_column.categories:
            asked = model.sample(4, condition={"outcome": category}, seed=0)
            assert (asked["outcome"] == category).all()


def test_progress_is_logged(model_name: str) -> None:
    steps: list[int] = []
    model = small_model(model_name)
    model.fit(mixed_table(60), seed=0, log=lambda step, metrics: steps.append(step))
    assert steps and steps == sorted(steps)


SAMPLE_ALONE = """
import sys
from pathlib import Path
from components.models.catalog import load_model

folder, heavy, *names = sys.argv[1:]
for name in names:
    assert len(load_model(Path(folder) / name).sample(10, seed=0)) == 10
    loaded = set(heavy.split(",")) & set(sys.modules)
    assert not loaded, (name, loaded)
"""


@pytest.mark.parametrize(
    ("names", "heavy"),
    [
        (("trees", "copula", "forest", "trees_held"), "torch,sklearn,scipy,mlflow,prefect"),
        (
            ("class_gaussian", "expression_gan", "table_gan"),
            "sklearn,scipy,threadpoolctl,mlflow,prefect",
        ),
        (("ctgan",), "sklearn,scipy,mlflow,prefect"),
    ],
)
def test_sampling_needs_no_learning_library(
    names: tuple[str, ...], heavy: str, tmp_path: Path
) -> None:
    for name in names:
        fitted_once(name).save(tmp_path / name)
    run_alone(SAMPLE_ALONE, str(tmp_path), heavy, *names)


def test_unknown_saved_model_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no model at"):
        load_model(tmp_path)
    (tmp_path / "model.json").write_text('{"format": 1, "model": "oracle"}')
    with pytest.raises(UserError, match="does not say its settings"):
        load_model(tmp_path)
    header = '{"format": 1, "model": "oracle", "settings": {}, "schema": {}}'
    (tmp_path / "model.json").write_text(header)
    with pytest.raises(UserError, match=r"oracle.*copula"):
        load_model(tmp_path)


def scorer(fitted: TabularModel) -> Scorer:
    if not isinstance(fitted, Scorer):
        pytest.skip("its artifact does not say how typical a row is")
    return fitted


def test_scores_are_kept_and_each_row_has_its_own(fitted: TabularModel, tmp_path: Path) -> None:
    frame = mixed_table(200, seed=5).frame
    found = scorer(fitted).score(frame)
    assert found.shape == (200,) and np.isfinite(found).all()
    backwards = scorer(fitted).score(frame.iloc[::-1].reset_index(drop=True))
    assert np.allclose(backwards[::-1], found)
    fitted.save(tmp_path)
    assert (scorer(load_model(tmp_path)).score(frame) == found).all()


def test_typical_rows_score_higher(fitted: TabularModel) -> None:
    real = mixed_table(400, seed=5).frame
    rng = np.random.default_rng(0)
    torn = real.apply(lambda column: column.iloc[rng.permutation(len(real))].reset_index(drop=True))
    medians = [np.median(scorer(fitted).score(rows)) for rows in (fitted.sample(400, seed=1), torn)]
    assert medians[0] > medians[1] + 1


def test_rows_that_cannot_be_made_score_low_but_finite(fitted: TabularModel, table: Table) -> None:
    odd = table.frame.iloc[:3].copy()
    odd["age"], odd["amount"], odd["outcome"] = 10**6, -1e9, "unheard of"
    found = scorer(fitted).score(odd)
    assert np.isfinite(found).all()
    assert found.max() < scorer(fitted).score(table.frame.iloc[:3]).min()
