"""What rows are asked to have: a condition on columns, checked and coded."""

import math
from collections.abc import Mapping

import pandas as pd

from components.data.digits import digits_of
from components.data.forms.dates import read_dates
from components.data.forms.number_forms import read_what_is_number
from components.data.schema import Column, ColumnKind, Scalar, Schema
from components.data.table import encode
from components.errors import UserError

Condition = Mapping[str, Scalar | None]
"""The value that each of some columns must have in every row; None asks for a missing one."""


def check_condition(condition: Condition | None, schema: Schema) -> int | None:
    """The target's code that `condition` asks for, None where it asks for nothing.

    Raises UserError for another column, a target that is not discrete, or an unknown value.
    """
    if not condition:
        return None
    target = schema.target_column
    others = sorted(set(condition) - {target.name})
    if others or not target.is_discrete:
        raise UserError(
            f"cannot condition on {', '.join(others) or target.name!r}: "
            f"only a discrete target can be asked for (here {target.name!r}, {target.kind})"
        )
    return _category_code(target, condition[target.name])


def code_condition(condition: Condition | None, schema: Schema) -> dict[int, float]:
    """Every value that `condition` asks for, in `encode`'s form, by its learned column's position.

    Raises UserError for a column that is not learned, an unknown category, a number beyond what
    the training rows have, or a missing value where they have none.
    """
    positions = {column.name: i for i, column in enumerate(schema.learned)}
    unknown = sorted(set(condition or {}) - set(positions))
    if unknown:
        raise UserError(
            f"cannot condition on {', '.join(unknown)}: "
            f"these columns are learned: {', '.join(positions)}"
        )
    return {
        positions[name]: _coded(schema[name], wanted) for name, wanted in (condition or {}).items()
    }


def _coded(column: Column, wanted: Scalar | None) -> float:
    if wanted is None:
        if not column.nullable:
            raise _impossible(column, wanted, "no training row lacks it")
        return math.nan
    if column.is_discrete:
        return float(_category_code(column, wanted))
    value = _number(column, wanted)
    assert column.minimum is not None and column.maximum is not None
    if not column.minimum <= value <= column.maximum:
        raise _impossible(column, wanted, f"training rows reach from {_range(column)}")
    digits = digits_of(column)
    if digits is not None and round(value, digits) != value:
        raise _impossible(column, wanted, f"values have {digits} digits after the point")
    if column.step is not None and value % column.step:
        raise _impossible(column, wanted, f"all values are multiples of {_step(column)}")
    return value


def _category_code(column: Column, wanted: Scalar | None) -> int:
    for code, category in enumerate(column.categories):
        written = column.truths[bool(category)] if column.truths else str(category)
        if category == wanted or str(wanted) in (str(category), written):
            return code
    known = ", ".join(map(str, column.categories[:30]))
    more = f" and {len(column.categories) - 30} more" if len(column.categories) > 30 else ""
    raise _impossible(column, wanted, f"known values: {known}{more}")


def _number(column: Column, wanted: Scalar) -> float:
    """A wanted number or date in `encode`'s form."""
    try:
        read = _read(pd.Series([wanted], name=column.name), column)
        only = Schema(columns=(column,), target=column.name)
        value = float(encode(read.to_frame(), only)[0, 0])
    except (ValueError, TypeError, OverflowError) as error:
        raise _impossible(column, wanted, f"it is no {column.kind}") from error
    if not math.isfinite(value):
        raise _impossible(column, wanted, "it is not finite")
    return value


def _read(values: pd.Series, column: Column) -> pd.Series:
    """Numbers or dates, in text as the source had it or as programs write them."""
    if column.kind is ColumnKind.DATETIME:
        return read_dates(values, column.written)
    if column.number_form is not None:
        read, unread = read_what_is_number(values, column.number_form)
        if not unread.any():
            return read
    return values.astype("float64")


def _range(column: Column) -> str:
    assert column.minimum is not None and column.maximum is not None
    if column.kind is ColumnKind.DATETIME:
        ends = pd.to_datetime([int(column.minimum), int(column.maximum)], unit="us")
        return f"{ends[0]} to {ends[1]}"
    return f"{column.minimum:g} to {column.maximum:g}"


def _step(column: Column) -> str:
    assert column.step is not None
    if column.kind is ColumnKind.DATETIME:
        return str(pd.Timedelta(int(column.step), unit="us"))
    return f"{column.step:g}"


def _impossible(column: Column, wanted: object, why: str) -> UserError:
    return UserError(f"condition {column.name}={wanted!r} is impossible; {why}")
