"""The schema of a table: what each column is, told from its values; refused where it cannot be."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pandas as pd
from pandas.api import types

from components.data.counted import counted
from components.data.description import Description
from components.data.forms.any_form import AnyForm
from components.data.forms.dates import COMPACT, DateFormats, are_compact, has_zone, read_dates
from components.data.forms.kept_forms import TextForm
from components.data.forms.number_forms import read_numbers
from components.data.forms.number_readings import Trouble
from components.data.forms.number_texts import NumberTexts
from components.data.forms.truths import Truths, read_truths, words_of
from components.data.identifiers.numbers import CountingUp, whole_numbers
from components.data.number_kinds import infer_number, tell_numbers
from components.data.schema import NUMBERS, ColumnKind, Schema
from components.data.summaries import (
    MAX_CATEGORIES,
    MAX_CLASSES,
    ColumnSummary,
    check_distinct_names,
    summarise,
)
from components.data.text_kinds import (
    check_declared,
    check_text,
    number_kind,
    tell_names,
    tell_read_numbers,
)
from components.data.texts import holds_text
from components.errors import UserError

logger = logging.getLogger(__name__)

MIN_ROWS = 50
MIN_CLASS_ROWS = 8


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


def check_num_rows(num_rows: int) -> None:
    """Raise UserError where there are too few rows to learn from."""
    if num_rows < MIN_ROWS:
        raise UserError(f"the table has {counted(num_rows, 'row')}; at least {MIN_ROWS} are needed")


def kinds_of(columns: Mapping[str, ColumnSummary], target: str) -> dict[str, ColumnKind]:
    """What `infer_kinds` gives, or raises, for the rows that these summaries are of."""
    num_rows, classes = columns[target].num_rows, columns[target]
    check_num_rows(num_rows)
    if classes.num_present and not classes.varies:
        raise UserError(
            f"target {target!r} has one class, {classes.first!r}; at least two are needed"
        )
    kinds = {}
    for name, column in columns.items():
        kind = kinds[name] = _kind_of(column, is_target=name == target)
        if column.is_number:
            tell_numbers(column, kind)
        tell_read_numbers(column, kind)
        tell_names(column, kind)
        if kind is ColumnKind.DATETIME and has_zone(column.dtype, column.first):
            logger.warning(
                "column %r holds times of a zone, such as %r: they are learned and made in UTC%s",
                name,
                str(column.first),
                "; Parquet files of made rows have the zone again" if column.is_time else "",
            )
        if kind is ColumnKind.CATEGORICAL and column.look_like_dates and not column.declared:
            logger.warning(
                "column %r looks like dates, such as %r, of which not all tell which part is the "
                "day: it is learned as categories; write YYYY-MM-DD to have them learned as times",
                name,
                column.first,
            )
    _check_target(classes, kinds[target])
    return kinds


def target_kind(column: pd.Series, declared: ColumnKind | None = None) -> ColumnKind:
    """The kind that a column has as the target; raises UserError where it cannot be one."""
    summary = ColumnSummary(str(column.name), column.dtype, declared, is_target=True)
    summary.add(column)
    kind = _kind_of(summary, is_target=True)
    _check_target(summary, kind)
    return kind


def read_numbers_in(column: pd.Series, declared: ColumnKind | None = None) -> pd.Series:
    """A text of numbers read as such, as far as these rows tell; any other column as it is."""
    summary = ColumnSummary(str(column.name), column.dtype, declared)
    summary.add(column)
    kind = declared or number_kind(summary)
    if kind not in NUMBERS or not summary.is_text:
        return column
    try:
        return _conform(column, kind, Form.of_summary(summary, kind))
    except UserError:
        return column


def _kind_of(column: ColumnSummary, *, is_target: bool) -> ColumnKind:
    """The declared kind, else the one that the values tell; raises UserError as `infer_kinds`."""
    _check_values(column)
    check_declared(column)
    kind = column.declared or _infer_kind(column, is_target=is_target)
    if kind in (ColumnKind.CATEGORICAL, ColumnKind.IDENTIFIER):
        check_text(column)
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
            f"column {name!r} is declared constant but has {counted(column.num_distinct, 'value')}"
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
    if num_lacking := column.num_lacking(kind):
        raise UserError(f"target {name!r} is missing in {counted(num_lacking, 'row')}")
    if kind in (ColumnKind.CATEGORICAL, ColumnKind.BOOLEAN):
        assert column.distinct is not None
        counts = column.distinct.counts
        if column.distinct.is_over:
            raise UserError(
                f"target {name!r} has more than {MAX_CLASSES} different numbers, some beyond 2^53, "
                f"which are too many classes and too large to be predicted{_or_a_number(column)}"
            )
        fewest = min(counts.values())
        rarest = [level for level, count in counts.items() if count == fewest][-1]
        if fewest < MIN_CLASS_ROWS:
            raise UserError(
                f"target {name!r} has only {counted(fewest, 'row')} of class {rarest!r}; "
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
        return infer_number(column, is_target=is_target)
    if column.are_dates or column.date_formats.found:
        return ColumnKind.DATETIME
    if kind := number_kind(column):
        return kind
    is_name = column.is_unique or (column.is_nearly_unique and not is_target)
    return ColumnKind.IDENTIFIER if is_name else ColumnKind.CATEGORICAL


_TOO_LARGE = 2.0**63


@dataclass(frozen=True)
class Form:
    """What of a whole column decides how each of its values is kept.

    `is_nullable`: some row lacks a value. `is_whole`: all are whole numbers, of 64 bits. `written`
    is the format of dates in text (`DateFormats`), `number_form` that of numbers (`NumberTexts`),
    `trouble` why there is none. `witnesses` are read along with the values; see `ColumnSummary`.
    `counts_up`: each number is one more than that before. `truths` is how false and true are
    written, `arrow` the type in a Parquet source.
    """

    is_nullable: bool
    is_whole: bool
    witnesses: pd.Series | None = None
    written: str | None = None
    counts_up: bool = False
    number_form: AnyForm | None = None
    trouble: Trouble | None = None
    truths: Truths | None = None
    arrow: str | None = None

    @classmethod
    def of(cls, values: pd.Series, kind: ColumnKind) -> Self:
        """The form of a column that is at hand whole."""
        formats = DateFormats()
        is_number = types.is_numeric_dtype(values) and not types.is_bool_dtype(values)
        present = values.dropna()
        is_date = kind is ColumnKind.DATETIME
        is_day = is_date and is_number and bool(are_compact(present.to_numpy()).all())
        if is_date and not is_number:
            formats.add(present.unique().tolist())
        numbers = NumberTexts.of(values, kind)
        is_whole = is_number and _are_whole(present)
        counting = CountingUp()
        if kind is ColumnKind.IDENTIFIER and is_whole:
            counting.add(whole_numbers(present))
        return cls(
            bool(values.isna().any()) or numbers.num_absent > 0,
            is_whole,
            written=COMPACT if is_day and len(present) else formats.found,
            counts_up=is_whole and kind is ColumnKind.IDENTIFIER and counting.holds,
            number_form=numbers.form,
            trouble=numbers.trouble,
            truths=words_of(values) if kind is ColumnKind.BOOLEAN else None,
        )

    @classmethod
    def of_summary(cls, column: ColumnSummary, kind: ColumnKind) -> Self:
        """The form of the column that was summarised, which is of this kind."""
        numbers = column.numbers if kind in NUMBERS else None
        return cls(
            column.num_lacking(kind) > 0,
            column.is_whole and column.largest < _TOO_LARGE,
            column.witnesses,
            column.written,
            column.counts_up,
            numbers.form if numbers else None,
            numbers.trouble if numbers else None,
            truths=column.truths,
        )

    def keeping(self, kept: TextForm, kind: ColumnKind, *, is_text: bool) -> Self:
        """The form of a column as its source had it, also in text where it is none any more."""
        form = replace(self, truths=self.truths or kept.truths, arrow=kept.arrow)
        if is_text:
            return form
        return replace(
            form,
            written=kept.written or self.written if kind is ColumnKind.DATETIME else None,
            number_form=kept.number_form if kind in NUMBERS else None,
        )


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
        if kind in NUMBERS:
            return _numbers(values, kind, form)
        if kind is ColumnKind.BOOLEAN:
            return read_truths(values).astype("boolean" if form.is_nullable else "bool")
        if kind is ColumnKind.DATETIME:
            return read_dates(values, form.written)
    except (ValueError, TypeError, OverflowError) as error:
        why = f" {form.trouble.told(str(values.name))}" if form.trouble else f": {error}"
        raise UserError(f"column {values.name!r} cannot be read as {kind}{why}") from error
    if is_number:
        if not form.is_whole:
            return values
        return values.astype("Int64" if form.is_nullable else "int64")
    if values.dtype == "str":
        return values
    return values.astype(str).where(values.notna()).astype("str")


def _numbers(values: pd.Series, kind: ColumnKind, form: Form) -> pd.Series:
    """Numbers in the type of their kind; raises ValueError or TypeError where some are none."""
    is_whole = form.is_whole or not types.is_numeric_dtype(values) or types.is_bool_dtype(values)
    if form.number_form is not None and holds_text(values):
        values = read_numbers(values, form.number_form)
        is_whole = _are_whole(values.dropna())
    if kind is ColumnKind.NUMERICAL:
        return values.astype("float64") + 0.0  # one zero: -0.0 would stand for all zeros
    if not is_whole:
        raise ValueError("not all are whole numbers of 64 bits")
    return values.astype("Int64" if form.is_nullable else "int64")


def _are_whole(numbers: pd.Series) -> bool:
    """Whether all of them are whole, and in the range of 64 bits."""
    if numbers.empty:
        return True
    has_room = -_TOO_LARGE <= float(numbers.min()) and float(numbers.max()) < _TOO_LARGE
    return bool(np.equal(numbers % 1, 0).all() and has_room)


def forms_of(
    frame: pd.DataFrame,
    kinds: Mapping[str, ColumnKind],
    kept: Mapping[str, TextForm] | None = None,
) -> dict[str, Form]:
    """The form of each column of rows that are at hand whole.

    `kept` says how a source writes those that are no text any more.
    """
    forms = {name: Form.of(frame[name], kind) for name, kind in kinds.items()}
    for name, form in (kept or {}).items():
        if name in forms:
            is_text = holds_text(frame[name])
            forms[name] = forms[name].keeping(form, kinds[name], is_text=is_text)
    return forms


def forms_in(frame: pd.DataFrame, schema: Schema) -> dict[str, Form]:
    """The same where a schema says how text is written, whatever these rows would tell."""
    return {
        column.name: replace(
            Form.of(frame[column.name], column.kind),
            written=column.written,
            number_form=column.number_form,
            trouble=None,
            truths=column.truths,
        )
        for column in schema.columns
    }


def described_by(kinds: Mapping[str, ColumnKind], forms: Mapping[str, Form]) -> Description:
    """A description that takes training rows conformed by these forms of the whole columns."""
    written = {name: form.written for name, form in forms.items()}
    numbers = {name: form.number_form for name, form in forms.items()}
    counted = {name for name, form in forms.items() if form.counts_up}
    truths = {name: form.truths for name, form in forms.items()}
    arrow = {name: form.arrow for name, form in forms.items()}
    return Description(kinds, written, numbers, counted, truths, arrow)


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
