"""A table with its schema, and its one numeric form that every model works on."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from components.data.cast import cast
from components.data.digits import shortened, within
from components.data.identifiers.patterns import MOST_DRAWN, fresh_identifiers, numbered_identifiers
from components.data.schema import Column, ColumnKind, Scalar, Schema

Matrix = NDArray[np.float64]

OTHER = "(other)"
"""The category that stands for all that a schema does not name, where it is one of a column's."""


@dataclass(frozen=True)
class Table:
    """Rows and what their columns are. The frame is never changed in place."""

    frame: pd.DataFrame
    schema: Schema

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.frame)

    @cached_property
    def matrix(self) -> Matrix:
        """The rows in `encode`'s form, encoded once; nobody may write to it."""
        matrix = encode(self.frame, self.schema)
        matrix.flags.writeable = False
        return matrix

    def take(self, rows: NDArray[np.int64]) -> "Table":
        """The table of the rows at these positions."""
        return Table(self.frame.iloc[rows].reset_index(drop=True), self.schema)


def encode(frame: pd.DataFrame, schema: Schema) -> Matrix:
    """The learned columns as one float64 matrix, shape (rows, len(schema.learned)).

    Numbers stay as they are, datetimes become microseconds since 1970, discrete values become
    their position in `categories`. Missing values are NaN, and so are categories the schema does
    not know, unless it has `OTHER` for them.
    """
    matrix = np.empty((len(frame), len(schema.learned)))
    for i, column in enumerate(schema.learned):
        matrix[:, i] = encode_column(frame, column)
    return matrix


def encode_column(frame: pd.DataFrame, column: Column) -> Matrix:
    """One column of `encode`'s matrix, shape (rows,)."""
    values = frame[column.name]
    if column.is_discrete:
        coded = _coded(values, column.categories)
        if OTHER not in column.categories:
            return coded
        other = float(column.categories.index(OTHER))
        return np.where(np.isnan(coded) & values.notna().to_numpy(), other, coded)
    if column.kind is ColumnKind.DATETIME:
        micros = values.astype("datetime64[us]")
        numbers = micros.astype("int64").to_numpy(dtype=np.float64)
        return np.where(micros.isna().to_numpy(), np.nan, numbers)
    return values.to_numpy(dtype=np.float64, na_value=np.nan)


def _coded(values: pd.Series, categories: tuple[Scalar, ...]) -> Matrix:
    """The position of each value in `categories`, NaN where it is none of them."""
    if values.dtype == "str" and all(isinstance(name, str) for name in categories):
        known = pa.array(categories, pa.large_string())  # so no object is made for each row
        found = pc.index_in(pa.array(values, pa.large_string(), from_pandas=True), known)
        return np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.float64)
    codes = {value: float(code) for code, value in enumerate(categories)}
    return np.asarray(values.astype(object).map(codes), dtype=np.float64)


def decode(
    matrix: Matrix, schema: Schema, *, seed: int, first: int = 0, total: int | None = None
) -> pd.DataFrame:
    """The table of a matrix in `encode`'s form: all columns of the schema, in its types and order.

    Numbers are clipped to the column's range and rounded to its grid, or to its significant digits
    where no constraint is about them; constants are put back;
    identifiers are made fresh from `seed`. Where the rows are a part of `total` rows, the first of
    them number `first`, identifiers are distinct over all parts.
    """
    num_rows = len(matrix)
    learned = {column.name: matrix[:, i] for i, column in enumerate(schema.learned)}
    total = num_rows if total is None else total
    assert total > MOST_DRAWN or num_rows == total, "few rows are made at once"
    rng = np.random.default_rng([seed, 0x1D])
    rows = range(first, first + num_rows)
    bound = {name for constraint in schema.constraints for name in constraint.columns}
    columns: dict[str, pd.Series] = {}
    for column in schema.columns:
        if column.kind is ColumnKind.CONSTANT:
            columns[column.name] = cast(pd.Series([column.example] * num_rows), column.dtype)
        elif column.kind is ColumnKind.IDENTIFIER:
            columns[column.name] = (
                fresh_identifiers(column, num_rows, rng)
                if total <= MOST_DRAWN
                else numbered_identifiers(column, rows, total, rng)
            )
        else:
            free = None if column.name in bound else column.significant
            values = learned[column.name] if free is None else shortened(learned[column.name], free)
            columns[column.name] = decode_column(values, column)
    return pd.DataFrame(columns)


def fill_gaps(frame: pd.DataFrame, drawn: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """`frame` in the schema's columns and types, its missing cells those of `drawn`.

    What is known stays as it is, also where training rows have nothing like it. Identifiers and
    constants stay too, where there are any.
    """
    columns = {}
    for column in schema.columns:
        known = frame[column.name].reset_index(drop=True).astype(object)
        filled = known.where(known.notna(), drawn[column.name].astype(object))
        columns[column.name] = _as_trained(filled, column)
    return pd.DataFrame(columns)


def _as_trained(values: pd.Series, column: Column) -> pd.Series:
    """Values in the column's type, or in one that holds them where that cannot."""
    if not column.is_learned:
        return values.infer_objects()
    try:
        typed = cast(values, column.dtype)
    except (ValueError, TypeError):
        return values.infer_objects()
    return typed if (typed.astype(object) == values).all() else values.infer_objects()


def decode_column(values: Matrix, column: Column) -> pd.Series:
    """What `decode` makes of one learned column, shape (rows,)."""
    missing = np.isnan(values)
    if column.is_discrete:
        levels = np.array([*column.categories, None], dtype=object)
        codes = np.where(missing, len(column.categories), values).astype(np.int64)
        return cast(pd.Series(levels[codes]), _output_dtype(column))
    numbers = pd.Series(within(values, column, np))
    if column.kind is ColumnKind.NUMERICAL:
        return cast(numbers, column.dtype)
    whole = numbers.astype("Int64")
    if column.kind is ColumnKind.DATETIME:
        return cast(pd.to_datetime(whole, unit="us"), column.dtype)
    return cast(whole, _output_dtype(column))


def _output_dtype(column: Column) -> str:
    """The source's dtype, or its nullable twin where the source's cannot hold a missing value."""
    if not column.nullable:
        return column.dtype
    if column.dtype == "bool":
        return "boolean"
    if column.dtype.startswith(("int", "uint")):
        return column.dtype.replace("i", "I", 1).replace("u", "U", 1)
    return column.dtype
