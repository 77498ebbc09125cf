"""Constraints checked: against the columns they name, against each other, and against rows."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from components.config import Combination, Constraint, Inequality, Product, Sum, Unit
from components.data.constraints.formulas import formula_of
from components.data.digits import digits_of
from components.data.schema import NUMBERS, Column, ColumnKind, Schema
from components.data.table import Matrix, encode_column
from components.errors import UserError

Mask = NDArray[np.bool_]

ReadColumns = Callable[[Sequence[str]], Iterable[pd.DataFrame]]
"""Gives all rows of these columns, a batch at a time, whenever it is called."""

_EXAMPLES = 3
_ROUNDING = {True: 1e-6, False: 1e-9}
"""So much of the numbers that it is computed from can a result be off, if of single precision."""


def check_columns(constraints: Sequence[Constraint], schema: Schema) -> None:
    """Raise UserError where a constraint cannot be about its columns, or contradicts another."""
    for constraint in constraints:
        columns = [_column(name, constraint, schema) for name in constraint.columns]
        if isinstance(constraint, Inequality):
            _check_comparable(constraint, columns)
        elif isinstance(constraint, Sum):
            _check_sum(constraint, schema)
        elif isinstance(constraint, Product):
            _check_kinds(constraint, columns, NUMBERS, "numbers (integer, numerical)")
        else:
            _check_combination(constraint, columns, schema)
    repeated = _repeated(constraints)
    if repeated is not None:
        raise UserError(repeated)
    drawing_order(constraints)


def follows_from(
    constraint: Inequality, constraints: Sequence[Constraint], schema: Schema
) -> Sum | Product | None:
    """The sum or product by which `high` is `low`, or what is above it, and something on top.

    That is, numbers that are never negative, or factors that are never below 1. None where there
    is none.
    """
    low = digits_of(schema[constraint.low])
    above = {c.high for c in constraints if isinstance(c, Inequality) and c.low == constraint.low}
    for found in constraints:
        if not isinstance(found, Sum | Product) or found.total != constraint.high:
            continue
        total = digits_of(schema[found.result])
        keeps_digits = total is None or (low is not None and low <= total)
        for part in {constraint.low, *above} & {*found.parts}:
            others = [_least(schema[name]) for name in found.parts if name != part]
            if keeps_digits and _only_adds(found, _least(schema[part]), others):
                return found
    return None


def _least(column: Column) -> float:
    return -np.inf if column.minimum is None else column.minimum


def _only_adds(found: Sum | Product, least: float, others: Sequence[float]) -> bool:
    """Is the result no less than a part that is `least` or more, whatever the others make of it."""
    if isinstance(found, Sum):
        return not found.minus and all(other >= 0 for other in others)
    at_least = found.factor * np.prod([max(other, 0.0) for other in others])
    return not found.over and least >= 0 and bool(at_least >= 1)


def drawing_order(constraints: Sequence[Constraint]) -> list[str]:
    """Columns of inequalities, sums and products, each after those it is made from.

    Raises UserError where there is no such order: a column would be made from itself.
    """
    made_from: dict[str, set[str]] = {}
    for constraint in constraints:
        if not isinstance(constraint, Combination):
            *sources, result = constraint.columns
            made_from.setdefault(result, set()).update(sources)
    try:
        return list(TopologicalSorter(made_from).static_order())
    except CycleError as error:
        around = sorted(set(error.args[1]))
        involved = [c for c in constraints if c.columns[-1] in around]
        raise UserError(
            f"constraints contradict one another: {_told(involved)}: each of "
            f"{', '.join(around)} would be made from the others"
        ) from error


def broken(constraint: Inequality | Sum | Product, rows: pd.DataFrame, schema: Schema) -> Mask:
    """Rows that break the constraint, shape (rows,); one that lacks a value breaks nothing."""
    columns = [schema[name] for name in constraint.columns]
    values = [encode_column(rows, column) for column in columns]
    return breaking(constraint, values, columns)


def breaking(
    constraint: Inequality | Sum | Product, values: Sequence[Matrix], columns: Sequence[Column]
) -> Mask:
    """`broken` where the values of `constraint.columns` are encoded already."""
    if isinstance(constraint, Inequality):
        above: Mask = values[0] > values[1]
        return above
    return is_off(constraint, values, columns, slack(constraint, columns))


def is_off(
    constraint: Sum | Product, values: Sequence[Matrix], columns: Sequence[Column], allowed: float
) -> Mask:
    """Rows whose result is not what is computed, to within `allowed` and rounding errors.

    `values` and `columns` are those of `constraint.columns`. A result that is not defined (by 0
    divided) is off where it is known.
    """
    *sources, result = values
    formula = formula_of(constraint)
    computed = formula.value(sources, np)
    are_known = ~np.isnan(np.stack(values)).any(axis=0)
    is_single = any(column.dtype == "float32" for column in columns)
    *are_dates, is_date = [column.kind is ColumnKind.DATETIME for column in columns]
    size = np.maximum(formula.size(sources, are_dates), 0.0 if is_date else np.abs(result))
    errors = _ROUNDING[is_single] * size
    off: Mask = are_known & ~(np.abs(computed - result) <= allowed + np.nan_to_num(errors))
    return off


def slack(constraint: Sum | Product, columns: Sequence[Column]) -> float:
    """What the rounding of its columns can put the result off by.

    Of a total that is half a unit of its last digit; of what others leave of a number half a unit
    of each column's, since each is rounded by itself: 33.33 + 33.33 + 33.33 is 99.99.
    """
    is_left = isinstance(constraint, Sum) and constraint.constant is not None
    kept = [
        digits_of(column)
        for column in (columns if is_left else columns[-1:])
        if not is_left or column.kind is ColumnKind.NUMERICAL
    ]
    units = [0.5 * 10.0**-digits for digits in kept if digits is not None]
    return sum(units) if kept else 0.5


def check_rows(rows: pd.DataFrame, schema: Schema) -> None:
    """Raise UserError where rows break an inequality, a sum or a product of their schema."""
    for constraint in schema.constraints:
        check_constraint(constraint, rows, schema)


def check_constraint(constraint: Constraint, rows: pd.DataFrame, schema: Schema) -> None:
    """Raise UserError where rows break this one; a combination is what rows are, never broken."""
    check_batches(constraint, lambda names: [rows[list(names)]], schema)


def check_batches(constraint: Constraint, read: ReadColumns, schema: Schema) -> None:
    """`check_constraint`, with its errors, for rows that `read` gives a batch at a time."""
    if isinstance(constraint, Combination):
        return
    num_rows, num_broken = 0, 0
    examples: list[dict[Hashable, Any]] = []
    for rows in read(constraint.columns):
        found = np.flatnonzero(broken(constraint, rows, schema))
        wanted = rows[list(constraint.columns)].iloc[found[: _EXAMPLES - len(examples)]]
        examples += wanted.to_dict(orient="records")
        num_rows, num_broken = num_rows + len(rows), num_broken + len(found)
    if num_broken:
        told = "; ".join(", ".join(f"{k} = {v}" for k, v in row.items()) for row in examples)
        raise UserError(
            f"constraint {str(constraint)!r} is broken by {num_broken} of {num_rows} rows, such "
            f"as: {told}"
        )


def _column(name: str, constraint: Constraint, schema: Schema) -> Column:
    if name not in schema.names:
        known = ", ".join(schema.names[:30])
        raise UserError(f"constraint {str(constraint)!r}: no column {name!r}; there are: {known}")
    return schema[name]


def _check_comparable(constraint: Inequality, columns: Sequence[Column]) -> None:
    accepted = NUMBERS | {ColumnKind.DATETIME}
    _check_kinds(constraint, columns, accepted, "numbers or dates (integer, numerical, datetime)")
    if len({column.kind is ColumnKind.DATETIME for column in columns}) > 1:
        kinds = ", ".join(f"{column.name!r} is {column.kind}" for column in columns)
        raise UserError(f"constraint {str(constraint)!r} compares a date with a number: {kinds}")


def _check_sum(constraint: Sum, schema: Schema) -> None:
    """Raise UserError where a sum is not of numbers, nor of one date, nor a difference of two."""
    columns = {name: schema[name] for name in constraint.columns}
    dates = [name for name, column in columns.items() if column.kind is ColumnKind.DATETIME]
    accepted, told = NUMBERS, "numbers (integer, numerical)"
    if dates:
        accepted, told = accepted | {ColumnKind.DATETIME}, "dates and numbers"
    _check_kinds(constraint, list(columns.values()), accepted, told)
    added, taken, made = (
        sum(name in dates for name in names)
        for names in (constraint.parts, constraint.minus, (constraint.total,))
    )
    if added - taken != made or added > 1:
        raise UserError(
            f"constraint {str(constraint)!r}: it has dates ({', '.join(dates)}); such a sum "
            "is a date and numbers (end = start + days(stay)) or a difference of two dates "
            "(days(stay) = end - start)"
        )
    for name in columns:
        if (name in dates or not dates) and name in constraint.units:
            why = "is a date" if name in dates else "is added to no date"
            raise UserError(f"constraint {str(constraint)!r}: {name!r} {why}, and has no unit")
        if dates and name not in dates and name not in constraint.units:
            accepted_units = ", ".join(f"{unit}({name})" for unit in Unit)
            raise UserError(
                f"constraint {str(constraint)!r}: what does {name!r} count; say {accepted_units}"
            )


def _check_combination(constraint: Combination, columns: Sequence[Column], schema: Schema) -> None:
    accepted = frozenset({ColumnKind.CATEGORICAL, ColumnKind.BOOLEAN})
    _check_kinds(constraint, columns, accepted, "categories (categorical, boolean)")
    if schema.target in constraint.columns:
        raise UserError(
            f"constraint {str(constraint)!r}: {schema.target!r} is the target, which cannot be one "
            "of a combination"
        )


def _check_kinds(
    constraint: Constraint, columns: Sequence[Column], accepted: Iterable[ColumnKind], told: str
) -> None:
    for column in columns:
        if column.kind not in accepted:
            raise UserError(
                f"constraint {str(constraint)!r} is about {told}, but {column.name!r} is "
                f"{column.kind}; where that is wrong, declare it (prepare.kinds: "
                f"{{{column.name}: ...}})"
            )


def _repeated(constraints: Sequence[Constraint]) -> str | None:
    """What is wrong where two constraints make the same column, each in its own way."""
    taken: dict[str, Constraint] = {}
    for constraint in constraints:
        if isinstance(constraint, Inequality):
            continue
        is_joined = isinstance(constraint, Combination)
        made = constraint.columns if is_joined else constraint.columns[-1:]
        for name in made:
            if name in taken:
                mend = "put all their columns in one" if is_joined else "keep one of them"
                return f"constraints {_told([taken[name], constraint])} share {name!r}: {mend}"
            taken[name] = constraint
    return None


def _told(constraints: Iterable[Constraint]) -> str:
    return " and ".join(repr(str(constraint)) for constraint in constraints)
