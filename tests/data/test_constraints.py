"""Constraints: what is refused and how it is told; the rewriting by hand-made rows, both ways."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from pandas.testing import assert_frame_equal
from pydantic import TypeAdapter, ValidationError

from components.config import ColumnKind, Combination, Constraint, Inequality, Sum
from components.data.constraints.declared import declared_constraints
from components.data.constraints.written import rewriting_of
from components.data.preparation import prepare_table
from components.data.schema import Schema
from components.data.table import Table, decode, encode
from components.errors import UserError
from tests.ruled import CONSTRAINTS, num_broken, ruled_frame, ruled_table

ADAPTER: TypeAdapter[Constraint] = TypeAdapter(Constraint)


def numbers(**columns: list[float | None]) -> pd.DataFrame:
    """At least 50 rows: these over and over, and a target."""
    length = len(next(iter(columns.values())))
    frame = pd.DataFrame({name: np.resize(np.array(v, float), 60) for name, v in columns.items()})
    return frame.assign(label=np.resize(["no", "yes"], len(frame)), row=np.arange(60) % length)


def written(frame: pd.DataFrame, *constraints: Constraint) -> tuple[Table, pd.DataFrame]:
    table = prepare_table(frame, "label", constraints=constraints)
    return table, rewriting_of(table).there(table.frame)


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        (
            {"kind": "inequality", "low": "least", "high": "most"},
            "'least <= most': no column 'most'",
        ),
        ({"kind": "inequality", "low": "least", "high": "city"}, "'city' is categorical"),
        ({"kind": "inequality", "low": "least", "high": "paid"}, "compares a date with a number"),
        ({"kind": "inequality", "low": "price", "high": "least"}, r"'price <= least' is broken by"),
        ({"kind": "sum", "total": "total", "parts": ["price", "least"]}, r"broken by \d+ of 600"),
        (
            {"kind": "sum", "total": "paid", "parts": ["price", "tax"]},
            "it has dates .paid.; such a sum is",
        ),
        ({"kind": "combination", "columns": ["city", "price"]}, "'price' is numerical"),
        ({"kind": "combination", "columns": ["city", "outcome"]}, "'outcome' is the target"),
        ({"kind": "combination", "columns": ["city", "id"]}, "'id' is identifier"),
    ],
)
def test_what_columns_or_rows_do_not_allow(declared: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        prepare_table(ruled_frame(600), "outcome", constraints=[ADAPTER.validate_python(declared)])
    assert "\n" not in str(caught.value)


def test_broken_rows_are_counted_and_shown() -> None:
    frame = numbers(a=[1, 2, 7], b=[2, 2, 3])
    with pytest.raises(UserError) as caught:
        prepare_table(frame, "label", constraints=[Inequality(low="a", high="b")])
    shown = "; ".join(["a = 7, b = 3"] * 3)
    assert str(caught.value) == (
        f"constraint 'a <= b' is broken by 20 of 60 rows, such as: {shown}"
    )


@pytest.mark.parametrize(
    ("constraints", "message"),
    [
        ([("a", "b"), ("b", "a")], "contradict one another"),
        ([("a", "b"), ("b", "c"), ("c", "a")], "contradict one another"),
        ([Sum(total="c", parts=("a", "b")), ("c", "a")], "contradict one another"),
        ([Sum(total="c", parts=("a", "b")), Sum(total="c", parts=("b", "a"))], "share 'c'"),
        ([Sum(total="c", parts=("a", "b")), ("d", "c")], "cannot also be held above d"),
    ],
)
def test_constraints_that_cannot_be_held_together(constraints: list[Any], message: str) -> None:
    frame = numbers(a=[1, 1], b=[1, 1], c=[2, 2], d=[0, 1]).assign(
        **{name: np.arange(60) % 3 + 1 for name in "ab"}
    )
    frame["c"] = frame["a"] + frame["b"]
    asked = [Inequality(low=c[0], high=c[1]) if isinstance(c, tuple) else c for c in constraints]
    with pytest.raises(UserError, match=message):
        prepare_table(frame, "label", constraints=asked)


def test_combinations_that_overlap() -> None:
    asked = [
        Combination(columns=("city", "continent")),
        Combination(columns=("is_coastal", "city")),
    ]
    with pytest.raises(UserError, match="share 'city': put all their columns in one"):
        prepare_table(ruled_frame(300), "outcome", constraints=asked)


def test_a_constraint_that_no_row_bears_out() -> None:
    frame = numbers(a=[1, None, 2], b=[None, 1, None])
    with pytest.raises(UserError, match="no training row has a value in all its columns"):
        prepare_table(frame, "label", constraints=[Inequality(low="a", high="b")])


@pytest.mark.parametrize(
    "declared",
    [
        {"kind": "inequality", "low": "a", "high": "a"},
        {"kind": "sum", "total": "a", "parts": ["a", "b"]},
        {"kind": "sum", "total": "a", "parts": ["b"]},
        {"kind": "combination", "columns": ["a", "a"]},
        {"kind": "equation", "columns": ["a", "b"]},
        {"kind": "inequality", "low": "a", "high": "b", "strict": True},
    ],
)
def test_what_settings_do_not_allow(declared: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ADAPTER.validate_python(declared)


def test_a_chain_stands_on_the_column_below() -> None:
    frame = numbers(a=[1, 2, None, None], b=[3, 2, 5, None], c=[9, 4, 6, 8])
    table, rows = written(frame, Inequality(low="a", high="b"), Inequality(low="b", high="c"))
    assert rows["b"][:3].tolist() == [2, 0, 3]  # 5 is 3 above the least b where a is missing
    assert rows["c"][:4].tolist() == [6, 2, 1, 4]  # 8 is 4 above the least c
    assert rows["b"].isna()[3]
    assert table.schema["c"].minimum == 4


def test_of_two_below_the_higher_counts() -> None:
    frame = numbers(a=[1, 5, None], b=[3, 2, 4], c=[9, 6, 6])
    _, rows = written(frame, Inequality(low="a", high="c"), Inequality(low="b", high="c"))
    assert rows["c"][:3].tolist() == [6, 1, 2]


def test_a_sum_of_whole_rows_is_left_out_and_another_kept() -> None:
    parts = {"a": [1.5, 2.0, 0.25], "b": [1.0, 2.0, 3.0]}
    total = {"c": [2.5, 4.0, 3.25]}
    _, rows = written(numbers(**parts, **total), Sum(total="c", parts=("a", "b")))
    assert "c" not in rows
    gaps = numbers(a=[1.5, None, 0.25], b=[1, 2, 3], c=[2.5, 6.0, None])
    _, rows = written(gaps, Sum(total="c", parts=("a", "b")))
    assert rows["c"][:2].tolist() == [0, 4] and rows["c"].isna()[2]


def test_a_total_that_is_the_target() -> None:
    frame = numbers(a=[1.5, 2.0, 0.25], b=[1.0, 2.0, 3.0], c=[2.5, 4.0, 3.25])
    table = prepare_table(
        frame,
        "c",
        constraints=[Sum(total="c", parts=("a", "b"))],
        kinds={"c": ColumnKind.NUMERICAL},
    )
    assert rewriting_of(table).inner.target == "a"


def test_combinations_become_one_column() -> None:
    table = ruled_table()
    rewriting = rewriting_of(table)
    rows = rewriting.there(table.frame)
    assert "continent" not in rows and "is_coastal" not in rows
    names = ["city", "continent", "is_coastal"]
    seen = table.frame[names].drop_duplicates()
    assert len(rewriting.inner["city"].categories) == len(seen)


def test_rows_of_the_table_come_back_as_they_were() -> None:
    table = ruled_table()
    rewriting = rewriting_of(table)
    inner = encode(rewriting.there(table.frame), rewriting.inner)
    outer = rewriting.back(inner, np, rewriting.combinations)
    rows = decode(outer, rewriting.outer, seed=0)
    assert_frame_equal(rows.drop(columns="id"), table.frame.drop(columns="id"))


def torn(table: Table, num_rows: int) -> np.ndarray:
    """Rewritten rows whose columns have nothing to do with one another, some far out of range."""
    rewriting = rewriting_of(table)
    rows = encode(rewriting.there(table.frame), rewriting.inner)
    rng = np.random.default_rng(0)
    torn = np.column_stack([rng.choice(column, num_rows) for column in rows.T])
    is_number = np.array([not column.is_discrete for column in rewriting.inner.learned])
    noise = rng.normal(1, 2, torn.shape) * (rng.random(torn.shape) < 0.3) * is_number
    return torn + noise * np.nan_to_num(np.abs(torn))


def test_whatever_is_drawn_holds_all_constraints() -> None:
    table = ruled_table()
    rewriting = rewriting_of(table)
    outer = rewriting.back(torn(table, 20_000), np, rewriting.combinations)
    rows = decode(outer, rewriting.outer, seed=0)
    assert [num_broken(rows, c, table.frame) for c in CONSTRAINTS] == [0] * len(CONSTRAINTS)
    used = [i for i, c in enumerate(rewriting.outer.learned) if c.name in rewriting.order]
    np.testing.assert_array_equal(encode(rows, rewriting.outer)[:, used], outer[:, used])
    for column in table.schema.learned:
        if column.name in ("paid", "sent", "ordered", "price", "least"):
            assert rewriting.outer[column.name] == column  # no wider than it was


def test_torch_writes_back_as_numpy_does() -> None:
    table = ruled_table()
    rewriting = rewriting_of(table)
    rows = torn(table, 2_000)
    tables = {name: torch.from_numpy(codes) for name, codes in rewriting.combinations.items()}
    found = rewriting.back(torch.from_numpy(rows), torch, tables)
    np.testing.assert_array_equal(found.numpy(), rewriting.back(rows, np, rewriting.combinations))


@pytest.mark.parametrize(("low", "high"), [(2, 0), (0, 2), (None, 1), (1, None), (3, 1)])
def test_columns_of_different_digits(low: int | None, high: int | None) -> None:
    rng = np.random.default_rng(0)
    first, gap = rng.normal(0, 3, 300), rng.exponential(1.0, 300)

    def kept(values: np.ndarray, digits: int | None, way: Any) -> np.ndarray:
        return values if digits is None else way(values * 10**digits) / 10**digits

    a, b = kept(first, low, np.floor), kept(first + gap, high, np.ceil)
    frame = pd.DataFrame({"a": a, "b": b, "label": np.resize(["no", "yes"], 300)})
    kinds = dict.fromkeys("ab", ColumnKind.NUMERICAL)
    table = prepare_table(frame, "label", kinds=kinds, constraints=[Inequality(low="a", high="b")])
    rewriting = rewriting_of(table)
    rows = decode(rewriting.back(torn(table, 20_000), np, {}), rewriting.outer, seed=0)
    assert (rows["a"] <= rows["b"]).all()
    for name in "ab":
        column = table.schema[name]
        assert rows[name].between(column.minimum, column.maximum).all()
        if column.decimals is not None:
            assert (rows[name] == rows[name].round(column.decimals)).all()


def test_heaps_and_whole_days_stay() -> None:
    table = ruled_table()
    rewriting = rewriting_of(table)
    assert rewriting.grids["limit"].step == 50 and rewriting.grids["price"].step == 1
    outer = rewriting.back(torn(table, 5_000), np, rewriting.combinations)
    rows = decode(outer, rewriting.outer, seed=0)
    assert (rows["limit"] % 50 == 0).all()
    for name in ("ordered", "sent", "paid"):
        days = rows[name].dropna()
        assert name == "ordered" or (days == days.dt.normalize()).all()


def test_grids_that_do_not_go_together_are_given_up() -> None:
    frame = numbers(a=[3, 3, None, None], b=[5, None, 20, 30], c=[None, 4, 20, 30])
    asked = [
        Inequality(low="a", high="b"),
        Inequality(low="b", high="c"),
        Inequality(low="a", high="c"),
    ]
    table, _ = written(frame, *asked)
    rewriting = rewriting_of(table)
    rows = decode(rewriting.back(torn(table, 2_000), np, {}), rewriting.outer, seed=0)
    assert [num_broken(rows, c, frame) for c in asked] == [0, 0, 0]


def test_a_sum_that_is_rounded() -> None:
    rng = np.random.default_rng(0)
    net, tax = rng.gamma(2, 10, 300).round(3), rng.gamma(2, 2, 300).round(3)
    frame = pd.DataFrame({"net": net, "tax": tax, "gross": (net + tax).round(1)})
    frame["label"] = np.resize(["no", "yes"], 300)
    table = prepare_table(frame, "label", constraints=[Sum(total="gross", parts=("net", "tax"))])
    rewriting = rewriting_of(table)
    rows = decode(rewriting.back(torn(table, 5_000), np, {}), rewriting.outer, seed=0)
    assert (rows["gross"] == (rows["net"] + rows["tax"]).round(1)).all()


@pytest.mark.parametrize(("unit", "gaps"), [(1, False), (1, True), (20, False)])
def test_a_total_is_what_its_parts_make_whatever_the_real_totals_share(
    unit: int, gaps: bool
) -> None:
    rng = np.random.default_rng(0)
    part = unit * rng.integers(1, 60, 400).astype(float)
    frame = pd.DataFrame({"a": part, "total": 100.0 * unit * rng.integers(60, 90, 400)})
    frame["b"] = frame["total"] - frame["a"]
    frame.loc[rng.random(400) < 0.3 * gaps, "a"] = np.nan
    asked = Sum(total="total", parts=("a", "b"))
    table = prepare_table(
        frame.assign(label=np.resize(["no", "yes"], 400)), "label", constraints=[asked]
    )
    assert table.schema["total"].step == 100 * unit
    rewriting, drawn = rewriting_of(table), torn(table, 2_000)
    outer = rewriting.back(drawn, np, {})
    rows = decode(outer, rewriting.outer, seed=0)
    assert num_broken(rows, asked, frame) == 0
    assert (rows["total"].dropna() % unit == 0).all()
    np.testing.assert_array_equal(rewriting.back(torch.from_numpy(drawn), torch, {}), outer)


def test_constraints_in_words() -> None:
    found = declared_constraints(["a <= b", "gross = net + tax + toll", "city & country"])
    assert found == [
        Inequality(low="a", high="b"),
        Sum(total="gross", parts=("net", "tax", "toll")),
        Combination(columns=("city", "country")),
    ]
    assert declared_constraints([str(constraint) for constraint in found]) == found
    assert declared_constraints(["b >= a"]) == found[:1]
    for wrong in ("a", "a > b", "a < b"):
        with pytest.raises(UserError, match=f"^'{wrong}' is no constraint; accepted are, of colu"):
            declared_constraints([wrong])
    with pytest.raises(UserError, match=r"^'a = b' is no constraint \(a = b: a sum is of two col"):
        declared_constraints(["a = b"])
    with pytest.raises(UserError, match=r"^'a <= a' is no constraint \(a <= a: a column is nam"):
        declared_constraints(["a <= a"])


def test_a_table_without_constraints_is_saved_as_before() -> None:
    assert "constraints" not in prepare_table(ruled_frame(100), "outcome").schema.model_dump_json()
    schema = ruled_table(100).schema
    assert Schema.model_validate_json(schema.model_dump_json()) == schema
