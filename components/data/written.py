"""Making the rewriting of a table: what its rows are written as, and whether that is possible."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from components.config import Sum
from components.data.constraints import drawing_order
from components.data.digits import Grid, coarsest_grid, digits_of, grid_of, rounded, upwards
from components.data.rewriting import Rewriting, lows_of
from components.data.schema import Column, ColumnKind, Schema
from components.data.table import Matrix, Table, encode_column
from components.errors import UserError

NO_HEAPS: Mapping[str, Grid] = {}


def rewriting_of(table: Table) -> Rewriting:
    """The rewriting of a table by the constraints of its schema."""
    plain = _with_heaps(table)
    outer = plain.outer
    combinations = {first: _combinations(table, names) for first, names in plain.members.items()}
    plain = replace(plain, combinations=combinations)
    columns = [column for c in outer.columns for column in _written(plain, c, table.frame)]
    names = [column.name for column in columns]
    target = outer.target
    while target not in names:  # a total that is left out
        target = plain.parts[target][0]
    return replace(plain, inner=Schema(columns=tuple(columns), target=target))


def check_possible(schema: Schema) -> None:
    """Raise UserError where the constraints of a schema cannot all be held in its ranges."""
    plain = _ranged(schema)
    for name in plain.order:
        if name in plain.parts and name in plain.lows:
            told = [str(c) for c in schema.constraints if name in c.columns[-1:]]
            raise UserError(
                f"constraints {', '.join(map(repr, told))} cannot all be held: the sum makes "
                f"{name!r}, which cannot also be held above {', '.join(plain.lows[name])}"
            )
        if plain.most_of(name) < _bound(plain.outer[name].minimum):
            above = ", ".join(plain.highs[name])
            raise UserError(
                f"constraints of {name!r} cannot all hold: its least value is above the most that "
                f"{above} can be"
            )


def _ranged(schema: Schema, heaped: Mapping[str, Grid] = NO_HEAPS) -> Rewriting:
    """The rewriting as far as ranges tell: rows are not written as anything else yet."""
    schema = _in_common_steps(schema)
    plain = {name: grid_of(schema[name]) for name in drawing_order(schema.constraints)}
    grids = {**plain, **heaped}
    outer = _widened(schema, grids)
    base = {high: _bound(outer[high].minimum) for high in lows_of(outer)}
    return Rewriting(outer, outer, {}, base, grids)


def _with_heaps(table: Table) -> Rewriting:
    """The same, columns of inequalities on the coarsest grids of their rows, if these go together.

    They may not where no row has values in all columns.
    """
    plain = _ranged(table.schema)
    heaped = {
        name: coarsest_grid(encode_column(table.frame, plain.outer[name]), plain.outer[name])
        for name in plain.order
        if name not in plain.parts
    }
    found = _ranged(table.schema, heaped)
    is_possible = all(
        found.most_of(name) >= upwards(np.float64(_bound(found.outer[name].minimum)), grid, np)
        for name, grid in found.grids.items()
    )
    return found if is_possible else plain


def _in_common_steps(schema: Schema) -> Schema:
    """The schema with totals in steps that their parts can make: those that all of them share."""
    columns = {column.name: column for column in schema.columns}
    parts = {c.total: c.parts for c in schema.constraints if isinstance(c, Sum)}
    for name in drawing_order(schema.constraints):
        if name in parts:
            summed = [columns[each] for each in (name, *parts[name])]
            alike = len({digits_of(column) for column in summed}) == 1
            step = math.gcd(*(int(column.step or 1) for column in summed)) if alike else 1
            step_or_none = float(step) if step > 1 else None
            columns[name] = columns[name].model_copy(update={"step": step_or_none})
    return schema.model_copy(update={"columns": tuple(columns[name] for name in schema.names)})


def _widened(schema: Schema, grids: Mapping[str, Grid]) -> Schema:
    """The schema with ranges for all that its constraints can make of values in range.

    A total can be what its parts can add up to, and columns above it can be as much.
    """
    columns = {column.name: column for column in schema.columns}
    parts = {c.total: c.parts for c in schema.constraints if isinstance(c, Sum)}
    lows, grown = lows_of(schema), set()
    for name, grid in grids.items():
        if name in parts:
            ends = [
                sum(_bound(getattr(columns[part], end)) for part in parts[name])
                for end in ("minimum", "maximum")
            ]
            ends = [float(rounded(np.float64(end), grid, np)) for end in ends]
            columns[name] = _reaching(columns[name], *ends)
            grown.add(name)
        for low in lows.get(name, ()):
            if low in grown:
                end = float(upwards(np.float64(_bound(columns[low].maximum)), grid, np))
                columns[name] = _reaching(columns[name], end, end)
                grown.add(name)
    return schema.model_copy(update={"columns": tuple(columns[name] for name in schema.names)})


def _reaching(column: Column, low: float, high: float) -> Column:
    ends = {
        "minimum": min(_bound(column.minimum), low),
        "maximum": max(_bound(column.maximum), high),
    }
    return column.model_copy(update=ends)


def _bound(end: float | None) -> float:
    assert end is not None, "numbers and dates have a range"
    return end


def _combinations(table: Table, members: Sequence[str]) -> Matrix:
    """The codes of the combinations in training rows, those of missing values alone left out."""
    codes = np.column_stack([encode_column(table.frame, table.schema[name]) for name in members])
    codes = codes[~np.isnan(codes).all(axis=1)]
    found: Matrix = np.unique(np.nan_to_num(codes, nan=-1.0), axis=0)
    return np.where(found < 0, np.nan, found) if len(found) else np.full((1, len(members)), np.nan)


def _written(rewriting: Rewriting, column: Column, frame: pd.DataFrame) -> list[Column]:
    """What stands in place of a column: itself, another, or none."""
    name, schema = column.name, rewriting.outer
    if name in rewriting.lows:
        return [_above(rewriting, column, [*rewriting.lows[name]], frame)]
    if name in rewriting.parts:
        parts = rewriting.parts[name]
        if not any(schema[other].nullable for other in (name, *parts)):
            return []
        return [_above(rewriting, column, parts, frame)]
    for first, members in rewriting.members.items():
        if name == first:
            categories = tuple(range(len(rewriting.combinations[first])))
            return [
                Column(
                    name=name,
                    kind=ColumnKind.CATEGORICAL,
                    dtype="int64",
                    nullable=all(schema[member].nullable for member in members),
                    categories=categories,
                )
            ]
        if name in members:
            return []
    return [column]


def _above(
    rewriting: Rewriting, column: Column, others: Sequence[str], frame: pd.DataFrame
) -> Column:
    """The column of what `column` has above others, with the range that rows show."""
    kinds = {ColumnKind.INTEGER, ColumnKind.DATETIME}
    columns = [rewriting.outer[name] for name in (column.name, *others)]
    is_whole = all(c.kind in kinds for c in columns)
    digits = [digits_of(c) for c in columns]
    shown = Column(
        name=column.name,
        kind=ColumnKind.INTEGER if is_whole else ColumnKind.NUMERICAL,
        dtype="int64" if is_whole else "float64",
        nullable=column.nullable,
        decimals=None if is_whole or None in digits else max(d for d in digits if d is not None),
    )
    only = replace(rewriting, inner=Schema(columns=(shown,), target=shown.name))
    values = only.there(frame)[column.name].dropna().to_numpy(dtype=np.float64)
    ends = (values.min(), values.max()) if len(values) else (0.0, 0.0)
    return shown.model_copy(update={"minimum": float(ends[0]), "maximum": float(ends[1])})
