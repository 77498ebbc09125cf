"""Computed columns by hand: in words, what is refused, and that what is made is right."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from pydantic import TypeAdapter

from components.config import Constraint, Product, Sum, Unit
from components.data.constraints.checks import broken, check_rows
from components.data.constraints.declared import declared_constraints
from components.data.constraints.formulas import Linear, formula_of
from components.data.constraints.written import rewriting_of
from components.data.digits import Grid
from components.data.preparation import prepare_table
from components.data.schema import Schema
from components.data.table import Table, decode, encode
from components.errors import UserError
from tests.computed import CONSTRAINTS, SHARES, computed_frame, is_held
from tests.data.test_constraints import torn

ADAPTER: TypeAdapter[Constraint] = TypeAdapter(Constraint)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("100 = a + b + c", Sum(total=100, parts=("a", "b", "c"))),
        ("a + b + c = 100", Sum(total=100, parts=("a", "b", "c"))),
        ("e = s + days(d)", Sum(total="e", parts=("s", "d"), units={"d": Unit.DAYS})),
        ("hours(d) = e - s", Sum(total="d", parts=("e",), minus=("s",), units={"d": Unit.HOURS})),
        ("left = all - capital-gain", Sum(total="left", parts=("all",), minus=("capital-gain",))),
        ("paid = quantity * price", Product(total="paid", parts=("quantity", "price"))),
        ("quantity * price = paid", Product(total="paid", parts=("quantity", "price"))),
        ("rate = 100 * a / b", Product(total="rate", parts=("a",), over=("b",), factor=100)),
        ("tax = 0.2 * net", Product(total="tax", parts=("net",), factor=0.2)),
        ("net = gross / 4", Product(total="net", parts=("gross",), factor=0.25)),
    ],
)
def test_in_words(text: str, wanted: Constraint) -> None:
    (found,) = declared_constraints([text])
    assert found == wanted
    assert declared_constraints([str(found)]) == [found]
    assert ADAPTER.validate_json(ADAPTER.dump_json(found)) == found


@pytest.mark.parametrize(
    "text",
    ["100 = a", "a = 0 * b", "a = b / 0", "a = a * b", "a = 1 * b", "inf = a + b", "a = 2 * 3"],
)
def test_what_says_nothing(text: str) -> None:
    with pytest.raises(UserError, match="is no constraint"):
        declared_constraints([text])


def test_a_number_in_settings_is_no_column() -> None:
    asked = ADAPTER.validate_python({"kind": "sum", "total": 100, "parts": ["a", "b"]})
    assert asked == Sum(total=100.0, parts=("a", "b")) and str(asked) == "100 = a + b"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("left = came + stay", r"what does 'stay' count; say days\(stay\), hours\(stay\)"),
        ("left = came + hours(stay)", r"is broken by \d+ of 300 rows, such as: came = 2022-"),
        ("stay = left - came", r"what does 'stay' count"),
        ("left = came + start", "it has dates .came, start, left.; such a sum is"),
        ("paid = price + days(quantity)", "'quantity' is added to no date, and has no unit"),
        ("100 = fats + carbs", r"broken by \d+ of 300"),
        ("paid = 2 * price", r"broken by \d+ of 300"),
        ("paid = quantity * outcome", "'outcome' is categorical"),
        ("left = 2 * came", "'came' is datetime"),
        ("20 = lost + drawn + nowhere", "no column 'nowhere'"),
    ],
)
def test_what_columns_or_rows_do_not_allow(text: str, message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        prepare_table(computed_frame(300), "outcome", constraints=declared_constraints([text]))
    assert "\n" not in str(caught.value)


def prepared(frame: pd.DataFrame, *texts: str) -> Table:
    frame = frame.assign(label=np.resize(["no", "yes"], len(frame)))
    return prepare_table(frame, "label", constraints=declared_constraints(texts))


def test_a_ratio_to_what_can_be_nothing() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.integers(0, 9, 200), "b": rng.integers(1, 5, 200)})
    frame["b"] *= rng.choice([-1, 1], 200)
    with pytest.raises(UserError, match="'c = a / b' cannot be held: 'b' can be 0 or near it"):
        prepared(frame.assign(c=frame["a"] / frame["b"]), "c = a / b")


def test_the_last_share_has_most_digits() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.integers(0, 3, 200) / 2, "c": rng.integers(0, 60, 200)})
    frame["b"] = 100 - frame["a"] - frame["c"]
    with pytest.raises(UserError, match="would be no whole number; name 'a' last, which has more"):
        prepared(frame, "100 = a + b + c")
    table = prepared(frame, "100 = a + c + b")
    rewriting = rewriting_of(table)
    rows = decode(rewriting.back(torn(table, 3_000), np, {}), rewriting.outer, seed=0)
    assert (rows[["a", "b", "c"]].sum(axis=1) == 100).all()
    for name in "abc":
        assert rows[name].between(frame[name].min(), frame[name].max()).all()


@pytest.mark.parametrize("gaps", [False, True])
def test_whatever_is_drawn_is_right_final_and_the_same_in_torch(gaps: bool) -> None:
    frame = computed_frame(500, gaps=gaps)
    table = prepare_table(frame, "outcome", constraints=CONSTRAINTS)
    rewriting, drawn = rewriting_of(table), torn(table, 5_000)
    outer = rewriting.back(drawn, np, {})
    rows = decode(outer, rewriting.outer, seed=0)
    assert is_held(rows)
    check_rows(rows, table.schema)
    if not gaps:
        for name in SHARES:
            assert rows[name].min() >= frame[name].min() - 0.01
            assert rows[name].max() <= frame[name].max() + 0.01
    again = decode(
        rewriting.back(torch.from_numpy(drawn), torch, {}).numpy(), rewriting.outer, seed=0
    )
    pd.testing.assert_frame_equal(again, rows)


def test_real_rows_come_back() -> None:
    frame = computed_frame(500)
    table = prepare_table(frame, "outcome", constraints=CONSTRAINTS)
    rewriting = rewriting_of(table)
    inner = encode(rewriting.there(table.frame), rewriting.inner)
    rows = decode(rewriting.back(inner, np, {}), rewriting.outer, seed=0)
    for name in frame.columns.drop("outcome"):
        if frame[name].dtype.kind == "M":
            assert rows[name].equals(table.frame[name])
        else:
            np.testing.assert_allclose(rows[name], frame[name], atol=0.011)
    assert Schema.model_validate_json(table.schema.model_dump_json()) == table.schema


def test_shares_may_each_be_rounded_and_whole_numbers_not() -> None:
    schema = prepare_table(computed_frame(300, gaps=False), "outcome").schema
    rows = computed_frame(2, gaps=False)
    rows[["fats", "carbs", "proteins"]] = [[33.33, 33.33, 33.33], [33.33, 33.33, 33.30]]
    assert broken(CONSTRAINTS[0], rows, schema).tolist() == [False, True]  # type: ignore[arg-type]
    rows[["lost", "drawn", "won"]] = [[10, 5, 5], [10, 5, 6]]
    assert broken(CONSTRAINTS[2], rows, schema).tolist() == [False, True]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "ranges", "wanted"),
    [
        ("d = a + b - c", [(0, 1), (2, 3), (1, 5)], (-3, 3)),
        ("d = a * b / c", [(-2, 1), (2, 3), (1, 4)], (-6, 3)),
        ("d = a / c", [(0, 8), (0, 4)], (0, 8)),
    ],
)
def test_what_a_result_can_be(text: str, ranges: list[Any], wanted: tuple[float, float]) -> None:
    formula = formula_of(declared_constraints([text])[0])  # type: ignore[arg-type]
    assert formula.ends(ranges, [Grid(1.0)] * len(ranges)) == wanted


def test_room_and_what_is_solved() -> None:
    formula = Linear("c", ("a", "b"), (-1.0, -1.0), constant=100.0)
    assert formula.room(0, [(0, 100), (10, 30)], (0, 50)) == (20, 90)
    twice = Linear("c", ("a",), (2.0,))
    assert twice.room(0, [(0, 9)], (4, 10)) == (2, 5)
    a, b, c = np.array([3.0]), np.array([4.0]), np.array([12.0])
    for text, place, sources, result, wanted in (
        ("c = a * b", 0, [a, b], c, 3.0),
        ("r = c / a", 1, [c, a], np.array([4.0]), 3.0),
        ("s = a + b", 1, [a, b], np.array([7.0]), 4.0),
        ("c = a * b", 0, [a, np.array([0.0])], np.array([0.0]), np.nan),
    ):
        found = formula_of(declared_constraints([text])[0])  # type: ignore[arg-type]
        np.testing.assert_equal(found.solved(place, sources, result), [wanted])
