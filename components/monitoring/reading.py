"""One column of a batch of rows as numbers, and what in it cannot be read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

from components.data.forms.dates import read_dates, read_what_is_date
from components.data.forms.number_forms import read_numbers, read_what_is_number
from components.data.schema import Column, ColumnKind, Schema
from components.data.texts import holds_text
from components.errors import UserError
from components.monitoring.levels import Numbers

_TRUTHS = {0: "False", 1: "True"}
"""Truth as a number or as itself, since True is 1 in Python."""


@dataclass(frozen=True)
class Faults:
    """What in a column cannot be read, added up over batches.

    `odd` is a value that is none of the column's kind, `fraction` one among whole numbers, `other`
    one beside a constant's; of several the first in order, so that the order of rows is no matter.
    """

    num_infinite: int = 0
    odd: str | None = None
    fraction: float | None = None
    other: str | None = None

    def __add__(self, more: "Faults") -> "Faults":
        """Those of both."""
        return Faults(
            self.num_infinite + more.num_infinite,
            _first(self.odd, more.odd),
            _first(self.fraction, more.fraction),
            _first(self.other, more.other),
        )


NO_FAULTS = Faults()


def _first(one: Any, two: Any) -> Any:
    return min((each for each in (one, two) if each is not None), default=None)


@dataclass(frozen=True)
class Reading:
    """A column of a batch: `numbers` of shape (rows,), NaN where there is no value.

    Discrete values are their codes, datetimes microseconds since 1970, constants and identifiers
    0. `unseen` counts the rows of each category that has no code of its own.
    """

    numbers: Numbers
    unseen: Mapping[str, int] = field(default_factory=dict)
    faults: Faults = NO_FAULTS


@dataclass(frozen=True)
class Reader:
    """Reads columns as the training rows' schema has them; what cannot be is told, not raised.

    `codes` has, for each discrete column, the code of each category as text: 1, 1.0 and "1" are
    one, whatever file they come from.
    """

    schema: Schema
    codes: Mapping[str, Mapping[str, int]]

    @classmethod
    def of(cls, schema: Schema) -> "Reader":
        """The reader of columns of this schema."""
        return cls(
            schema,
            {
                column.name: {
                    name: code
                    for code, name in enumerate(
                        dict.fromkeys(_text(value, column) for value in column.categories)
                    )
                }
                for column in schema.columns
                if column.is_discrete
            },
        )

    def read(self, values: pd.Series, column: Column) -> Reading:
        """The values of `column` in one batch."""
        if column.kind is ColumnKind.CONSTANT:
            return _read_constant(values, column)
        if column.kind is ColumnKind.IDENTIFIER:
            return Reading(np.where(values.isna().to_numpy(), np.nan, 0.0))
        try:
            if column.is_discrete:
                return _read_levels(values, column, self.codes[column.name])
            numbers = _to_numbers(values, column)
        except (UserError, TypeError, ValueError):
            return Reading(
                np.where(values.isna().to_numpy(), np.nan, 0.0),
                faults=Faults(odd=_odd(values, column)),
            )
        return Reading(numbers, faults=_number_faults(numbers, values, column))


def _to_numbers(values: pd.Series, column: Column) -> Numbers:
    if column.kind is ColumnKind.DATETIME:
        times = read_dates(values, column.written)
        micros = times.astype("int64").to_numpy(dtype=np.float64)
        return np.where(times.isna().to_numpy(), np.nan, micros)
    if types.is_numeric_dtype(values.dtype):
        return np.asarray(values.to_numpy(dtype=np.float64, na_value=np.nan))
    if column.number_form is not None:
        return np.asarray(read_numbers(values, column.number_form))
    return np.asarray(values.astype("float64"))


def _number_faults(numbers: Numbers, values: pd.Series, column: Column) -> Faults:
    """Infinities, and fractions where all were whole."""
    if types.is_integer_dtype(values.dtype) or column.kind is ColumnKind.DATETIME:
        return Faults()
    num_infinite = int(np.isinf(numbers).sum())
    if column.kind is not ColumnKind.INTEGER:
        return Faults(num_infinite)
    broken = numbers[(numbers != np.rint(numbers)) & np.isfinite(numbers)]
    return Faults(num_infinite, fraction=float(broken.min()) if len(broken) else None)


def _read_levels(values: pd.Series, column: Column, known: Mapping[str, int]) -> Reading:
    places, levels = pd.factorize(values)
    texts = [_text(level, column) for level in levels]
    unknown = len(known)
    codes = np.array([known.get(text, unknown) for text in texts] + [np.nan], dtype=np.float64)
    rows = np.bincount(places[places >= 0], minlength=len(texts))
    unseen: dict[str, int] = {}
    for place in np.flatnonzero(codes[:-1] == unknown):
        unseen[texts[place]] = unseen.get(texts[place], 0) + int(rows[place])
    return Reading(codes[places], unseen)


def _read_constant(values: pd.Series, column: Column) -> Reading:
    missing = values.isna().to_numpy()
    expected = _text(column.example, column)
    found = {_text(value, column) for value in values.dropna().unique()}
    others = sorted(text for text in found if text != expected)
    if missing.any() and not missing.all():
        others.append("nan")
    return Reading(
        np.where(missing, np.nan, 0.0), faults=Faults(other=others[0] if others else None)
    )


def _text(value: Any, column: Column) -> str:
    """A category as text, one for all values that are equal."""
    if column.kind is ColumnKind.BOOLEAN:
        return _TRUTHS.get(value, str(value))
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def _odd(values: pd.Series, column: Column) -> str:
    """A value that is not of the column's kind, else any, as Python writes it."""
    present = values.dropna().astype(str)
    if column.kind is ColumnKind.DATETIME:
        is_odd = read_what_is_date(present, column.written).isna().to_numpy()
    elif column.number_form is not None and holds_text(values):
        _, is_odd = read_what_is_number(present, column.number_form)
    else:
        is_odd = pd.to_numeric(present, errors="coerce").isna().to_numpy()
    odd = present[is_odd]
    return repr(str((odd if len(odd) else present).min()))
