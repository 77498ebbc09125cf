"""Held generators: every row of theirs keeps every constraint, however it is had."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from pandas.testing import assert_frame_equal

from components.config import (
    AutoregressiveConfig,
    Combination,
    Inequality,
    PrivateConfig,
    ResampledConfig,
    Sum,
    TreesConfig,
)
from components.data.preparation import prepare_table
from components.data.table import Table, decode
from components.errors import UserError
from components.models.artifact import load_artifact, saved_schema
from components.models.catalog import MODELS, load_model, make_model, with_judges
from components.models.contract import Completer, Exportable, Scorer, TabularModel
from components.models.streaming import stream
from components.models.wrapped.constrained import Constrained
from components.registry.packaging.flavors import export
from components.registry.packaging.output_columns import describe
from tests.models.conftest import small_model
from tests.ruled import CONSTRAINTS, PLACES, num_broken, ruled_frame, ruled_table

ROWS = 4_000
NONE_BROKEN = [0] * len(CONSTRAINTS)
HELD = sorted(set(MODELS) - {"private"})


@cache
def real_table() -> Table:
    return ruled_table()


@cache
def held(name: str) -> TabularModel:
    model = Constrained(small_model(name))
    model.fit(real_table(), seed=0)
    return model


def breaks(rows: pd.DataFrame) -> list[int]:
    return [num_broken(rows, constraint, real_table().frame) for constraint in CONSTRAINTS]


@pytest.mark.parametrize("name", HELD)
def test_all_rows_keep_all_constraints(name: str) -> None:
    rows = held(name).sample(ROWS, seed=1)
    assert breaks(rows) == NONE_BROKEN
    for constraint in CONSTRAINTS:
        assert rows[list(constraint.columns)].notna().all(axis=1).mean() > 0.5
    assert list(rows.columns) == real_table().schema.names
    real = real_table().frame.dtypes.astype(str).to_dict()
    assert rows.dtypes.astype(str).to_dict() == real


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.slow] * (name != "trees")) for name in HELD],
)
def test_so_do_those_of_the_program(name: str) -> None:
    model = held(name)
    assert isinstance(model, Exportable)
    program = model.export_program()
    rows = torch.export.Dim("rows", min=1)
    example = torch.rand(3, program.num_uniforms, dtype=torch.float64)
    module = torch.export.export(program.module, (example,), dynamic_shapes=[{0: rows}]).module()
    random = torch.Generator().manual_seed(0)
    draws = torch.rand(ROWS, program.num_uniforms, dtype=torch.float64, generator=random)
    assert breaks(decode(module(draws).numpy(), model.schema_, seed=0)) == NONE_BROKEN


@pytest.mark.slow
def test_a_program_on_disk_needs_no_code_of_ours(tmp_path: Path) -> None:
    model = held("trees")
    assert isinstance(model, Exportable)
    program = model.export_program()
    export(program, tmp_path / "model.pt2")
    loaded = torch.export.load(tmp_path / "model.pt2").module()
    draws = torch.rand(500, program.num_uniforms, dtype=torch.float64)
    np.testing.assert_array_equal(loaded(draws).numpy(), program.module(draws).numpy())
    card = describe(program, model.schema_)
    assert [column.name for column in card.columns] == model.schema_.names


def test_so_do_parts_conditions_and_what_was_saved(tmp_path: Path) -> None:
    model = held("trees")
    model.save(tmp_path)
    loaded = load_model(tmp_path)
    assert loaded.schema_ == model.schema_ == saved_schema(tmp_path)
    assert load_artifact(tmp_path).model == "trees"
    assert_frame_equal(loaded.sample(300, seed=2), model.sample(300, seed=2))
    given = {"outcome": "won"}
    rows = pd.concat(stream(loaded, 9_000, condition=given, seed=0, batch=4_000))
    assert breaks(rows) == NONE_BROKEN and (rows["outcome"] == "won").all()


def test_a_crowd_gives_out_common_combinations_alone() -> None:
    frame = ruled_frame(2_000)
    frame.loc[:2, ["city", "continent", "is_coastal"]] = ["Funafuti", "Oceania", True]
    asked = [Combination(columns=("city", "continent", "is_coastal"))]
    table = prepare_table(frame, "outcome", constraints=asked)
    model = make_model(TreesConfig(crowd=25), table.schema.constraints)
    model.fit(table, seed=0)
    rows = model.sample(ROWS, seed=0)
    assert num_broken(rows, asked[0], frame) == 0
    assert "Funafuti" not in set(rows["city"]) and set(rows["city"].dropna()) == set(PLACES)
    assert "Oceania" not in model.schema_.model_dump_json()


@pytest.mark.parametrize("name", ["trees", "copula", "autoregressive", "forest"])
def test_rows_that_break_a_constraint_score_low(name: str) -> None:
    model = held(name)
    assert isinstance(model, Scorer)
    real = ruled_frame(200, seed=7).dropna().reset_index(drop=True)
    typical = model.score(real)
    assert typical.shape == (len(real),) and np.isfinite(typical).all()
    for change in ({"paid": real["sent"] - pd.Timedelta(days=9)}, {"total": real["total"] + 5}):
        found = model.score(real.assign(**change))
        assert np.isfinite(found).all() and (found < typical - 50).all()
    elsewhere = model.score(real.assign(continent="Atlantis"))
    assert np.isfinite(elsewhere).all() and np.median(elsewhere) < np.median(typical)


@pytest.mark.parametrize("is_held", [False, True])
def test_judges_that_come_later_are_those_of_a_fit_with_judges(is_held: bool) -> None:
    table, generator = real_table(), TreesConfig(crowd=25)
    constraints = table.schema.constraints if is_held else ()
    asked = ResampledConfig(generator=generator, rounds=5)
    at_once, fitted = (make_model(config, constraints) for config in (asked, generator))
    for model in (at_once, fitted):
        model.fit(table, seed=3)
    later = with_judges(asked, fitted, table, seed=3)
    assert type(later) is type(at_once)
    wanted = at_once.sample(50, seed=1)
    assert_frame_equal(later.sample(50, seed=1), wanted)
    assert not fitted.sample(50, seed=1).equals(wanted)


def test_constraints_leave_the_rows_alike() -> None:
    table = ruled_table(3_000)
    model = make_model(TreesConfig(), table.schema.constraints)
    model.fit(table, seed=0)
    rows = model.sample(3_000, seed=0)
    for name in ("least", "price", "tax", "total", "limit", "items"):
        real = table.frame[name].astype(float)
        assert abs(rows[name].astype(float).mean() - real.mean()) < 0.15 * real.std()
    late = [(f["paid"] - f["ordered"]).dt.days.mean() for f in (rows, table.frame)]
    assert abs(late[0] - late[1]) < 1
    for name in table.schema.names:
        assert abs(rows[name].isna().mean() - table.frame[name].isna().mean()) < 0.03


@cache
def completer() -> Constrained:
    table = real_table()
    config = AutoregressiveConfig(steps=150, batch_size=64, hidden_size=32, rate=0.01)
    model = make_model(config, CONSTRAINTS)
    model.fit(table, seed=0)
    assert isinstance(model, Constrained)
    return model


def test_completed_rows_keep_all_constraints() -> None:
    model, real = completer(), ruled_frame(400, seed=3).dropna().reset_index(drop=True)
    assert isinstance(model, Completer)
    frame = real.copy()
    frame["city"] = frame["city"].where(np.arange(len(frame)) % 2 == 0)
    frame.loc[frame["city"].isna(), ["continent", "is_coastal"]] = real[["continent", "is_coastal"]]
    emptied = ["paid", "limit", "total", "items", "returned"]
    frame = frame.assign(**{name: pd.Series([None] * len(frame)) for name in emptied})
    frame.loc[frame["city"].isna(), ["city", "continent"]] = ["Bergen", None]
    frame["is_coastal"] = frame["is_coastal"].where(frame["city"] != "Bergen")
    filled = model.complete(frame, seed=0)
    assert not filled.isna().any(axis=None)
    assert breaks(filled) == NONE_BROKEN
    at = (filled["city"] == "Bergen").to_numpy()
    assert at.any() and (filled["continent"][at] == "Europe").all()
    for name in ("sent", "price", "sold"):
        assert (filled[name] == real[name]).all()


@pytest.mark.parametrize(
    ("emptied", "message"),
    [
        (["ordered"], "'ordered <= sent': they have sent but not ordered"),
        (["price", "tax"], r"'total = price \+ tax': they have total but not all its parts"),
        (["city", "is_coastal"], "continent of several combinations"),
    ],
)
def test_cells_that_cannot_be_given(emptied: list[str], message: str) -> None:
    frame = ruled_frame(40, seed=3).dropna().reset_index(drop=True)
    asked = frame.assign(**{name: pd.Series([None] * len(frame)) for name in emptied})
    with pytest.raises(UserError, match=message) as caught:
        completer().complete(asked, seed=0)
    assert "\n" not in str(caught.value)
    broken = frame.assign(total=frame["total"] + 1)
    with pytest.raises(UserError, match="is broken by"):
        completer().complete(broken, seed=0)


def test_conditions_on_any_columns() -> None:
    model = completer()
    rows = model.sample(500, condition={"least": 7, "outcome": "open"}, seed=0)
    assert (rows["least"] == 7).all() and (rows["outcome"] == "open").all()
    assert breaks(rows) == NONE_BROKEN
    for name in ("sent", "total"):
        with pytest.raises(UserError, match=f"cannot condition on {name}: it is made from"):
            model.sample(5, condition={name: 1}, seed=0)
    with pytest.raises(UserError, match="nowhere"):
        model.sample(5, condition={"nowhere": 1}, seed=0)


def test_conditions_on_columns_of_a_combination() -> None:
    model = completer()
    for given in ({"city": "Cork"}, {"continent": "Asia", "is_coastal": True}):
        rows = model.sample(400, condition=given, seed=0)
        fits = rows["city"].isin(["Cork"] if "city" in given else ["Ankara"]) | rows["city"].isna()
        assert len(rows) == 400 and fits.all()
        assert breaks(rows) == NONE_BROKEN
    several = model.sample(3_000, condition={"continent": "Europe", "outcome": "won"}, seed=0)
    assert len(several) == 3_000 and set(several["continent"]) == {"Europe"}
    assert set(several["city"].dropna()) == {"Bergen", "Cork", "Delft"}
    assert (several["outcome"] == "won").all() and breaks(several) == NONE_BROKEN
    again = model.sample(3_000, condition={"continent": "Europe", "outcome": "won"}, seed=0)
    assert_frame_equal(several, again)
    lacking = model.sample(50, condition={"continent": None}, seed=0)
    assert lacking["continent"].isna().all()
    for given, why in (
        ({"city": "Cork", "continent": "Asia"}, "no combination of training rows fits"),
        ({"city": "Rome"}, "known values: Ankara"),
    ):
        with pytest.raises(UserError, match=f"is impossible; {why}"):
            model.sample(5, condition=given, seed=0)


@pytest.mark.parametrize("name", HELD)
def test_a_combination_is_asked_for_where_the_generator_takes_it(name: str) -> None:
    model = held(name)
    try:
        rows = model.sample(300, condition={"city": "Cork"}, seed=0)
    except UserError as error:
        assert "cannot condition on city: it is made from other columns" in str(error)
    else:
        assert name in {"autoregressive", "copula", "forest"}
        assert (rows["city"] == "Cork").all() and breaks(rows) == NONE_BROKEN


def test_a_condition_above_all_that_is_above_it() -> None:
    frame = pd.DataFrame({"a": np.arange(80.0) * 7 % 80, "label": ["no", "yes"] * 40})
    frame["b"] = frame["a"].where(frame["a"] < 60)
    table = prepare_table(frame, "label", constraints=[Inequality(low="a", high="b")])
    model = make_model(AutoregressiveConfig(steps=5, crowd=1), table.schema.constraints)
    model.fit(table, seed=0)
    assert (model.sample(9, condition={"a": 3.0}, seed=0)["a"] == 3).all()
    with pytest.raises(UserError, match=r"a=70.0 is impossible; it is above the most that b"):
        model.sample(5, condition={"a": 70.0}, seed=0)


def test_a_total_that_is_the_target() -> None:
    rng = np.random.default_rng(0)
    parts = pd.DataFrame(
        {"net": rng.gamma(2, 9, 200).round(2), "tax": rng.gamma(2, 2, 200).round(2)}
    )
    frame = parts.assign(gross=(parts["net"] + parts["tax"]).round(2))
    asked = Sum(total="gross", parts=("net", "tax"))
    table = prepare_table(frame, "gross", constraints=[asked])
    for name in HELD:
        model = Constrained(small_model(name))
        model.fit(table, seed=0)
        rows = model.sample(2_000, seed=0)
        assert num_broken(rows, asked, frame) == 0 and rows["gross"].notna().all()
        assert model.schema_.target == "gross"


def test_a_guarantee_is_not_given_away() -> None:
    with pytest.raises(UserError, match="private cannot hold constraints"):
        make_model(PrivateConfig(), CONSTRAINTS)
