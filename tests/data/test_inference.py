"""Schemas: what is inferred, what is kept, and every table that no model can learn from."""

import numpy as np
import pandas as pd
import pytest

from components.data.inference import conform, describe, infer_kinds
from components.data.schema import ColumnKind
from components.errors import UserError


def table(num_rows: int = 100) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "row": np.arange(num_rows),
            "weight": rng.normal(size=num_rows).round(2),
            "age": rng.integers(20, 80, num_rows),
            "visits": np.where(rng.random(num_rows) < 0.2, np.nan, rng.integers(0, 9, num_rows)),
            "city": rng.choice(["Rome", "Oslo", "Bonn"], num_rows),
            "smokes": rng.random(num_rows) < 0.3,
            "seen": pd.Timestamp("1965-03-01") + pd.to_timedelta(np.arange(num_rows) ** 2, "h"),
            "code": [f"P-{number * 7:05}" for number in range(num_rows)],
            "ill": rng.choice([0, 1], num_rows),
        }
    )


def test_infers_every_kind() -> None:
    assert infer_kinds(table(), "ill", {}) == {
        "row": ColumnKind.IDENTIFIER,
        "weight": ColumnKind.NUMERICAL,
        "age": ColumnKind.INTEGER,
        "visits": ColumnKind.INTEGER,
        "city": ColumnKind.CATEGORICAL,
        "smokes": ColumnKind.BOOLEAN,
        "seen": ColumnKind.DATETIME,
        "code": ColumnKind.IDENTIFIER,
        "ill": ColumnKind.CATEGORICAL,
    }


def test_dates_in_text_are_dates() -> None:
    frame = table().assign(seen=table()["seen"].dt.strftime("%Y-%m-%d"))
    assert infer_kinds(frame, "ill", {})["seen"] is ColumnKind.DATETIME


def test_declared_kind_wins() -> None:
    kinds = infer_kinds(table(), "ill", {"age": ColumnKind.CATEGORICAL})
    assert kinds["age"] is ColumnKind.CATEGORICAL


def test_declared_constant_is_kept() -> None:
    frame = table().assign(unit="kg")
    kinds = infer_kinds(frame, "ill", {"unit": ColumnKind.CONSTANT})
    schema = describe(conform(frame, kinds), kinds, "ill")
    assert schema["unit"].example == "kg"


def test_description_has_ranges_categories_and_decimals() -> None:
    frame = table()
    kinds = infer_kinds(frame, "ill", {})
    schema = describe(conform(frame, kinds), kinds, "ill")
    assert schema["weight"].decimals == 2
    assert schema["age"].minimum == frame["age"].min()
    assert schema["city"].categories == ("Bonn", "Oslo", "Rome")
    assert schema["visits"].nullable and not schema["age"].nullable
    assert schema["ill"].categories == (0, 1)


def test_missing_values_stay_missing() -> None:
    frame = table()
    kinds = infer_kinds(frame, "ill", {})
    kept = conform(frame, kinds)["visits"]
    assert kept.isna().tolist() == frame["visits"].isna().tolist()


def test_very_many_categories_are_categories() -> None:
    frame = pd.DataFrame({"name": [f"n{k // 2}" for k in range(40_000)], "ill": [0, 1] * 20_000})
    kinds = infer_kinds(frame, "ill", {})
    assert len(describe(conform(frame, kinds), kinds, "ill")["name"].categories) == 20_000


@pytest.mark.parametrize(
    ("frame", "target", "message"),
    [
        (table().head(10), "ill", "the table has 10 rows; at least 50"),
        (table(), "sick", "target 'sick' is not in the table; its columns are: row, weight"),
        (table().assign(ill=1), "ill", "target 'ill' has one class, 1; at least two"),
        (table().assign(age=np.nan), "ill", "column 'age' has no value in any of 100 rows"),
        (table().assign(age=7), "ill", "column 'age' has one value, 7, .*prepare.kinds"),
        (table().assign(weight=np.inf), "ill", "column 'weight' is infinite in 100 of 100 rows"),
        (
            table().assign(ill=np.where(table().index < 3, np.nan, table()["ill"])),
            "ill",
            "target 'ill' is missing in 3 rows",
        ),
        (
            table().assign(ill=(table().index < 2).astype(int)),
            "ill",
            "target 'ill' has only 2 rows of class 1; each class needs at least 8",
        ),
        (
            table().set_axis([*table().columns[:-2], "age", "ill"], axis=1),
            "ill",
            "more than one column is named 'age'",
        ),
        (table(), "code", "target 'code' is identifier"),
        (table().assign(id=2**60 + table().index * 3), "id", "'id' has more than 20 .* too large"),
        (table().assign(code=[b"\xfa\xce"] * 100), "ill", r"'code' holds bytes, such as b'.*drop:"),
    ],
)
def test_refuses_what_cannot_be_learned(frame: pd.DataFrame, target: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        infer_kinds(frame, target, {})


def test_refuses_more_than_a_million_categories_quickly() -> None:
    names = pd.Series(np.arange(1_000_001)).astype(str)
    frame = pd.DataFrame({"name": pd.concat([names, names.head(200_000)], ignore_index=True)})
    frame["ill"] = np.arange(len(frame)) % 2
    with pytest.raises(UserError, match="column 'name' has 1000001 categories"):
        infer_kinds(frame, "ill", {})


def test_refuses_declared_column_that_is_not_there() -> None:
    with pytest.raises(UserError, match="declared column 'agee' is not in the table"):
        infer_kinds(table(), "ill", {"agee": ColumnKind.INTEGER})


def test_refuses_values_that_do_not_fit_the_declared_kind() -> None:
    kinds = infer_kinds(table(), "ill", {"city": ColumnKind.INTEGER})
    with pytest.raises(UserError, match="column 'city' cannot be read as integer"):
        conform(table(), kinds)


@pytest.mark.parametrize("dtype", ["uint64", "float64", "object"])
def test_whole_numbers_beyond_64_bits_are_never_others(dtype: str) -> None:
    levels = [2**63, 2**63 + 10**17, 2**63 + 2 * 10**17]
    frame = table().assign(code=pd.Series(np.resize(levels, 100).astype(dtype)))
    kinds = infer_kinds(frame, "ill", {"code": ColumnKind.CATEGORICAL})
    kept = conform(frame, kinds)["code"]
    assert kept.tolist() == frame["code"].astype(kept.dtype).tolist() and kept.nunique() == 3
    if dtype != "object":
        kinds = infer_kinds(frame, "ill", {"code": ColumnKind.INTEGER})
        with pytest.raises(UserError, match="'code' cannot be read as integer: not all are whole"):
            conform(frame, kinds)


def test_there_is_one_zero() -> None:
    frame = pd.DataFrame({"x": [-0.0, 0.0, 0.5]})
    conformed = conform(frame, {"x": ColumnKind.NUMERICAL})
    assert not np.signbit(conformed["x"]).any()


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_numbers_of_half_precision_are_read_without_a_warning() -> None:
    small = table().assign(weight=np.resize([1.5, 2.0, 3.25], 100).astype("float16"))
    kinds = infer_kinds(small, "ill", {})
    assert conform(small, kinds)["weight"].tolist() == small["weight"].tolist()


def test_a_fraction_is_no_integer() -> None:
    with pytest.raises(UserError, match="column 'weight' cannot be read as integer"):
        conform(table(), infer_kinds(table(), "ill", {"weight": ColumnKind.INTEGER}))
