"""A table written so that no row of it can break a constraint, and its rows written back.

In place of the column that an inequality holds above others stands what it has above them; in place
of a combination's columns stands one, whose categories are the combinations of training rows; a sum
is left out. Whatever a generator draws of such a table, written back, holds all constraints. All is
arithmetic on `encode`'s numbers, the same in numpy and in torch, so that it can leave with a
sampling program.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import ModuleType

import numpy as np
import pandas as pd

from components.config import Combination, Inequality, Sum
from components.data.constraints import drawing_order, follows_from
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
        """The columns of inequalities and sums, each after those it is made from."""
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
    def parts(self) -> dict[str, tuple[str, ...]]:
        """By total, its parts."""
        return {c.total: c.parts for c in self.outer.constraints if isinstance(c, Sum)}

    @cached_property
    def members(self) -> dict[str, tuple[str, ...]]:
        """By the first column of a combination, all of its columns."""
        found = (c.columns for c in self.outer.constraints if isinstance(c, Combination))
        return {columns[0]: columns for columns in found}

    def made(self, name: str) -> bool:
        """True where a column of `outer` is not what `inner` calls by its name."""
        joined = any(name in columns for columns in self.members.values())
        return name in self.lows or name in self.parts or joined

    def there(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Rows of `outer` as rows of `inner`; combinations that it does not know are missing."""
        values = {name: encode_column(frame, self.outer[name]) for name in self.order}
        columns = {}
        for column in self.inner.columns:
            name = column.name
            if name in self.lows:
                above = values[name] - self._floor(values, name, np)
            elif name in self.parts:
                parts = np.array([values[part] for part in self.parts[name]])
                above = values[name] - np.nansum(parts, axis=0)
                is_whole = ~np.isnan(parts).any(axis=0) & ~np.isnan(above)
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
        values = dict(drawn)
        most = self._most(drawn, arrays)
        for name in self.order:
            if name in self.parts:
                values[name] = self._total(name, values, drawn.get(name), arrays)
            else:
                values[name] = self._single(name, values, drawn[name], most[name], arrays)
            if known is not None:
                values[name] = arrays.where(arrays.isnan(known[name]), values[name], known[name])
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
        arrays: ModuleType,
    ) -> Numbers:
        """What was drawn, above its floor where the column has one, and where it is to be."""
        column = self.outer[name]
        value = within(drawn, self.inner[name], arrays)
        least = arrays.full_like(value, column.minimum)
        if name in self.lows:
            floor = self._floor(values, name, arrays)
            least = upwards(arrays.maximum(least, floor), self.grids[name], arrays)
            value = rounded(floor + value, self.grids[name], arrays)
        return arrays.minimum(arrays.maximum(value, least), arrays.maximum(most, least))

    def _total(
        self, name: str, values: Mapping[str, Numbers], above: Numbers | None, arrays: ModuleType
    ) -> Numbers:
        """The sum of the parts; where one is missing, of the others and what was drawn above."""
        parts = [values[part] for part in self.parts[name]]
        known = sum(arrays.where(arrays.isnan(part), 0.0, part) for part in parts)
        column = self.outer[name]
        if above is None:
            return rounded(known, grid_of(column), arrays)
        whole = rounded(known, grid_of(column), arrays)
        above = within(above, self.inner[name], arrays)
        is_whole = ~arrays.isnan(sum(parts))
        part = within(known + above, column, arrays)
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
