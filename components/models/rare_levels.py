"""What few rows have is not given out: no category by its name, and none of their numbers."""

import logging
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from components.data.crowds import crowded_ends
from components.data.digits import grid_of, rounded
from components.data.schema import Column, ColumnKind, Schema
from components.data.table import OTHER, Matrix, Table, decode_column, encode_column
from components.errors import UserError

logger = logging.getLogger(__name__)

FEWEST_ROWS = 5
"""A name that fewer rows have is not given out even where the table is too small for the crowd."""


@dataclass(frozen=True)
class _Gathered:
    """A column whose rare levels are gathered, and how many rows and levels that were."""

    values: "pd.Series[str]"
    column: Column
    num_levels: int
    num_rows: int
    given_as: object


def gather_rare(table: Table, crowd: int) -> Table:
    """`table` with every level of a categorical column that fewer than `crowd` rows have replaced.

    In a column of text these levels share one level, `OTHER`, which its schema has in their place;
    `encode` takes any unknown level for it. They are given out as the commonest level instead where
    they have fewer than `crowd` rows in all, and where the categories are numbers, which leaves no
    name for them. The target and booleans are left alone: their values are no secret, and
    conditions ask for them by name. The log says what was gathered, and warns where that are most
    rows.

    Raises UserError where even the commonest level has fewer than `FEWEST_ROWS` rows.
    """
    table = numbers_of_crowds(table, crowd)
    if crowd == 1:
        return table
    found = {}
    for column in table.schema.columns:
        if column.kind is ColumnKind.CATEGORICAL and column.name != table.schema.target:
            gathered = _gather(table.frame[column.name], column, crowd)
            if gathered is not None:
                found[column.name] = gathered
    if not found:
        return table
    columns = [found[c.name].column if c.name in found else c for c in table.schema.columns]
    for name, gathered in found.items():
        if not gathered.num_rows:
            continue
        is_most = gathered.num_rows > len(table) / 2
        logger.log(
            logging.WARNING if is_most else logging.INFO,
            "column %r: categories with fewer than %d rows each (%d of them, in %d of %d rows) are "
            "given out as %r",
            name,
            crowd,
            gathered.num_levels,
            gathered.num_rows,
            len(table),
            gathered.given_as,
        )
    frame = table.frame.assign(**{name: gathered.values for name, gathered in found.items()})
    return Table(frame, table.schema.model_copy(update={"columns": tuple(columns)}))


def without_rare_names(table: Table) -> Table:
    """A part of a table, without the names of columns of which it has each in too few rows.

    `gather_rare` refuses such a column of a whole table, where somebody can drop it. A part is
    learned to judge the whole by, so that its rows all have `OTHER` there.

    >>> from components.data.schema import Schema
    >>> column = Column(name="a", kind=ColumnKind.CATEGORICAL, dtype="str", categories=("u", "v"))
    >>> schema = Schema(columns=(column,), target="y")
    >>> part = Table(pd.DataFrame({"a": ["u", "v", None]}), schema)
    >>> without_rare_names(part).frame["a"].fillna("-").tolist()
    ['(other)', '(other)', '-']
    """
    found = {
        column.name: table.frame[column.name]
        for column in table.schema.columns
        if column.kind is ColumnKind.CATEGORICAL
        and column.name != table.schema.target
        and table.frame[column.name].value_counts().max() < FEWEST_ROWS
    }
    if not found:
        return table
    nameless = {"categories": (OTHER,), "dtype": "str"}
    columns = tuple(
        column.model_copy(update=nameless) if column.name in found else column
        for column in table.schema.columns
    )
    texts = {
        name: pd.Series(OTHER, index=values.index, dtype="str").where(values.notna())
        for name, values in found.items()
    }
    return Table(table.frame.assign(**texts), table.schema.model_copy(update={"columns": columns}))


def columns_gathered(real: Schema, drawn: Schema) -> list[str]:
    """The columns that are drawn with `OTHER` for some of their real categories."""
    known = {column.name: column.categories for column in real.columns}
    return [
        column.name
        for column in drawn.columns
        if OTHER in column.categories and OTHER not in known.get(column.name, ())
    ]


def numbers_of_crowds(table: Table, crowd: int) -> Table:
    """`table` without what its numbers and dates tell of few rows: sparse columns and outer values.

    See `without_sparse`. Values beyond the ends that crowds of rows tell are at these ends, and the
    schema has them in place of the least and the largest value (`ended_by_crowds`).
    """
    if crowd == 1:
        return table
    table = without_sparse(table, crowd)
    found, columns = {}, []
    for column in table.schema.columns:
        if column.is_learned and not column.is_discrete:
            values = encode_column(table.frame, column)
            column = _ended(column, values, crowd)
            clipped = np.clip(values, column.minimum, column.maximum)
            is_inside = np.isnan(values) | (values == clipped)
            if not is_inside.all():
                at_end = decode_column(values, column).set_axis(table.frame.index)
                found[column.name] = table.frame[column.name].where(is_inside, at_end)
        columns.append(column)
    schema = table.schema.model_copy(update={"columns": tuple(columns)})
    return Table(table.frame.assign(**found), schema)


def ended_by_crowds(table: Table, crowd: int) -> Schema:
    """The schema, its columns of numbers and dates ended by crowds of rows (`crowded_ends`)."""
    if crowd == 1:
        return table.schema
    columns = [
        _ended(column, encode_column(table.frame, column), crowd)
        if column.is_learned and not column.is_discrete
        else column
        for column in table.schema.columns
    ]
    return table.schema.model_copy(update={"columns": tuple(columns)})


def _ended(column: Column, values: Matrix, crowd: int) -> Column:
    """The column with ends that crowds of its encoded values tell; both are 0 without any value."""
    known = values[~np.isnan(values)]
    ends = crowded_ends(known, crowd) if len(known) else (0.0, 0.0)
    low, high = map(float, rounded(np.array(ends), grid_of(column), np))
    return column.model_copy(update={"minimum": low, "maximum": high})


def without_sparse(table: Table, crowd: int) -> Table:
    """`table` without the values of a column of numbers or dates that fewer than `crowd` rows have.

    They are missing then, so that such a column is missing in every row drawn. Columns of tables
    with fewer rows are kept where none is missing. The target is left alone. The log says which.
    """
    emptied = {}
    for column in table.schema.learned:
        if not column.is_discrete and column.name != table.schema.target:
            values = table.frame[column.name]
            known = int(values.count())
            if 0 < known < min(crowd, len(values)):
                emptied[column.name] = values.mask(values.notna())
                logger.info(
                    "column %r: %d of %d rows have a value; none is given out, since it takes %d",
                    column.name,
                    known,
                    len(values),
                    crowd,
                )
    return replace(table, frame=table.frame.assign(**emptied)) if emptied else table


def _gather(values: pd.Series, column: Column, crowd: int) -> _Gathered | None:
    """The column without its rare levels; None where it has none."""
    counts = values.value_counts()
    common = counts[counts >= crowd]
    if len(common) == len(column.categories):
        return None
    num_rows = int(counts.sum() - common.sum())
    if num_rows and counts.iloc[0] < min(crowd, FEWEST_ROWS):
        raise UserError(
            f"column {column.name!r} has {_told_number(column)} "
            f"{min(crowd, FEWEST_ROWS)} of {len(values)} rows: with a crowd of {crowd} nothing of "
            f"it can be given out; drop it (prepare.drop: [{column.name}]), declare it "
            f"(prepare.kinds: {{{column.name}: identifier}}), or ask for no crowd "
            "(train.model.crowd=1)"
        )
    is_text = all(isinstance(name, str) for name in column.categories)
    given_as = OTHER if is_text and num_rows >= crowd else counts.index[0] if len(counts) else None
    kept = values.where(values.isna() | values.isin(common.index), given_as)
    names = {*common.index.tolist(), given_as} - {None}
    return _Gathered(
        kept,
        column.model_copy(update={"categories": tuple(sorted(names))}),
        len(column.categories) - len(common),
        num_rows,
        given_as,
    )


def _told_number(column: Column) -> str:
    number = len(column.categories)
    if number == 1:
        return "1 category, and not even that has"
    return f"{number} categories, and none of them has"


def check_categories(schema: Schema, most: int, generator: str) -> None:
    """Raise UserError where a column has more categories than `generator` can learn."""
    for column in schema.learned:
        if len(column.categories) > most:
            raise UserError(
                f"column {column.name!r} has {len(column.categories)} categories; {generator} "
                f"learns at most {most}: take a generator that learns more (train.model.name: "
                f"trees), gather the rare ones (train.model.crowd: the rows that each must have), "
                f"or drop the column (prepare.drop: [{column.name}])"
            )
