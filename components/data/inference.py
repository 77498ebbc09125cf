"""The schema of a table: what each column is, told from its values; refused where it cannot be."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pandas as pd
from pandas.api import types

from components.data.dates import DateFormats, read_dates
from components.data.description import Description
from components.data.digits import LARGEST_WHOLE
from components.data.identifier_names import names_a_measure, names_an_identifier
from components.data.identifier_numbers import CountingUp, whole_numbers
from components.data.schema import ColumnKind, Schema
from components.data.summaries import (
    MAX_CATEGORIES,
    MAX_CLASSES,
    ColumnSummary,
    check_distinct_names,
    summarise,
)
from components.data.texts import PROSE_SHARE, PROSE_WORDS, TextSummary
from components.errors import UserError

logger = logging.getLogger(__name__)

MIN_ROWS = 50
MIN_CLASS_ROWS = 8
MIN_LEVEL_ROWS = 8
"""Rows that a whole number beyond 2^53 comes in, on average, to be taken as a category."""

_NUMBERS = (ColumnKind.INTEGER, ColumnKind.NUMERICAL)


def infer_kinds(
    frame: pd.DataFrame, target: str, declared: Mapping[str, ColumnKind]
) -> dict[str, ColumnKind]:
    """The kind of each column: the declared one, else the one its values tell.

    Raises UserError for what no model can learn from: too few rows, a missing target, columns
    without a value or with only one, infinities, more categories than `MAX_CATEGORIES`.
    """
    check_distinct_names(frame.columns.tolist())
    dtypes: dict[Any, Any] = dict(frame.dtypes.items())
    check_names(list(dtypes), target, declared)
    return kinds_of(summarise([frame], dtypes, target, declared), target)


def check_names(names: Sequence[str], target: str, declared: Mapping[str, ColumnKind]) -> None:
    """Raise UserError where the target or a declared column is not among the table's."""
    for name, role in [(target, "target"), *((name, "declared column") for name in declared)]:
        if name not in names:
            known = ", ".join(map(str, names[:30]))
            raise UserError(f"{role} {name!r} is not in the table; its columns are: {known}")


def kinds_of(columns: Mapping[str, ColumnSummary], target: str) -> dict[str, ColumnKind]:
    """What `infer_kinds` gives for the rows that these summaries are of."""
    num_rows, classes = columns[target].num_rows, columns[target]
    if num_rows < MIN_ROWS:
        raise UserError(f"the table has {num_rows} rows; at least {MIN_ROWS} are needed")
    if classes.num_present and not classes.varies:
        raise UserError(
            f"target {target!r} has one class, {classes.first!r}; at least two are needed"
        )
    kinds = {}
    for name, column in columns.items():
        kind = kinds[name] = _kind_of(column, is_target=name == target)
        if column.is_number:
            _tell_numbers(column, kind)
        if kind is ColumnKind.CATEGORICAL and column.look_like_dates and not column.declared:
            logger.warning(
                "column %r looks like dates, such as %r, of which not all tell which part is the "
                "day: it is learned as categories; write YYYY-MM-DD to have them learned as times",
                name,
                column.first,
            )
    _check_target(classes, kinds[target])
    return kinds


def target_kind(column: pd.Series, declared: ColumnKind | None = None) -> ColumnKind | None:
    """The kind that a column has as the target, None where it cannot be one."""
    summary = ColumnSummary(str(column.name), column.dtype, declared, is_target=True)
    summary.add(column)
    try:
        kind = _kind_of(summary, is_target=True)
        _check_target(summary, kind)
    except UserError:
        return None
    return kind


def _kind_of(column: ColumnSummary, *, is_target: bool) -> ColumnKind:
    """The declared kind, else the one that the values tell; raises UserError as `infer_kinds`."""
    _check_values(column)
    kind = column.declared or _infer_kind(column, is_target=is_target)
    if column.texts is not None and kind in (ColumnKind.CATEGORICAL, ColumnKind.IDENTIFIER):
        _check_text(column, column.texts)
    if kind is ColumnKind.CATEGORICAL:
        _check_categories(column)
    return kind


def _check_values(column: ColumnSummary) -> None:
    name, num_rows = column.name, column.num_rows
    mend = f"drop it (prepare.drop: [{name}])"
    if not column.num_present:
        raise UserError(f"column {name!r} has no value in any of {num_rows} rows: {mend}")
    if column.num_infinite:
        raise UserError(
            f"column {name!r} is infinite in {column.num_infinite} of {num_rows} rows: numbers "
            "must be finite; leave the cell empty where the value is missing"
        )
    if column.is_single and column.declared is not ColumnKind.CONSTANT:
        raise UserError(
            f"column {name!r} has one value, {column.first!r}, in all {num_rows} rows: "
            f"{mend}, or keep it as it is (prepare.kinds: {{{name}: constant}})"
        )
    if column.declared is ColumnKind.CONSTANT and not column.is_single:
        raise UserError(
            f"column {name!r} is declared constant but has {column.num_distinct} values"
        )


def _check_text(column: ColumnSummary, texts: TextSummary) -> None:
    """Raise UserError for text that is rather numbers or prose than names, of many values."""
    name, distinct = column.name, column.num_distinct
    if distinct <= MAX_CLASSES:
        return
    drop = f"drop it (prepare.drop: [{name}])"
    kept = f"learn it as categories (prepare.kinds: {{{name}: categorical}})"
    made_up = f"have letters made up in its place (prepare.kinds: {{{name}: identifier}})"
    if texts.are_numbers:
        why, mend = "as written", "store them as numbers"
        if texts.others:
            others = ", ".join(map(repr, texts.others))
            why = f"since {sum(texts.others.values())} rows have {others}"
            mend = "leave these cells empty"
        elif texts.has_signs:
            mend = "write them as 1234.5"
        raise UserError(
            f"column {name!r} is text of numbers, such as {column.first!r}, which cannot be read "
            f"as numbers {why}: {mend}, {drop}, {made_up}, or {kept}"
        )
    if texts.words >= PROSE_WORDS and distinct >= PROSE_SHARE * column.num_present:
        raise UserError(
            f"column {name!r} is free text, {texts.words:.0f} words a row, which is not learned: "
            f"{drop}, {made_up}, or {kept}"
        )


def _check_categories(column: ColumnSummary) -> None:
    name, count = column.name, column.num_distinct
    if count > MAX_CATEGORIES:
        raise UserError(
            f"column {name!r} has {count} categories; at most {MAX_CATEGORIES} can be "
            f"learned: drop it (prepare.drop: [{name}]) or, where it only names the row, "
            f"declare it (prepare.kinds: {{{name}: identifier}})"
        )


def _check_target(column: ColumnSummary, kind: ColumnKind) -> None:
    name = column.name
    if kind in (ColumnKind.IDENTIFIER, ColumnKind.CONSTANT, ColumnKind.DATETIME):
        raise UserError(f"target {name!r} is {kind}; a target is categorical, boolean or a number")
    if column.num_missing:
        raise UserError(f"target {name!r} is missing in {column.num_missing} rows")
    if kind in (ColumnKind.CATEGORICAL, ColumnKind.BOOLEAN):
        assert column.distinct is not None
        counts = column.distinct.counts
        fewest = min(counts.values())
        rarest = [level for level, count in counts.items() if count == fewest][-1]
        if fewest < MIN_CLASS_ROWS:
            raise UserError(
                f"target {name!r} has only {fewest} rows of class {rarest!r}; "
                f"each class needs at least {MIN_CLASS_ROWS}{_or_a_number(column)}"
            )


def _or_a_number(target: ColumnSummary) -> str:
    """The other way to read a target of numbers."""
    if not target.is_number:
        return ""
    return f"; to predict it as a number, declare it (prepare.kinds: {{{target.name}: integer}})"


def _infer_kind(column: ColumnSummary, *, is_target: bool) -> ColumnKind:
    if column.are_booleans:
        return ColumnKind.BOOLEAN
    if column.is_time:
        return ColumnKind.DATETIME
    if column.is_number:
        return _infer_number(column, is_target=is_target)
    if column.are_dates or column.date_formats.found:
        return ColumnKind.DATETIME
    return ColumnKind.IDENTIFIER if column.is_unique else ColumnKind.CATEGORICAL


def _infer_number(column: ColumnSummary, *, is_target: bool) -> ColumnKind:
    if is_target and column.num_distinct <= MAX_CLASSES:
        return ColumnKind.CATEGORICAL
    if not column.is_whole:
        return ColumnKind.NUMERICAL
    if column.num_present > 1 and column.counts_up:
        return ColumnKind.IDENTIFIER
    if not is_target and column.are_different and _is_called_or_as_large_as_one(column):
        return ColumnKind.IDENTIFIER
    if column.largest <= LARGEST_WHOLE:
        return ColumnKind.INTEGER
    return ColumnKind.CATEGORICAL if _are_levels(column) else ColumnKind.NUMERICAL


def _is_called_or_as_large_as_one(column: ColumnSummary) -> bool:
    """Whether whole numbers, each another, are identifiers: a name says it, or they are very large.

    How many digits they have tells nothing: so many have times in seconds, incomes and prices, and
    a measurement that is left out is worse than a number that is learned. Beyond 2^53 it is as
    good as told, but for times and amounts in small units.
    """
    if names_an_identifier(column.name):
        return True
    is_large = column.is_exact and column.largest > LARGEST_WHOLE
    return is_large and not column.are_thousands and not names_a_measure(column.name)


def _are_levels(column: ColumnSummary) -> bool:
    """Whether whole numbers too large to be learned are names that come again."""
    if not column.is_exact or names_a_measure(column.name):
        return False
    is_few = not column.levels.is_over and MIN_LEVEL_ROWS * column.levels.count() <= column.num_rows
    return is_few or names_an_identifier(column.name)


def _tell_numbers(column: ColumnSummary, kind: ColumnKind) -> None:
    """Say that whole numbers are left out as identifiers, or lose digits."""
    name = column.name
    if kind is ColumnKind.IDENTIFIER and not column.declared and not column.counts_up:
        logger.warning(
            "column %r holds whole numbers, another in each row, and is taken as an identifier: it "
            "is made anew, not learned; where it is measured, declare it (prepare.kinds: "
            "{%s: integer})",
            name,
            name,
        )
    elif (
        kind in _NUMBERS
        and column.is_whole
        and column.largest > LARGEST_WHOLE
        and (column.is_exact or column.num_missing)  # of a CSV with gaps, digits are gone already
    ):
        logger.warning(
            "column %r holds whole numbers up to %d: of those beyond 2^53 some 16 digits are kept; "
            "where they only name something, declare it (prepare.kinds: {%s: categorical}, or "
            "identifier)",
            name,
            column.largest,
            name,
        )


_TOO_LARGE = 2.0**63


@dataclass(frozen=True)
class Form:
    """What of a whole column decides how each of its values is kept.

    `is_nullable`: some row lacks a value. `is_whole`: all are whole numbers, of 64 bits. `written`
    is the format of dates in text (`DateFormats`). `witnesses` are read along with the values; see
    `ColumnSummary`. `counts_up`: each number is one more than that before.
    """

    is_nullable: bool
    is_whole: bool
    witnesses: pd.Series | None = None
    written: str | None = None
    counts_up: bool = False

    @classmethod
    def of(cls, values: pd.Series, kind: ColumnKind) -> Self:
        """The form of a column that is at hand whole."""
        formats = DateFormats()
        if kind is ColumnKind.DATETIME:
            formats.add(values.dropna().unique().tolist())
        is_number = types.is_numeric_dtype(values) and not types.is_bool_dtype(values)
        present = values.dropna()
        is_whole = is_number and bool(np.equal(present % 1, 0).all() and _has_room(present))
        counting = CountingUp()
        if kind is ColumnKind.IDENTIFIER and is_whole:
            counting.add(whole_numbers(present))
        counts_up = is_whole and kind is ColumnKind.IDENTIFIER and counting.holds
        return cls(bool(values.isna().any()), is_whole, None, formats.found, counts_up)

    @classmethod
    def of_summary(cls, column: ColumnSummary) -> Self:
        """The form of the column that was summarised."""
        written = column.date_formats.found
        is_whole = column.is_whole and column.largest < _TOO_LARGE
        return cls(column.num_missing > 0, is_whole, column.witnesses, written, column.counts_up)


def conform(
    frame: pd.DataFrame, kinds: Mapping[str, ColumnKind], forms: Mapping[str, Form] | None = None
) -> pd.DataFrame:
    """`frame` with every column in the one type its kind is kept in.

    Numbers become float64 or a (nullable) integer, datetimes microseconds in UTC without a zone;
    categories keep their type where it is a whole number, else become strings. Where the rows are
    a batch of a table, `forms` are of all its rows.
    """
    conformed = {}
    forms = forms_of(frame, kinds) if forms is None else forms
    for name, kind in kinds.items():
        form = forms[name]
        values, ahead = frame[name], form.witnesses
        if ahead is None:
            conformed[name] = _conform(values, kind, form)
        else:
            read = _conform(pd.concat([ahead, values], ignore_index=True), kind, form)
            conformed[name] = read.iloc[len(ahead) :].set_axis(values.index)
    return pd.DataFrame(conformed)


def _conform(values: pd.Series, kind: ColumnKind, form: Form) -> pd.Series:
    is_number = types.is_numeric_dtype(values) and not types.is_bool_dtype(values)
    try:
        if kind is ColumnKind.NUMERICAL:
            return values.astype("float64") + 0.0  # one zero: -0.0 would stand for all zeros
        if kind is ColumnKind.INTEGER:
            if is_number and not form.is_whole:
                raise ValueError("not all are whole numbers of 64 bits")
            return values.astype("Int64" if form.is_nullable else "int64")
        if kind is ColumnKind.BOOLEAN:
            return values.astype("boolean" if form.is_nullable else "bool")
        if kind is ColumnKind.DATETIME:
            return read_dates(values, form.written)
    except (ValueError, TypeError, OverflowError) as error:
        raise UserError(f"column {values.name!r} cannot be read as {kind}: {error}") from error
    if is_number:
        if not form.is_whole:
            return values
        return values.astype("Int64" if form.is_nullable else "int64")
    if values.dtype == "str":
        return values
    return values.astype(str).where(values.notna()).astype("str")


def _has_room(numbers: pd.Series) -> bool:
    """Whether all of them are in the range of 64 bits."""
    return numbers.empty or (-_TOO_LARGE <= numbers.min() and numbers.max() < _TOO_LARGE)


def forms_of(frame: pd.DataFrame, kinds: Mapping[str, ColumnKind]) -> dict[str, Form]:
    """The form of each column of rows that are at hand whole."""
    return {name: Form.of(frame[name], kind) for name, kind in kinds.items()}


def forms_in(frame: pd.DataFrame, schema: Schema) -> dict[str, Form]:
    """The same where a schema says how dates are written, whatever these rows would tell."""
    return {
        column.name: replace(Form.of(frame[column.name], column.kind), written=column.written)
        for column in schema.columns
    }


def described_by(kinds: Mapping[str, ColumnKind], forms: Mapping[str, Form]) -> Description:
    """A description that takes training rows conformed by these forms of the whole columns."""
    written = {name: form.written for name, form in forms.items()}
    return Description(kinds, written, {name for name, form in forms.items() if form.counts_up})


def describe(
    rows: pd.DataFrame,
    kinds: Mapping[str, ColumnKind],
    target: str,
    forms: Mapping[str, Form] | None = None,
) -> Schema:
    """The schema of conformed training rows: kinds, and the range each column has in them.

    `forms` are what the rows were conformed by.
    """
    description = described_by(kinds, forms or {})
    description.add(rows)
    return description.schema(target)
