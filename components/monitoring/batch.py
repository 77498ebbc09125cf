"""New rows read as the training rows' schema has them; what cannot be is told, not raised."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from components.data.inference import conform
from components.data.schema import Column, ColumnKind, Schema
from components.errors import UserError
from components.monitoring.report import ChangeKind, SchemaChange

_NUMBERS = (ColumnKind.NUMERICAL, ColumnKind.INTEGER)
_TRUTHS = {0: "False", 1: "True"}
"""Truth as a number or as itself, since True is 1 in Python."""


@dataclass(frozen=True)
class Batch:
    """The columns that can be compared, in one form for each kind, and what became of the others.

    Numbers are float64, discrete values strings, datetimes microseconds.
    """

    frame: pd.DataFrame
    changes: tuple[SchemaChange, ...]

    @property
    def names(self) -> list[str]:
        """The columns that can be compared."""
        return [str(name) for name in self.frame.columns]


def read_batch(frame: pd.DataFrame, schema: Schema, *, ignored: Collection[str] = ()) -> Batch:
    """The rows of `frame` as `schema` has them; columns in `ignored` may be there or not."""
    changes = [
        _change(name, ChangeKind.EXTRA, "is new")
        for name in frame.columns
        if name not in schema.names and name not in ignored
    ]
    readable = {}
    for column in schema.columns:
        if column.name not in frame.columns:
            changes.append(_change(column.name, ChangeKind.MISSING, "is missing"))
            continue
        read = _read(frame[column.name], column)
        if isinstance(read, SchemaChange):
            changes.append(read)
        elif column.is_learned:
            readable[column.name] = read
    return Batch(pd.DataFrame(readable, index=frame.index), tuple(changes))


def _read(values: pd.Series, column: Column) -> pd.Series | SchemaChange:
    if values.isna().all():
        text = f"has no value in any of {len(values)} rows"
        return _change(column.name, ChangeKind.EMPTY, text)
    if column.kind is ColumnKind.CONSTANT:
        return _read_constant(values, column)
    try:
        if column.kind in _NUMBERS:
            return _read_numbers(values, column)
        if column.is_discrete:
            return _read_levels(values, column)
        return conform(values.to_frame(), {column.name: column.kind})[column.name]
    except UserError:
        found = f"cannot be read as {column.kind}: it has {_example(values)!r}"
        return _change(column.name, ChangeKind.UNREADABLE, found)


def _read_constant(values: pd.Series, column: Column) -> pd.Series | SchemaChange:
    others = values[values.astype(str) != str(column.example)]
    if others.empty:
        return values
    text = f"was always {column.example!r} and now has {others.iloc[0]!r}"
    return _change(column.name, ChangeKind.NO_LONGER_CONSTANT, text)


def _read_numbers(values: pd.Series, column: Column) -> pd.Series | SchemaChange:
    numbers = conform(values.to_frame(), {column.name: ColumnKind.NUMERICAL})[column.name]
    num_infinite = int(np.isinf(numbers.to_numpy()).sum())
    if num_infinite:
        text = f"is infinite in {num_infinite} of {len(values)} rows"
        return _change(column.name, ChangeKind.UNREADABLE, text)
    fractions = numbers[numbers.notna() & (numbers != numbers.round())]
    if column.kind is ColumnKind.INTEGER and not fractions.empty:
        text = f"had whole numbers and now has {fractions.iloc[0]}"
        return _change(column.name, ChangeKind.UNREADABLE, text)
    return numbers


def _read_levels(values: pd.Series, column: Column) -> pd.Series:
    """Levels as text, so that 1, 1.0 and "1" are one level, whatever file they came from."""
    if column.kind is ColumnKind.BOOLEAN:
        texts = values.map(lambda value: _TRUTHS.get(value, str(value)), na_action="ignore")
    else:
        known = conform(values.to_frame(), {column.name: ColumnKind.CATEGORICAL})[column.name]
        texts = known.astype(str)
    return texts.astype(object).where(values.notna(), None)


def _example(values: pd.Series) -> object:
    """A value that is not a number, else the first one."""
    present = values.dropna()
    odd = present[pd.to_numeric(present.astype(str), errors="coerce").isna()]
    return (odd if len(odd) else present).iloc[0]


def _change(name: str, kind: ChangeKind, text: str) -> SchemaChange:
    return SchemaChange(column=name, kind=kind, text=f"{name!r} {text}")
