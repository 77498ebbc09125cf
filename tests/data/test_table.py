"""The numeric form of a table, and back."""

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from components.data.conditions import check_condition, code_condition
from components.data.schema import Column, ColumnKind, Schema
from components.data.table import Matrix, decode, encode
from components.errors import UserError
from tests.procedural import START, mixed_table


def back_and_forth(values: pd.Series, column: Column) -> pd.Series:
    schema = Schema(columns=(column,), target=column.name)
    return decode(encode(values.to_frame(column.name), schema), schema, seed=0)[column.name]


def decoded(matrix: Matrix, column: Column) -> pd.Series:
    return decode(matrix, Schema(columns=(column,), target=column.name), seed=0)[column.name]


def test_learned_columns_come_back_as_they_were() -> None:
    table = mixed_table(200)
    matrix = encode(table.frame, table.schema)
    assert matrix.shape == (200, len(table.schema.learned))
    assert matrix.dtype == np.float64
    learned = [column.name for column in table.schema.learned]
    returned = decode(matrix, table.schema, seed=0)
    assert list(returned.columns) == table.schema.names
    assert_frame_equal(returned[learned], table.frame[learned])


def test_missing_is_nan_in_every_kind() -> None:
    table = mixed_table(200)
    matrix = encode(table.frame, table.schema)
    for values, column in zip(matrix.T, table.schema.learned, strict=True):
        assert (np.isnan(values) == table.frame[column.name].isna()).all()


def test_known_numeric_form() -> None:
    table = mixed_table(50)
    matrix = encode(table.frame, table.schema)
    names = [column.name for column in table.schema.learned]
    city = table.schema["city"].categories
    for row in range(50):
        value = table.frame["city"].iloc[row]
        if isinstance(value, str):
            assert city[int(matrix[row, names.index("city")])] == value
        seen = table.frame["seen"].iloc[row]
        if not pd.isna(seen):
            micros = (np.datetime64(seen, "us") - START) / np.timedelta64(1, "us")
            origin = START.astype("datetime64[us]").astype(np.int64)
            assert matrix[row, names.index("seen")] == micros + origin


def test_unknown_category_is_missing() -> None:
    table = mixed_table(30)
    frame = table.frame.assign(city="Atlantis")
    names = [column.name for column in table.schema.learned]
    assert np.isnan(encode(frame, table.schema)[:, names.index("city")]).all()


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int64", "Int32", "float64"])
def test_whole_numbers_with_missing_values(dtype: str) -> None:
    kind = ColumnKind.INTEGER
    column = Column(name="n", kind=kind, dtype=dtype, nullable=True, minimum=0, maximum=9)
    values = decoded(np.array([[3.4], [np.nan], [12.0], [-1.0]]), column)
    assert values.isna().tolist() == [False, True, False, False]
    assert values.dropna().tolist() == [3, 9, 0]


@pytest.mark.parametrize("dtype", ["bool", "boolean", "object"])
def test_booleans_with_missing_values(dtype: str) -> None:
    kind = ColumnKind.BOOLEAN
    column = Column(name="b", kind=kind, dtype=dtype, nullable=True, categories=(False, True))
    values = decoded(np.array([[1.0], [np.nan], [0.0]]), column)
    assert values.isna().tolist() == [False, True, False]
    assert values.dropna().tolist() == [True, False]


@pytest.mark.parametrize(
    "values",
    [
        pd.Series([2, 0, 1, 2]),
        pd.Series([0.5, 1.5, None, 0.5]),
        pd.Series(["b", None, "a", "b"], dtype="str"),
        pd.Series(["b", None, "a", "b"], dtype="object"),
        pd.Series([1, None, 2, 1], dtype="Int64"),
        pd.Series(["b", None, "a", "b"], dtype="category"),
    ],
    ids=lambda values: str(values.dtype),
)
def test_categories_of_any_type_come_back(values: pd.Series) -> None:
    column = Column(
        name="c",
        kind=ColumnKind.CATEGORICAL,
        dtype=str(values.dtype),
        nullable=bool(values.isna().any()),
        categories=tuple(sorted(values.dropna().unique().tolist())),
    )
    returned = back_and_forth(values, column)
    assert returned.dtype == values.dtype
    assert returned.isna().tolist() == values.isna().tolist()
    assert returned.dropna().tolist() == values.dropna().tolist()


def test_numbers_are_clipped_and_rounded() -> None:
    column = Column(
        name="x", kind=ColumnKind.NUMERICAL, dtype="float32", minimum=0, maximum=1, decimals=2
    )
    values = decoded(np.array([[0.127], [-3.0], [2.0]]), column)
    assert values.tolist() == pytest.approx([0.13, 0.0, 1.0])
    assert values.dtype == np.float32


def test_input_matrix_left_as_it_was() -> None:
    table = mixed_table(30)
    matrix = encode(table.frame, table.schema) * 3
    before = matrix.copy()
    decode(np.where(np.isnan(matrix), matrix, 0.0), table.schema, seed=0)
    np.testing.assert_array_equal(matrix, before)


def test_identifiers_are_fresh_distinct_and_follow_the_seed() -> None:
    table = mixed_table(300)
    matrix = encode(table.frame, table.schema)
    first = decode(matrix, table.schema, seed=1)["id"]
    assert first.is_unique
    assert first.str.match(r"^[A-Z]{2}-\d{4}[a-z]$").all()
    assert first.equals(decode(matrix, table.schema, seed=1)["id"])
    assert not first.equals(decode(matrix, table.schema, seed=2)["id"])


def test_row_numbers_count_from_one() -> None:
    column = Column(name="row", kind=ColumnKind.IDENTIFIER, dtype="int32", example=7)
    target = Column(name="x", kind=ColumnKind.NUMERICAL, dtype="float64", minimum=0.0, maximum=1.0)
    schema = Schema(columns=(column, target), target="x")
    rows = decode(np.zeros((4, 1)), schema, seed=0)["row"]
    assert rows.tolist() == [1, 2, 3, 4]
    assert rows.dtype == np.int32


def test_condition_gives_the_code() -> None:
    schema = mixed_table(30).schema
    assert check_condition(None, schema) is None
    assert check_condition({}, schema) is None
    assert check_condition({"outcome": "open"}, schema) == 1


@pytest.mark.parametrize(
    "condition, named", [({"outcome": "odd"}, "odd"), ({"age": 3}, "age"), ({"no": 3}, "no")]
)
def test_impossible_condition_is_named(condition: dict[str, int | str], named: str) -> None:
    with pytest.raises(UserError, match=named):
        check_condition(condition, mixed_table(30).schema)


def test_no_condition_is_beyond_any_float() -> None:
    with pytest.raises(UserError, match="it is no integer"):
        code_condition({"age": 10**400}, mixed_table(30).schema)


def test_numeric_target_cannot_be_asked_for() -> None:
    with pytest.raises(UserError, match="only a discrete target"):
        check_condition({"amount": 1.0}, mixed_table(30, target="amount").schema)


def test_schema_comes_back_from_json() -> None:
    schema = mixed_table(30).schema
    assert Schema.model_validate_json(schema.model_dump_json()) == schema
    flags = schema["is_member"].categories
    loaded = Schema.model_validate_json(schema.model_dump_json())["is_member"].categories
    assert [type(flag) for flag in loaded] == [type(flag) for flag in flags] == [bool, bool]
