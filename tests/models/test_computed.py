"""Columns computed from others: whatever generator, however its rows are had, they are right."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from components.config import AutoregressiveConfig, Constraint
from components.data.constraints.declared import declared_constraints
from components.data.preparation import prepare_table
from components.data.table import Table, decode
from components.errors import UserError
from components.models.catalog import MODELS, load_model, make_model
from components.models.contract import Completer, Exportable, TabularModel
from components.models.wrapped.constrained import Constrained
from tests.computed import CONSTRAINTS, SHARES, computed_frame, furthest_off, is_held
from tests.models.conftest import small_model

HELD = sorted(set(MODELS) - {"private"})


@cache
def real_table() -> Table:
    return prepare_table(computed_frame(600), "outcome", constraints=CONSTRAINTS)


@cache
def held(name: str) -> TabularModel:
    model = Constrained(small_model(name))
    model.fit(real_table(), seed=0)
    return model


@pytest.mark.parametrize("name", HELD)
def test_all_rows_are_right_also_read_again(name: str, tmp_path: Path) -> None:
    rows = held(name).sample(3_000, seed=1)
    assert is_held(rows), furthest_off(rows)
    real = real_table().frame
    for share in SHARES:
        assert rows[share].between(real[share].min() - 0.01, real[share].max() + 0.01).all() or (
            rows[share].isna().any()
        )
    assert rows.dtypes.astype(str).to_dict() == real.dtypes.astype(str).to_dict()
    rows.to_csv(tmp_path / "rows.csv", index=False)
    rows.to_parquet(tmp_path / "rows.parquet")
    dates = ["left", "came", "start", "finish"]
    for again in (
        pd.read_csv(tmp_path / "rows.csv", parse_dates=dates),
        pd.read_parquet(tmp_path / "rows.parquet"),
    ):
        assert is_held(again), furthest_off(again)


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.slow] * (n != "trees")) for n in HELD]
)
def test_so_are_those_of_the_program(name: str) -> None:
    model = held(name)
    assert isinstance(model, Exportable)
    program = model.export_program()
    random = torch.Generator().manual_seed(0)
    draws = torch.rand(2_000, program.num_uniforms, dtype=torch.float64, generator=random)
    rows = decode(program.module(draws).numpy(), model.schema_, seed=0)
    assert is_held(rows), furthest_off(rows)


def test_a_saved_one_draws_the_same(tmp_path: Path) -> None:
    model = held("trees")
    model.save(tmp_path)
    loaded = load_model(tmp_path)
    assert loaded.schema_ == model.schema_
    pd.testing.assert_frame_equal(loaded.sample(300, seed=2), model.sample(300, seed=2))


@cache
def completer() -> Constrained:
    config = AutoregressiveConfig(steps=150, batch_size=64, hidden_size=32, rate=0.01)
    model = make_model(config, CONSTRAINTS)
    model.fit(real_table(), seed=0)
    assert isinstance(model, Constrained)
    return model


@pytest.mark.parametrize(
    "given",
    [
        {"fats": 40.0},
        {"fats": 0.0, "carbs": 62.5},
        {"lost": 9, "drawn": 8},
        {"carbs": None, "fats": 21.0},
        {"stay": 2, "quantity": 3},
        {"lasted": 90.5},
        {"net": 100.0, "outcome": "won"},
    ],
)
def test_conditions_on_what_others_are_computed_from_are_exact(given: dict[str, object]) -> None:
    rows = completer().sample(400, condition=given, seed=0)  # type: ignore[arg-type]
    assert is_held(rows), furthest_off(rows)
    for name, wanted in given.items():
        assert rows[name].isna().all() if wanted is None else (rows[name] == wanted).all()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"proteins": 50.0}, r"cannot condition on proteins: it is made from .*'100 = fats \+ "),
        ({"paid": 20.0}, r"cannot condition on paid: it is made from .*'paid = quantity \* price'"),
        ({"lasted": 60.0011}, r"lasted=60.0011 is impossible; finish would lie .* lasted=60.0\b"),
        ({"lost": 13, "drawn": 11}, r"lost=13, drawn=11 is impossible; it leaves -4 to -4 for won"),
    ],
)
def test_other_conditions_are_refused(given: dict[str, float], message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        completer().sample(5, condition=given, seed=0)
    assert "\n" not in str(caught.value)


def test_what_is_missing_is_computed_where_the_others_tell_it() -> None:
    model, real = completer(), computed_frame(300, seed=5, gaps=False)
    assert isinstance(model, Completer)
    real = real[real["tries"] > 0].reset_index(drop=True)
    turn, frame = np.arange(len(real)) % 3, real.copy()
    for number, names in enumerate((["left", "paid"], ["came", "price"], ["stay", "quantity"])):
        for name in names:
            frame[name] = frame[name].where(turn != number)
    frame["won"] = frame["won"].where(turn != 0)
    frame["lost"] = frame["lost"].where(turn != 1)
    frame = frame.assign(proteins=np.nan, rounded=np.nan, tax=np.nan, rate=np.nan)
    frame["carbs"] = frame["carbs"].where(turn != 2)
    filled = model.complete(frame, seed=0)
    assert is_held(filled) and not filled.isna().any(axis=None)
    for name in ("left", "came", "stay", "quantity", "paid", "won", "lost"):
        assert (filled[name] == real[name]).all(), name
    known = frame["carbs"].notna()
    assert (filled["carbs"][known] == real["carbs"][known]).all()


@pytest.mark.parametrize(
    ("emptied", "message"),
    [
        (
            ["quantity", "price"],
            r"'paid = quantity \* price': they have paid but not all its parts",
        ),
        (["east", "west"], "'1 = east . west . south': they have south but not all its parts"),
    ],
)
def test_cells_that_cannot_be_given(emptied: list[str], message: str) -> None:
    frame = computed_frame(40, seed=3, gaps=False)
    with pytest.raises(UserError, match=message):
        completer().complete(frame.assign(**dict.fromkeys(emptied, np.nan)), seed=0)


def declared(
    frame: pd.DataFrame, *texts: str, target: str = "label"
) -> tuple[Table, list[Constraint]]:
    asked = declared_constraints(texts)
    frame = frame.assign(label=np.resize(["no", "yes"], len(frame)))
    return prepare_table(frame, target, constraints=asked), asked


def test_a_target_that_is_computed() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({name: rng.integers(1, 400, 3_000) for name in "ab"})
    frame["c"] = frame["a"] * frame["b"]
    frame = frame[frame["c"] < 32_000].reset_index(drop=True)
    table, _ = declared(frame, "c = a * b", target="c")
    model = Constrained(small_model("copula"))
    model.fit(table, seed=0)
    rows = model.sample(2_000, seed=0)
    assert (rows["c"] == rows["a"] * rows["b"]).all()


def test_shares_that_are_also_held_apart() -> None:
    rng = np.random.default_rng(0)
    parts = np.sort(rng.multinomial(100, [0.2, 0.3, 0.5], 300), axis=1)
    frame = pd.DataFrame(parts, columns=["a", "b", "c"])
    table, _ = declared(frame, "100 = a + b + c", "a <= b")
    model = Constrained(small_model("copula"))
    model.fit(table, seed=0)
    rows = model.sample(2_000, seed=0)
    assert (rows[["a", "b", "c"]].sum(axis=1) == 100).all() and (rows["a"] <= rows["b"]).all()


def test_shares_in_steps_of_five_stay_in_these() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(5 * rng.multinomial(20, [0.2, 0.3, 0.5], 300), columns=["a", "b", "c"])
    table, _ = declared(frame, "a + b + c = 100")
    model = Constrained(small_model("trees"))
    model.fit(table, seed=0)
    rows = model.sample(2_000, seed=0)
    assert (rows.drop(columns="label").sum(axis=1) == 100).all()
    for name in "abc":
        assert (rows[name] % 5 == 0).all()
        assert rows[name].between(frame[name].min(), frame[name].max()).all()
