"""A table written so that no row of it can break a constraint, and its rows written back.

In place of the column that an inequality holds above others stands what it has above them; in place
of a combination's columns stands one, whose categories are the combinations of training rows; what
a formula computes (a sum, a product) is left out. Whatever a generator draws of such a table,
written back, holds all constraints. All is arithmetic on `encode`'s numbers, the same in numpy and
in torch, so that it can leave with a sampling program.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import ModuleType

import numpy as np
import pandas as pd

from components.config import Combination, Constraint, Inequality, Sum
from components.data.constraints.checks import drawing_order, follows_from
from components.data.constraints.formulas import Linear, Powers, Range, formula_of, formulas_of
from components.data.digits import Grid, Numbers, downwards, grid_of, rounded, upwards, within
from components.data.schema import Column, ColumnKind, Schema
from components.data.table import Matrix, encode_column

Tables = Mapping[str, Numbers]
"""By the first column of a combination, the codes of its columns, a row a combination."""


@dataclass(frozen=True)
class Rewriting:
    """How rows of `outer`, whose constraints it holds, are written as rows of `inner` and back.

    Columns keep their names: what stands in place of `high` is called `high`, and has what the row
    has above its highest known `low`, or above `base[high]` where none is known. A total that may
    be missing, or may have missing parts, keeps a column: what it has above its known parts.
    Columns that sum up to a number are kept where they leave the last of them in its range.
    `combinations` has a row for each category of a combination's column in `inner`. `grids` are
    what columns of inequalities are rounded to: a sum of two numbers knows no heaps.
    """

    outer: Schema
    inner: Schema
    combinations: Mapping[str, Matrix]
    base: Mapping[str, float]
    grids: Mapping[str, Grid]

    @cached_property
    def order(self) -> list[str]:
        """The columns of inequalities and formulas, each after those it is made from."""
        return drawing_order(self.outer.constraints)

    @cached_property
    def lows(self) -> dict[str, list[str]]:
        """By column that is not a sum, those that it is held above."""
        return lows_of(self.outer)

    @cached_property
    def followed(self) -> dict[str, list[str]]:
        """By total, those that it is above since it is their sum with others."""
        return lows_of(self.outer, of_sums=True)

    @cached_property
    def highs(self) -> dict[str, list[str]]:
        """By column, those that it is held below."""
        found: dict[str, list[str]] = {}
        for high, lows in [*self.lows.items(), *self.followed.items()]:
            for low in lows:
                found.setdefault(low, []).append(high)
        return found

    @cached_property
    def formulas(self) -> dict[str, Linear | Powers]:
        """By total, how it is computed."""
        return formulas_of(self.outer.constraints)

    @cached_property
    def leaving(self) -> dict[str, list[Linear]]:
        """By column, the formulas by which it leaves a share of a number to another column."""
        found: dict[str, list[Linear]] = {}
        for formula in shares_of(self.outer.constraints):
            for name in formula.sources:
                found.setdefault(name, []).append(formula)
        return found

    @cached_property
    def members(self) -> dict[str, tuple[str, ...]]:
        """By the first column of a combination, all of its columns."""
        found = (c.columns for c in self.outer.constraints if isinstance(c, Combination))
        return {columns[0]: columns for columns in found}

    def made(self, name: str) -> bool:
        """True where a column of `outer` is not what `inner` calls by its name."""
        joined = any(name in columns for columns in self.members.values())
        return name in self.lows or name in self.formulas or joined

    def there(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Rows of `outer` as rows of `inner`; combinations that it does not know are missing."""
        values = {name: encode_column(frame, self.outer[name]) for name in self.order}
        columns = {}
        for column in self.inner.columns:
            name = column.name
            if name in self.lows:
                above = values[name] - self._floor(values, name, np)
            elif name in self.formulas:
                parts = [values[part] for part in self.formulas[name].sources]
                above = values[name] - self.formulas[name].of_known(parts, np)
                is_whole = ~np.isnan(np.array(parts)).any(axis=0) & ~np.isnan(above)
                above = np.where(is_whole, 0.0, above)
            elif name in self.members:
                columns[name] = self._joined(frame, column)
                continue
            else:
                columns[name] = frame[name].reset_index(drop=True)
                continue
            columns[name] = _series(above, column)
        return pd.DataFrame(columns)

    def back(
        self,
        rows: Numbers,
        arrays: ModuleType,
        tables: Tables,
        known: Mapping[str, Numbers] | None = None,
    ) -> Numbers:
        """Rows of `inner` in `encode`'s form as rows of `outer` in it, by numpy or torch.

        Columns that constraints are about are clipped and rounded as `decode` would, and hold
        them; clipping and rounding them once more changes nothing. Values that are `known`, NaN
        where not, by column of `outer`, are taken as they are, and can carry others out of range.
        """
        drawn = {column.name: rows[:, i] for i, column in enumerate(self.inner.learned)}
        made: dict[str, Numbers] = {}
        known = known or {}
        most = self._most(drawn, arrays)
        for name in self.order:
            if name in self.formulas:
                value = self._total(name, made, drawn.get(name), arrays)
            else:
                room = self._room(name, made, drawn, known, arrays)
                value = self._single(name, made, drawn[name], most[name], room, arrays)
            if name in known:
                value = arrays.where(arrays.isnan(known[name]), value, known[name])
            made[name] = value
        values = drawn | made
        for name, members in self.members.items():
            codes = _taken(tables[name], drawn[name], arrays)
            values |= {member: codes[:, i] for i, member in enumerate(members)}
        return arrays.stack([values[column.name] for column in self.outer.learned], 1)

    def most_of(self, name: str) -> float:
        """The most that a column can be in a row without missing values."""
        nothing = {column.name: np.zeros(1) for column in self.inner.learned}
        return float(self._most(nothing, np)[name][0])

    def after(self, learned: Schema) -> "Rewriting":
        """The same with what a generator has made of `inner`: categories can be gone."""
        combinations, columns = {}, {column.name: column for column in learned.columns}
        columns |= {c.name: c for c in self.outer.columns if self.made(c.name)}
        for first, members in self.members.items():
            kept = np.array(learned[first].categories, dtype=np.int64)
            codes = self.combinations[first][kept].copy()
            for i, member in enumerate(members):
                known = ~np.isnan(codes[:, i])
                used, places = np.unique(codes[known, i].astype(np.int64), return_inverse=True)
                codes[known, i] = places
                levels = tuple(self.outer[member].categories[code] for code in used)
                columns[member] = self.outer[member].model_copy(update={"categories": levels})
            combinations[first] = codes
        outer = tuple(columns[name] for name in self.outer.names)
        return replace(
            self,
            outer=self.outer.model_copy(update={"columns": outer}),
            inner=learned,
            combinations=combinations,
        )

    def _floor(self, values: Mapping[str, Numbers], name: str, arrays: ModuleType) -> Numbers:
        """What a column stands on: its highest known low, else its base."""
        floor = arrays.full_like(values[self.lows[name][0]], -np.inf)
        for low in self.lows[name]:
            value = values[low]
            floor = arrays.where(arrays.isnan(value), floor, arrays.maximum(floor, value))
        return arrays.where(floor == -np.inf, self.base[name], floor)

    def _most(self, drawn: Mapping[str, Numbers], arrays: ModuleType) -> dict[str, Numbers]:
        """The most each column can be where those known above it are to be in range."""
        like = next(iter(drawn.values()))
        most: dict[str, Numbers] = {}
        for name in reversed(self.order):
            column = self.outer[name]
            found = arrays.full_like(like, column.maximum)
            for high in self.highs.get(name, ()):
                other = most[high]
                if high in drawn:  # else it is a sum that is never missing
                    other = arrays.where(arrays.isnan(drawn[high]), np.inf, other)
                found = arrays.minimum(found, other)
            most[name] = downwards(found, self.grids[name], arrays)
        return most

    def _single(
        self,
        name: str,
        values: Mapping[str, Numbers],
        drawn: Numbers,
        most: Numbers,
        room: Range | None,
        arrays: ModuleType,
    ) -> Numbers:
        """What was drawn, above its floor where the column has one, and where it is to be."""
        column = self.outer[name]
        value = within(drawn, self.inner[name], arrays)
        least = arrays.full_like(value, column.minimum)
        if room is not None:
            least = arrays.maximum(least, upwards(room[0], self.grids[name], arrays))
            most = arrays.minimum(most, downwards(room[1], self.grids[name], arrays))
        if name in self.lows:
            floor = self._floor(values, name, arrays)
            least = upwards(arrays.maximum(least, floor), self.grids[name], arrays)
            value = floor + value
        value = rounded(value, self.grids[name], arrays)
        return arrays.minimum(arrays.maximum(value, least), arrays.maximum(most, least))

    def _room(
        self,
        name: str,
        made: Mapping[str, Numbers],
        drawn: Mapping[str, Numbers],
        known: Mapping[str, Numbers],
        arrays: ModuleType,
    ) -> Range | None:
        """Where a column is to be to leave others their ranges; None where it leaves nothing.

        It can be anywhere in rows that lack one of these.
        """
        found: Range | None = None
        for formula in self.leaving.get(name, ()):
            ends = [self._reach(source, made, drawn, known, arrays) for source in formula.sources]
            result = self._reach(formula.result, {}, drawn, {}, arrays)
            low, high = formula.room(formula.sources.index(name), ends, result)
            grid = grid_of(self.outer[formula.result])
            low = arrays.where(arrays.isnan(low), -math.inf, rounded(low, grid, arrays))
            high = arrays.where(arrays.isnan(high), math.inf, rounded(high, grid, arrays))
            if found is not None:
                low, high = arrays.maximum(low, found[0]), arrays.minimum(high, found[1])
            found = low, high
        return found

    def _reach(
        self,
        name: str,
        made: Mapping[str, Numbers],
        drawn: Mapping[str, Numbers],
        known: Mapping[str, Numbers],
        arrays: ModuleType,
    ) -> Range:
        """The range of a column, that of one value where it is made or known, NaN where missing."""
        if name in made:
            return made[name], made[name]
        like = next(iter(drawn.values()))
        low, high = (arrays.full_like(like, end) for end in self.outer[name].ends)
        if name in drawn:
            missing = arrays.isnan(drawn[name])
            low, high = (arrays.where(missing, math.nan, end) for end in (low, high))
        if name in known:
            is_open = arrays.isnan(known[name])
            low, high = (arrays.where(is_open, end, known[name]) for end in (low, high))
        return low, high

    def _total(
        self, name: str, values: Mapping[str, Numbers], above: Numbers | None, arrays: ModuleType
    ) -> Numbers:
        """What its formula computes; where a part is missing, what was drawn above the others'."""
        formula, column = self.formulas[name], self.outer[name]
        parts = [values[part] for part in formula.sources]
        whole = rounded(formula.value(parts, arrays), grid_of(column), arrays)
        if above is None:
            return whole
        above = within(above, self.inner[name], arrays)
        is_whole = ~arrays.isnan(sum(parts))
        part = within(formula.of_known(parts, arrays) + above, column, arrays)
        for low in self.followed.get(name, ()):
            value = values[low]
            part = arrays.where(arrays.isnan(value), part, arrays.maximum(part, value))
        return arrays.where(is_whole & ~arrays.isnan(above), whole, part)

    def _joined(self, frame: pd.DataFrame, column: Column) -> pd.Series:
        """The category of each row's combination; missing where all is, or it is not known."""
        members = self.members[column.name]
        codes = np.column_stack([encode_column(frame, self.outer[name]) for name in members])
        known = {
            _key(row): value
            for row, value in zip(self.combinations[column.name], column.categories, strict=True)
        }
        unique, places = np.unique(np.nan_to_num(codes, nan=-1.0), axis=0, return_inverse=True)
        found = np.array([known.get(_key(row), np.nan) for row in unique], dtype=np.float64)
        return _series(found[places.reshape(-1)], column)


def _taken(table: Numbers, codes: Numbers, arrays: ModuleType) -> Numbers:
    """The rows of `table` at these codes, NaN at NaN."""
    missing = arrays.isnan(codes)
    places = arrays.where(missing, 0.0, codes)
    whole = places.astype(np.int64) if arrays is np else places.long()
    return arrays.where(missing[:, None], np.nan, table[whole])


def shares_of(constraints: Iterable[Constraint]) -> list[Linear]:
    """The formulas of sums to a number, by which a column is what others leave of it."""
    sums = [c for c in constraints if isinstance(c, Sum) and c.constant is not None]
    found = (formula_of(constraint) for constraint in sums)
    return [formula for formula in found if isinstance(formula, Linear)]


def lows_of(schema: Schema, *, of_sums: bool = False) -> dict[str, list[str]]:
    """By column, those that inequalities hold it above, where no sum does, or where one does."""
    found: dict[str, list[str]] = {}
    for c in schema.constraints:
        if isinstance(c, Inequality):
            if (follows_from(c, schema.constraints, schema) is not None) is of_sums:
                found.setdefault(c.high, []).append(c.low)
    return found


def _key(codes: Matrix) -> tuple[int, ...]:
    return tuple(np.nan_to_num(codes, nan=-1.0).astype(int).tolist())


def _series(values: Matrix, column: Column) -> pd.Series:
    """Numbers in the column's type and with its digits."""
    if column.kind is ColumnKind.NUMERICAL:
        return pd.Series(rounded(values, grid_of(column), np))
    whole = pd.Series(np.round(values)).astype("Int64")
    return whole if whole.isna().any() else whole.astype("int64")
