"""Constraints checked: against the columns they name, against each other, and against rows."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from components.config import Combination, Constraint, Inequality, Sum
from components.data.digits import digits_of
from components.data.schema import Column, ColumnKind, Schema
from components.data.table import Matrix, encode_column
from components.errors import UserError

Mask = NDArray[np.bool_]

ReadColumns = Callable[[Sequence[str]], Iterable[pd.DataFrame]]
"""Gives all rows of these columns, a batch at a time, whenever it is called."""

NUMBERS = frozenset({ColumnKind.INTEGER, ColumnKind.NUMERICAL})
_EXAMPLES = 3
_ROUNDING = 1e-9


def check_columns(constraints: Sequence[Constraint], schema: Schema) -> None:
    """Raise UserError where a constraint cannot be about its columns, or contradicts another."""
    for constraint in constraints:
        columns = [_column(name, constraint, schema) for name in constraint.columns]
        if isinstance(constraint, Inequality):
            _check_comparable(constraint, columns)
        elif isinstance(constraint, Sum):
            _check_kinds(constraint, columns, NUMBERS, "numbers (integer, numerical)")
        else:
            _check_combination(constraint, columns, schema)
    repeated = _repeated(constraints)
    if repeated is not None:
        raise UserError(repeated)
    drawing_order(constraints)


def follows_from(
    constraint: Inequality, constraints: Sequence[Constraint], schema: Schema
) -> Sum | None:
    """The sum by which `high` is `low`, or what is above it, and numbers that are never negative.

    None where there is none.
    """
    low = digits_of(schema[constraint.low])
    above = {c.high for c in constraints if isinstance(c, Inequality) and c.low == constraint.low}
    for found in constraints:
        if not isinstance(found, Sum) or found.total != constraint.high:
            continue
        total = digits_of(schema[found.total])
        keeps_digits = total is None or (low is not None and low <= total)
        for part in found.parts:
            others = [schema[name] for name in found.parts if name != part]
            is_positive = all(c.minimum is not None and c.minimum >= 0 for c in others)
            if keeps_digits and is_positive and part in {constraint.low, *above}:
                return found
    return None


def drawing_order(constraints: Sequence[Constraint]) -> list[str]:
    """Columns of inequalities and sums, each after those it is made from.

    Raises UserError where there is no such order: a column would be made from itself.
    """
    made_from: dict[str, set[str]] = {}
    for constraint in constraints:
        if isinstance(constraint, Inequality):
            made_from.setdefault(constraint.high, set()).add(constraint.low)
        elif isinstance(constraint, Sum):
            made_from.setdefault(constraint.total, set()).update(constraint.parts)
    try:
        return list(TopologicalSorter(made_from).static_order())
    except CycleError as error:
        raise UserError(
            f"constraints contradict one another: {_told(constraints)}: each of "
            f"{', '.join(sorted(set(error.args[1])))} would be made from the others"
        ) from error


def broken(
    constraint: Inequality | Sum, rows: pd.DataFrame, schema: Schema, largest: float | None = None
) -> Mask:
    """Rows that break the constraint, shape (rows,); one that lacks a value breaks nothing.

    Where they are a batch of a table, `largest` is the largest absolute number of all its rows.
    """
    values = _encoded(constraint, rows, schema)
    if isinstance(constraint, Inequality):
        above: Mask = values[:, 0] > values[:, 1]
        return above
    digits = digits_of(schema[constraint.total])
    largest = _largest(values) if largest is None else largest
    allowed = _ROUNDING * largest if digits is None else 0.5 * 10.0**-digits + _ROUNDING * largest
    off: Mask = np.abs(values[:, :-1].sum(axis=1) - values[:, -1]) > allowed
    return off


def check_rows(rows: pd.DataFrame, schema: Schema) -> None:
    """Raise UserError where rows break an inequality or a sum of their schema."""
    for constraint in schema.constraints:
        check_constraint(constraint, rows, schema)


def check_constraint(constraint: Constraint, rows: pd.DataFrame, schema: Schema) -> None:
    """Raise UserError where rows break this one; a combination is what rows are, never broken."""
    check_batches(constraint, lambda names: [rows[list(names)]], schema)


def check_batches(constraint: Constraint, read: ReadColumns, schema: Schema) -> None:
    """`check_constraint`, with its errors, for rows that `read` gives a batch at a time."""
    if isinstance(constraint, Combination):
        return
    largest = 1.0
    if isinstance(constraint, Sum):
        parts = read(constraint.columns)
        largest = max(_largest(_encoded(constraint, rows, schema)) for rows in parts)
    num_rows, num_broken = 0, 0
    examples: list[dict[Hashable, Any]] = []
    for rows in read(constraint.columns):
        found = np.flatnonzero(broken(constraint, rows, schema, largest))
        wanted = rows[list(constraint.columns)].iloc[found[: _EXAMPLES - len(examples)]]
        examples += wanted.to_dict(orient="records")
        num_rows, num_broken = num_rows + len(rows), num_broken + len(found)
    if num_broken:
        told = "; ".join(", ".join(f"{k} = {v}" for k, v in row.items()) for row in examples)
        raise UserError(
            f"constraint {str(constraint)!r} is broken by {num_broken} of {num_rows} rows, such "
            f"as: {told}"
        )


def _encoded(constraint: Constraint, rows: pd.DataFrame, schema: Schema) -> Matrix:
    return np.column_stack([encode_column(rows, schema[name]) for name in constraint.columns])


def _largest(values: Matrix) -> float:
    return float(np.nanmax(np.abs(values), initial=1.0))


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
        made = constraint.columns if isinstance(constraint, Combination) else (constraint.total,)
        for name in made:
            if name in taken:
                mend = (
                    "put all their columns in one"
                    if isinstance(constraint, Combination)
                    else "keep one of them"
                )
                return f"constraints {_told([taken[name], constraint])} share {name!r}: {mend}"
            taken[name] = constraint
    return None


def _told(constraints: Iterable[Constraint]) -> str:
    return " and ".join(repr(str(constraint)) for constraint in constraints)
