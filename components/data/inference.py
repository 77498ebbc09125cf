"""The schema of a table: what each column is, told from its values; refused where it cannot be."""

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api import types

from components.data.identifiers import fresh_identifiers
from components.data.schema import Column, ColumnKind, Scalar, Schema
from components.errors import UserError

MIN_ROWS = 50
MIN_CLASS_ROWS = 8
MAX_CATEGORIES = 1_000_000
MAX_CLASSES = 20
_MAX_DECIMALS = 10
_ISO_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}.*)?$")


def infer_kinds(
    frame: pd.DataFrame, target: str, declared: Mapping[str, ColumnKind]
) -> dict[str, ColumnKind]:
    """The kind of each column: the declared one, else the one its values tell.

    Raises UserError for what no model can learn from: too few rows, a missing target, columns
    without a value or with only one, infinities, more categories than `MAX_CATEGORIES`.
    """
    _check_names(frame, target, declared)
    if len(frame) < MIN_ROWS:
        raise UserError(f"the table has {len(frame)} rows; at least {MIN_ROWS} are needed")
    if frame[target].nunique() == 1:
        only = frame[target].dropna().tolist()[0]
        raise UserError(f"target {target!r} has one class, {only!r}; at least two are needed")
    kinds = {}
    for name in frame.columns:
        _check_values(frame[name], declared.get(name))
        kind = declared.get(name) or _infer_kind(frame[name], is_target=name == target)
        if kind is ColumnKind.CATEGORICAL:
            _check_categories(frame[name])
        kinds[name] = kind
    _check_target(frame[target], kinds[target])
    return kinds


def _check_names(frame: pd.DataFrame, target: str, declared: Mapping[str, ColumnKind]) -> None:
    repeated = frame.columns[frame.columns.duplicated()].tolist()
    if repeated:
        raise UserError(f"more than one column is named {repeated[0]!r}; names must be distinct")
    for name, role in [(target, "target"), *((name, "declared column") for name in declared)]:
        if name not in frame.columns:
            known = ", ".join(map(str, frame.columns[:30]))
            raise UserError(f"{role} {name!r} is not in the table; its columns are: {known}")


def _check_values(values: pd.Series, declared: ColumnKind | None) -> None:
    name = values.name
    mend = f"drop it (prepare.drop: [{name}])"
    if values.isna().all():
        raise UserError(f"column {name!r} has no value in any of {len(values)} rows: {mend}")
    if types.is_float_dtype(values) and np.isinf(values.to_numpy(float, na_value=np.nan)).any():
        rows = int(np.isinf(values.to_numpy(float, na_value=np.nan)).sum())
        raise UserError(
            f"column {name!r} is infinite in {rows} of {len(values)} rows: numbers must be finite; "
            "leave the cell empty where the value is missing"
        )
    is_single = values.nunique() == 1 and not values.isna().any()
    if is_single and declared is not ColumnKind.CONSTANT:
        raise UserError(
            f"column {name!r} has one value, {values.tolist()[0]!r}, in all {len(values)} rows: "
            f"{mend}, or keep it as it is (prepare.kinds: {{{name}: constant}})"
        )
    if declared is ColumnKind.CONSTANT and not is_single:
        raise UserError(f"column {name!r} is declared constant but has {values.nunique()} values")


def _check_categories(values: pd.Series) -> None:
    count = values.nunique()
    if count > MAX_CATEGORIES:
        raise UserError(
            f"column {values.name!r} has {count} categories; at most {MAX_CATEGORIES} can be "
            f"learned: drop it (prepare.drop: [{values.name}]) or, where it only names the row, "
            f"declare it (prepare.kinds: {{{values.name}: identifier}})"
        )


def _check_target(values: pd.Series, kind: ColumnKind) -> None:
    name = values.name
    if kind in (ColumnKind.IDENTIFIER, ColumnKind.CONSTANT, ColumnKind.DATETIME):
        raise UserError(f"target {name!r} is {kind}; a target is categorical, boolean or a number")
    if values.isna().any():
        raise UserError(f"target {name!r} is missing in {int(values.isna().sum())} rows")
    if kind in (ColumnKind.CATEGORICAL, ColumnKind.BOOLEAN):
        counts = values.value_counts()
        rarest = counts.index.tolist()[-1]
        if counts.min() < MIN_CLASS_ROWS:
            raise UserError(
                f"target {name!r} has only {counts.min()} rows of class {rarest!r}; "
                f"each class needs at least {MIN_CLASS_ROWS}{_or_a_number(values)}"
            )


def _or_a_number(target: pd.Series) -> str:
    """The other way to read a target of numbers."""
    if types.is_bool_dtype(target) or not types.is_numeric_dtype(target):
        return ""
    return f"; to predict it as a number, declare it (prepare.kinds: {{{target.name}: integer}})"


def _infer_kind(values: pd.Series, *, is_target: bool) -> ColumnKind:
    present = values.dropna()
    if types.is_bool_dtype(present) or all(isinstance(value, bool) for value in present):
        return ColumnKind.BOOLEAN
    if types.is_datetime64_any_dtype(values):
        return ColumnKind.DATETIME
    if types.is_numeric_dtype(values):
        return _infer_numeric(present, is_target=is_target)
    if all(_ISO_DATE.match(str(value)) for value in present.unique()):
        return ColumnKind.DATETIME
    is_unique = len(present) == len(values) and present.is_unique
    return ColumnKind.IDENTIFIER if is_unique else ColumnKind.CATEGORICAL


def _infer_numeric(present: pd.Series, *, is_target: bool) -> ColumnKind:
    numbers = present.to_numpy(dtype=np.float64)
    if is_target and present.nunique() <= MAX_CLASSES:
        return ColumnKind.CATEGORICAL
    if not np.equal(numbers, np.round(numbers)).all() or np.abs(numbers).max() > 2**53:
        return ColumnKind.NUMERICAL
    if len(numbers) > 1 and (np.diff(numbers) == 1).all():
        return ColumnKind.IDENTIFIER
    return ColumnKind.INTEGER


def conform(frame: pd.DataFrame, kinds: Mapping[str, ColumnKind]) -> pd.DataFrame:
    """`frame` with every column in the one type its kind is kept in.

    Numbers become float64 or a (nullable) integer, datetimes microseconds in UTC without a zone;
    categories keep their type where it is a whole number, else become strings.
    """
    return pd.DataFrame({name: _conform(frame[name], kind) for name, kind in kinds.items()})


def _conform(values: pd.Series, kind: ColumnKind) -> pd.Series:
    try:
        if kind is ColumnKind.NUMERICAL:
            return values.astype("float64")
        if kind is ColumnKind.INTEGER:
            return values.astype("Int64" if values.isna().any() else "int64")
        if kind is ColumnKind.BOOLEAN:
            return values.astype("boolean" if values.isna().any() else "bool")
        if kind is ColumnKind.DATETIME:
            return pd.to_datetime(values, utc=True).dt.tz_localize(None).astype("datetime64[us]")
    except (ValueError, TypeError) as error:
        raise UserError(f"column {values.name!r} cannot be read as {kind}: {error}") from error
    if types.is_numeric_dtype(values) and not types.is_bool_dtype(values):
        whole = np.equal(values.dropna() % 1, 0).all()
        return values.astype("Int64" if values.isna().any() else "int64") if whole else values
    if values.dtype == "str":
        return values
    return values.where(values.isna(), values.astype(str)).astype("str")


def describe(
    rows: pd.DataFrame,
    kinds: Mapping[str, ColumnKind],
    target: str,
    *,
    chosen: NDArray[np.int64] | None = None,
) -> Schema:
    """The schema of conformed training rows: kinds, and the range each column has in them.

    Training rows are those `chosen` of `rows` by position, or all.
    """
    places = slice(None) if chosen is None else chosen
    columns = tuple(_describe(rows[name].iloc[places], kind) for name, kind in kinds.items())
    return Schema(columns=columns, target=target)


def _describe(values: pd.Series, kind: ColumnKind) -> Column:
    name, present = str(values.name), values.dropna()
    dtype = str(values.dtype).replace("Int64", "int64").replace("boolean", "bool")
    nullable = bool(values.isna().any())
    if kind in (ColumnKind.CATEGORICAL, ColumnKind.BOOLEAN):
        levels: tuple[Scalar, ...] = tuple(sorted(present.unique().tolist()))
        return Column(name=name, kind=kind, dtype=dtype, nullable=nullable, categories=levels)
    if kind in (ColumnKind.IDENTIFIER, ColumnKind.CONSTANT):
        example = present.iloc[0]
        scalar: Scalar = example.item() if isinstance(example, np.generic) else example
        column = Column(name=name, kind=kind, dtype=dtype, example=scalar)
        return _without_a_name(column) if kind is ColumnKind.IDENTIFIER else column
    if present.empty:
        raise UserError(f"column {name!r} has no value in any of {len(values)} training rows")
    stamps = present.astype("int64") if kind is ColumnKind.DATETIME else present
    numbers = stamps.to_numpy(dtype=np.float64)
    return Column(
        name=name,
        kind=kind,
        dtype=dtype,
        nullable=nullable,
        minimum=float(numbers.min()),
        maximum=float(numbers.max()),
        decimals=_decimals(numbers) if kind is ColumnKind.NUMERICAL else None,
    )


def _without_a_name(identifier: Column) -> Column:
    """The column with an identifier made up in the pattern of one: a real one names somebody."""
    made_up = fresh_identifiers(identifier, 1, np.random.default_rng(0)).iloc[0]
    example: Scalar = made_up.item() if isinstance(made_up, np.generic) else made_up
    return identifier.model_copy(update={"example": example})


def _decimals(numbers: np.ndarray) -> int | None:
    """The fewest digits after the point that keep every number, None where there is none."""
    for digits in range(_MAX_DECIMALS + 1):
        with np.errstate(over="ignore"):  # what is near the largest number has no such digits
            rounded = np.round(numbers, digits)
        if np.array_equal(rounded, numbers):
            return digits
    return None
