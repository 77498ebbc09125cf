"""Whole-number identifiers: told, never learned, and made anew as nobody's, in the same pattern."""

import json
import logging
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.data.batches import BATCH, frame_batches
from components.data.conformed import ConformedRows
from components.data.identifiers.numbers import NumberPattern, fresh_numbers
from components.data.identifiers.patterns import MOST_DRAWN, numbered_identifiers
from components.data.inference import conform, describe, forms_of, infer_kinds
from components.data.preparation import prepare_table
from components.data.schema import Column, ColumnKind, FreshNumbers, Schema
from components.data.table import decode, encode

RNG = np.random.default_rng(0)
NUM_ROWS = 400


def drawn(low: int, high: int, dtype: str = "int64", count: int = NUM_ROWS) -> np.ndarray:
    """Distinct numbers in no order."""
    found = np.unique(RNG.integers(low, high, 2 * count, dtype=dtype, endpoint=True))
    return RNG.permutation(found)[:count]


def frame_of(**columns: object) -> pd.DataFrame:
    num_rows = len(next(iter(columns.values())))  # type: ignore[arg-type]
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {**columns, "x": rng.normal(size=num_rows), "y": rng.choice(["a", "b"], num_rows)}
    )


REAL = {
    "eight digits": drawn(10_000_000, 99_999_999),
    "close together": drawn(48_210_000, 48_219_999),
    "of any length": drawn(1, 999_999),
    "few digits": drawn(100, 999),
    "shuffled counts": RNG.permutation(NUM_ROWS) + 1,
    "from nought": RNG.permutation(NUM_ROWS),
    "with a sign": drawn(-(2**63), 2**63 - 1),
    "negative": -drawn(1_000_000, 9_999_999),
    "hashes": drawn(2**53, 2**63 - 1),
    "unsigned hashes": drawn(0, 2**64 - 1, "uint64"),
    "tens": 10 * drawn(1_000_000, 9_999_999),
    "the largest": 2**63 - 1 - drawn(0, 10_000),
    "seven, evenly": np.arange(1_000_000, 1_000_000 + 7 * NUM_ROWS, 7),
}


@pytest.mark.parametrize("real", REAL.values(), ids=REAL.keys())
@pytest.mark.parametrize("num_rows", [0, 1, 300, 20_000])
def test_fresh_ones_are_distinct_nobodys_and_as_long(real: np.ndarray, num_rows: int) -> None:
    schema = prepare_table(frame_of(customer_id=real), "y").schema
    assert schema["customer_id"].kind is ColumnKind.IDENTIFIER
    made = decode(np.zeros((num_rows, 2)), schema, seed=3)["customer_id"]
    assert made.is_unique and not made.isin(real).any() and str(made.dtype) == str(real.dtype)
    assert made.equals(decode(np.zeros((num_rows, 2)), schema, seed=3)["customer_id"])
    if num_rows > 1:
        assert not made.equals(decode(np.zeros((num_rows, 2)), schema, seed=4)["customer_id"])
        assert not made.is_monotonic_increasing
    assert schema["customer_id"].example not in real


@pytest.mark.parametrize("seed", range(20))
def test_any_numbers_are_avoided_whatever_the_batches(seed: int) -> None:
    rng = np.random.default_rng(seed)
    digits = int(rng.integers(1, 18))
    real = rng.integers(0, 10**digits, int(rng.integers(1, 5_000))) * int(rng.choice([1, 3, 64]))
    whole, parts = NumberPattern(), NumberPattern()
    whole.add(real)
    for start in range(0, len(real), 333):
        parts.add(real[start : start + 333])
    assert whole.fresh() == parts.fresh() and whole.counts_up == parts.counts_up
    for total in (1, 17, 100_000):
        draws, part = (
            fresh_numbers(whole.fresh(), rows, total, "int64", np.random.default_rng(seed))
            for rows in (range(total), range(total // 2, total))
        )
        assert len(np.unique(draws)) == total and not np.isin(draws, real).any()
        assert np.array_equal(draws[total // 2 :], part)


@pytest.mark.parametrize("name", ["eight digits", "hashes", "negative", "tens", "seven, evenly"])
def test_fresh_ones_have_as_many_digits(name: str) -> None:
    real = REAL[name]
    schema = prepare_table(frame_of(customer_id=real), "y").schema
    made = decode(np.zeros((5_000, 2)), schema, seed=3)["customer_id"]
    lengths = {len(str(abs(int(each)))) for each in real}
    assert {len(str(abs(each))) for each in made} <= lengths and (made < 0).any() == (
        real < 0
    ).any()


def test_where_the_digits_leave_too_few_there_are_more_of_them() -> None:
    schema = prepare_table(frame_of(customer_id=REAL["few digits"]), "y").schema
    made = decode(np.zeros((5_000, 2)), schema, seed=3)["customer_id"]
    assert {len(str(each)) for each in made} == {4}


def test_very_many_rows_are_distinct_and_few_are_spread_over_the_pattern() -> None:
    column = Column(
        name="id",
        kind=ColumnKind.IDENTIFIER,
        dtype="int64",
        example=7,
        fresh=FreshNumbers(low=10_000_003, high=99_999_999, step=11),
    )
    total = 10 * MOST_DRAWN
    many = numbered_identifiers(column, range(total), total, np.random.default_rng(1))
    assert many.is_unique and many.between(10_000_000, 99_999_999).all()
    few = numbered_identifiers(column, range(1_000), 1_000, np.random.default_rng(1))
    shares = np.histogram(few, bins=9, range=(10_000_000, 99_999_999))[0] / 1_000
    assert abs(shares - 1 / 9).max() < 0.05 and ((few - 10_000_003) % 11 == 0).all()


def test_a_schema_with_them_is_read_back_to_the_digit(tmp_path: Path) -> None:
    for real in REAL.values():
        schema = prepare_table(frame_of(customer_id=real), "y").schema
        schema.save(tmp_path / "schema.json")
        assert Schema.load(tmp_path / "schema.json") == schema
        assert str(int(real[5])) not in (tmp_path / "schema.json").read_text() or real[5] < 1_000


def test_counters_count_from_one_also_where_training_rows_are_some_of_them() -> None:
    frame = frame_of(row=np.arange(700, 700 + NUM_ROWS))
    kinds = infer_kinds(frame, "y", {})
    forms = forms_of(frame, kinds)
    schema = describe(conform(frame, kinds, forms).iloc[::3], kinds, "y", forms)
    assert schema["row"].fresh is None and schema["row"].kind is ColumnKind.IDENTIFIER
    assert decode(np.zeros((3, 2)), schema, seed=0)["row"].tolist() == [1, 2, 3]


SECONDS = drawn(1_600_000_000, 1_700_000_000)
MEASURED: dict[str, np.ndarray] = {
    "seconds": SECONDS,
    "timestamp_ns": SECONDS * 10**9 + 17,
    "when": SECONDS * 10**9 + 17_000,
    "income": drawn(1_000_000, 9_999_999),
    "cell_number": drawn(10_000_000, 99_999_999),
    "amount_wei": drawn(2**54, 2**62),
    "mass": drawn(2**54, 2**62).astype("float64"),
}


@pytest.mark.parametrize("name", MEASURED)
def test_what_may_be_measured_is_learned(name: str) -> None:
    kind = infer_kinds(frame_of(**{name: MEASURED[name]}), "y", {})[name]
    assert kind in (ColumnKind.INTEGER, ColumnKind.NUMERICAL)


def test_large_whole_numbers_are_identifiers_by_themselves() -> None:
    for name in ("hashes", "unsigned hashes", "with a sign"):
        assert infer_kinds(frame_of(z=REAL[name]), "y", {})["z"] is ColumnKind.IDENTIFIER


def test_what_repeats_lacks_a_value_or_is_declared_is_none() -> None:
    real = REAL["eight digits"]
    frame = frame_of(customer_id=np.append(real[:-1], real[0]))
    assert infer_kinds(frame, "y", {})["customer_id"] is ColumnKind.INTEGER
    frame = frame_of(customer_id=np.where(np.arange(NUM_ROWS) == 7, np.nan, real))
    assert infer_kinds(frame, "y", {})["customer_id"] is ColumnKind.INTEGER
    frame = frame_of(customer_id=real)
    for kind in (ColumnKind.INTEGER, ColumnKind.NUMERICAL, ColumnKind.CATEGORICAL):
        assert infer_kinds(frame, "y", {"customer_id": kind})["customer_id"] is kind
    assert infer_kinds(frame.assign(code=real), "code", {})["code"] is ColumnKind.INTEGER


def test_whole_floats_of_that_name_are_identifiers() -> None:
    frame = frame_of(customer_id=REAL["eight digits"].astype("float64"))
    schema = prepare_table(frame, "y").schema
    made = decode(np.zeros((50, 2)), schema, seed=0)["customer_id"]
    assert made.dtype == "int64" and not made.isin(frame["customer_id"]).any()


@pytest.mark.parametrize("size", [37, BATCH])
@pytest.mark.parametrize("dtype", ["int64", "Int64", "int32", "uint32", "float64"])
@pytest.mark.parametrize("comes_again", [False, True])
def test_batches_tell_what_the_whole_does(dtype: str, size: int, comes_again: bool) -> None:
    real = REAL["eight digits"].copy()
    real[-1] = real[0] if comes_again else real[-1]
    frame = frame_of(customer_id=pd.Series(real).astype(dtype))
    rows = ConformedRows.infer(frame_batches(frame, size), "y", {})
    assert rows.kinds == infer_kinds(frame, "y", {})
    assert (rows.kinds["customer_id"] is ColumnKind.IDENTIFIER) == (not comes_again)
    assert pd.concat(rows.read(), ignore_index=True).equals(conform(frame, rows.kinds))


def test_large_numbers_that_come_again_are_categories_to_the_last_digit() -> None:
    for levels in (drawn(2**53 + 1, 2**63 - 1, count=9), drawn(2**63, 2**64 - 1, "uint64", 9)):
        frame = frame_of(shop=np.resize(levels, NUM_ROWS))
        table = prepare_table(frame, "y")
        assert table.schema["shop"].kind is ColumnKind.CATEGORICAL
        assert set(table.schema["shop"].categories) == set(levels.tolist())
        back = decode(encode(table.frame, table.schema), table.schema, seed=0)["shop"]
        assert back.tolist() == frame["shop"].tolist()


def test_large_numbers_with_gaps_keep_their_digits() -> None:
    levels = drawn(2**53 + 1, 2**63 - 1, count=5)
    shop = pd.Series(np.resize(levels, NUM_ROWS)).astype("Int64").mask(np.arange(NUM_ROWS) % 9 == 0)
    table = prepare_table(frame_of(shop=shop), "y")
    back = decode(encode(table.frame, table.schema), table.schema, seed=0)["shop"]
    assert back.equals(shop.rename("shop"))


@pytest.mark.parametrize("size", [37, BATCH])
@pytest.mark.parametrize("name", ["store_id", "zip", "product_code"])
@pytest.mark.parametrize("with_gaps", [False, True])
def test_codes_that_come_again_are_categories(name: str, size: int, with_gaps: bool) -> None:
    codes = pd.Series(np.resize(drawn(1_000, 99_999, count=6), 180))
    frame = frame_of(**{name: codes.mask(codes.index % 17 == 0) if with_gaps else codes})
    rows = ConformedRows.infer(frame_batches(frame, size), "y", {})
    assert rows.kinds == infer_kinds(frame, "y", {})
    assert rows.kinds[name] is ColumnKind.CATEGORICAL
    table = prepare_table(frame, "y")
    back = decode(encode(table.frame, table.schema), table.schema, seed=0)[name]
    assert back.dtype == ("Int64" if with_gaps else "int64")
    assert back.dropna().tolist() == frame[name].dropna().tolist()


def test_counts_predicted_codes_and_codes_of_few_rows_are_numbers() -> None:
    codes = np.resize(drawn(1_000, 99_999, count=6), 180)
    assert infer_kinds(frame_of(rooms=codes), "y", {})["rooms"] is ColumnKind.INTEGER
    some = frame_of(store_id=np.resize(np.arange(900, 930), 180))
    assert infer_kinds(some, "y", {})["store_id"] is ColumnKind.INTEGER
    many = frame_of(store_id=np.resize(np.arange(900, 930), 1_200))
    assert infer_kinds(many, "y", {})["store_id"] is ColumnKind.CATEGORICAL
    assert infer_kinds(many, "store_id", {})["store_id"] is ColumnKind.INTEGER
    people = many.rename(columns={"store_id": "customer_id"})
    assert infer_kinds(people, "y", {})["customer_id"] is ColumnKind.INTEGER


def test_large_numbers_of_that_name_are_categories_however_many() -> None:
    frame = frame_of(customer_id=np.repeat(drawn(2**54, 2**62, count=200), 2))
    assert infer_kinds(frame, "y", {})["customer_id"] is ColumnKind.CATEGORICAL


def test_lost_digits_and_numbers_left_out_are_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    large = np.repeat(drawn(2**54, 2**62, count=200), 2)
    infer_kinds(frame_of(z=large), "y", {})
    assert f"'z' holds whole numbers up to {large.max()}: of those beyond 2^53" in caplog.text
    caplog.clear()
    infer_kinds(frame_of(z=large), "y", {"z": ColumnKind.INTEGER})
    assert "some 16 digits are kept" in caplog.text
    caplog.clear()
    infer_kinds(frame_of(order_no=REAL["eight digits"]), "y", {})
    assert "'order_no' holds whole numbers, another in each row" in caplog.text
    caplog.clear()
    infer_kinds(frame_of(row=np.arange(NUM_ROWS), age=np.arange(NUM_ROWS) // 9), "y", {})
    infer_kinds(frame_of(id=REAL["eight digits"]), "y", {"id": ColumnKind.IDENTIFIER})
    assert not caplog.text


def test_a_guaranteed_model_tells_nothing_of_them() -> None:
    from components.models.private.model import _public

    column = prepare_table(frame_of(id=REAL["eight digits"]), "y").schema["id"]
    assert column.fresh is not None
    assert json.loads(_public(column).model_dump_json())["example"] == 1
    assert _public(column).fresh is None
