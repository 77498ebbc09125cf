"""Making the rewriting of a table: what its rows are written as, and whether that is possible."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from components.config import Combination, Constraint, Inequality
from components.data.constraints.checks import drawing_order
from components.data.constraints.formulas import Linear, Powers, formula_of, formulas_of
from components.data.constraints.rewriting import Rewriting, lows_of, shares_of
from components.data.digits import Grid, coarsest_grid, digits_of, grid_of, rounded, upwards
from components.data.forms.clock_forms import ClockForm
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
        sources = plain.formulas[target].sources
        numbers = [name for name in sources if outer[name].kind is not ColumnKind.DATETIME]
        target = [*numbers, *sources][0]
    return replace(plain, inner=Schema(columns=tuple(columns), target=target))


def check_possible(schema: Schema) -> None:
    """Raise UserError where the constraints of a schema cannot all be held in its ranges."""
    plain = _ranged(schema)
    for name in plain.order:
        if name in plain.formulas:
            _check_formula(plain, name)
        if plain.most_of(name) < plain.outer[name].ends[0]:
            above = ", ".join(plain.highs[name])
            raise UserError(
                f"constraints of {name!r} cannot all hold: its least value is above the most that "
                f"{above} can be"
            )


def _check_formula(plain: Rewriting, name: str) -> None:
    """Raise UserError where a column that is computed cannot be, or not as all constraints say."""
    told = [str(c) for c in plain.outer.constraints if name == c.columns[-1]]
    if name in plain.lows:
        raise UserError(
            f"constraints {', '.join(map(repr, told))} cannot all be held: one makes "
            f"{name!r}, which cannot also be held above {', '.join(plain.lows[name])}"
        )
    formula, column = plain.formulas[name], plain.outer[name]
    if isinstance(formula, Powers):
        over = [s for s, power in zip(formula.sources, formula.powers, strict=True) if power < 0]
        zero = [s for s in over if plain.outer[s].ends[0] <= 0 <= plain.outer[s].ends[1]]
        if zero and (not column.nullable or not all(map(math.isfinite, column.ends))):
            raise UserError(
                f"constraint {told[0]!r} cannot be held: {zero[0]!r} can be 0 or near it, and "
                f"{name!r} is then not defined"
            )
    finest = max(formula.sources, key=lambda each: _fineness(plain.outer[each]))
    is_left = formula in shares_of(plain.outer.constraints)
    if is_left and _fineness(plain.outer[finest]) > _fineness(column):
        raise UserError(
            f"constraint {told[0]!r} cannot be held: what is left for {name!r} would be no whole "
            f"number; name {finest!r} last, which has more digits"
        )


def _fineness(column: Column) -> float:
    digits = digits_of(column)
    return math.inf if digits is None else digits


def _ranged(schema: Schema, heaped: Mapping[str, Grid] = NO_HEAPS) -> Rewriting:
    """The rewriting as far as ranges tell: rows are not written as anything else yet."""
    schema = _in_common_steps(schema)
    plain = {name: grid_of(schema[name]) for name in drawing_order(schema.constraints)}
    grids = {**plain, **_moments(schema), **heaped}
    outer = _widened(schema, grids)
    base = {high: outer[high].ends[0] for high in lows_of(outer)}
    return Rewriting(outer, outer, {}, base, grids)


def _with_heaps(table: Table) -> Rewriting:
    """The same, columns of inequalities on the coarsest grids of their rows, if these go together.

    They may not where no row has values in all columns.
    """
    plain = _ranged(table.schema)
    heaped = {
        name: coarsest_grid(encode_column(table.frame, plain.outer[name]), plain.outer[name])
        for name in plain.order
        if name not in {*plain.formulas, *plain.leaving, *_moments(plain.outer)}
    }
    found = _ranged(table.schema, heaped)
    is_possible = all(
        found.most_of(name) >= upwards(np.float64(found.outer[name].ends[0]), grid, np)
        for name, grid in found.grids.items()
    )
    return found if is_possible else plain


def _moments(schema: Schema) -> dict[str, Grid]:
    """Grids of durations, so that they lead from one point of the grid of their dates to another.

    A duration of a third of an hour is .333..., and the seconds are whole.
    """
    found = {}
    for formula in formulas_of(schema.constraints).values():
        step = _step_of_dates(formula, {column.name: column for column in schema.columns})
        for name, weight in zip(formula.sources, getattr(formula, "weights", ()), strict=False):
            column, grid = schema[name], grid_of(schema[name])
            if step is None or column.kind is ColumnKind.DATETIME:
                continue
            own = 1.0 if grid.scale is None else max(1.0, weight * grid.step / grid.scale)
            apart = math.lcm(int(step), int(own)) if own.is_integer() else int(step)
            found[name] = Grid(weight, float(apart))
    return found


def _step_of_dates(formula: Linear | Powers, columns: Mapping[str, Column]) -> float | None:
    """What all dates are multiples of where one is another and a duration; None elsewhere."""
    named = [columns[name] for name in (formula.result, *formula.sources)]
    dates = [column for column in named if column.kind is ColumnKind.DATETIME]
    if named[0] not in dates or len(named) > 3:
        return None
    return float(math.gcd(*(int(column.step or 1) for column in dates)))


def _in_common_steps(schema: Schema) -> Schema:
    """The schema with totals in steps that their parts can make: those that all of them share.

    So are all columns that sum up to a number, the last of which has the digits of all others.
    """
    columns = {column.name: column for column in schema.columns}
    formulas, shares = formulas_of(schema.constraints), shares_of(schema.constraints)
    for name in drawing_order(schema.constraints):
        if name not in formulas:
            continue
        formula = formulas[name]
        made = any(source in formulas for source in formula.sources)
        step = None if made else _step_of_dates(formula, columns)
        step = _common_step(formula, columns) if step is None else step
        for each in (name, *formula.sources) if formula in shares else (name,):
            columns[each] = columns[each].model_copy(update={"step": step})
        if formula in shares and columns[name].kind is ColumnKind.NUMERICAL:
            digits = [digits_of(columns[each]) for each in (name, *formula.sources)]
            most = None if None in digits else max(d for d in digits if d is not None)
            columns[name] = columns[name].model_copy(update={"decimals": most})
    return schema.model_copy(update={"columns": tuple(columns[name] for name in schema.names)})


def _common_step(formula: Linear | Powers, columns: Mapping[str, Column]) -> float | None:
    """The step that all numbers share which a result is the sum of, and it too; None for 1."""
    named = [columns[each] for each in (formula.result, *formula.sources)]
    if not isinstance(formula, Linear) or len({digits_of(column) for column in named}) > 1:
        return None
    weights = (1.0, *(weight / formula.scale for weight in formula.weights))
    steps = [abs(w) * (column.step or 1.0) for w, column in zip(weights, named, strict=True)]
    if not all(float(step).is_integer() for step in (*steps, formula.constant)):
        return None
    step = math.gcd(int(formula.constant), *map(int, steps))
    return float(step) if step > 1 else None


def _widened(schema: Schema, grids: Mapping[str, Grid]) -> Schema:
    """The schema with ranges for all that its constraints can make of values in range.

    A total can be what its parts can make, and columns above it can be as much. What is left of a
    number stays in its range where the others can make room for it.
    """
    columns = {column.name: column for column in schema.columns}
    formulas = formulas_of(schema.constraints)
    lows, grown = lows_of(schema), set()
    for name, grid in grids.items():
        if name in formulas and not _is_given_room(formulas[name], columns, schema.constraints):
            sources = formulas[name].sources
            ends = formulas[name].ends(
                [columns[source].ends for source in sources], [grids[each] for each in sources]
            )
            least, most = (float(rounded(np.float64(end), grid, np)) for end in ends)
            columns[name] = _reaching(columns[name], least, most)
            grown.add(name)
        for low in lows.get(name, ()):
            if low in grown:
                end = float(upwards(np.float64(columns[low].ends[1]), grid, np))
                columns[name] = _reaching(columns[name], end, end)
                grown.add(name)
    return schema.model_copy(update={"columns": tuple(columns[name] for name in schema.names)})


def _is_given_room(
    formula: Linear | Powers, columns: Mapping[str, Column], constraints: Sequence[Constraint]
) -> bool:
    """Is the result in its range whatever is drawn, since the others make room for it.

    They cannot where they are also bound otherwise, or are on a grid too coarse for it.
    """
    if not isinstance(formula, Linear) or formula not in shares_of(constraints):
        return False
    named = (formula.result, *formula.sources)
    for other in constraints:
        if isinstance(other, Combination) or other.columns[-1] == formula.result:
            continue
        is_bound = isinstance(other, Inequality) or formula_of(other) in shares_of(constraints)
        if {*formula.sources} & {*(other.columns if is_bound else other.columns[-1:])}:
            return False
    low, high = columns[formula.result].ends
    digits = {digits_of(columns[each]) for each in named}
    coarsest = max(0.0 if d is None else 10.0**-d for d in digits) if len(digits) > 1 else 0.0
    least, most = formula.ends([columns[source].ends for source in formula.sources], ())
    return low <= most and least <= high and high - low >= coarsest


def _reaching(column: Column, low: float, high: float) -> Column:
    least, most = min(column.ends[0], low), max(column.ends[1], high)
    found = column.model_copy(update={"minimum": least, "maximum": most})
    form = column.number_form
    if isinstance(form, ClockForm) and form.range and not (0 <= least and most < form.day):
        lengths = form.model_copy(update={"is_of_day": False, "begins": 0})  # that add up
        return found.model_copy(update={"number_form": lengths})
    return found


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
    if name in rewriting.formulas:
        sources = rewriting.formulas[name].sources
        if not any(schema[other].nullable for other in (name, *sources)):
            return []
        return [_above(rewriting, column, sources, frame)]
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
