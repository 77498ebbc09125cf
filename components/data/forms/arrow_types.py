"""The Arrow types that a Parquet source has, kept for made rows where these would have others."""

import json
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeGuard

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from components.data.forms.any_form import AnyForm
from components.data.forms.clock_forms import ClockForm
from components.data.forms.clock_times import durations_of, times_of_day
from components.data.forms.fraction_forms import FractionForm
from components.data.schema import Column, ColumnKind, Schema
from components.errors import UserError

logger = logging.getLogger(__name__)

_TEXTS = (pa.string(), pa.large_string(), pa.string_view())
_DATES = (pa.date32(), pa.date64())
_NAMED: Mapping[str, pa.DataType] = {
    str(kind): kind
    for kind in (
        *(pa.int8(), pa.int16(), pa.int32(), pa.int64()),
        *(pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()),
        *(pa.float16(), pa.float32(), pa.float64(), pa.bool_()),
        *(*_TEXTS, *_DATES),
        *(pa.time32("s"), pa.time32("ms"), pa.time64("us"), pa.time64("ns")),
        *map(pa.duration, ("s", "ms", "us", "ns")),
    )
}
_DECIMALS: Mapping[str, Callable[[int, int], pa.DataType]] = {
    "32": pa.decimal32,
    "64": pa.decimal64,
    "128": pa.decimal128,
    "256": pa.decimal256,
}
_TIMESTAMP = re.compile(r"timestamp\[(s|ms|us|ns)(?:, tz=(\S+))?\]")
_DECIMAL = re.compile(r"decimal(32|64|128|256)\((\d+), (\d+)\)")
_DICTIONARY = re.compile(r"dictionary<values=(\w+), indices=(u?int\d+)(?:, ordered=[01])?>")
_MANY = 32
"""The bits of a dictionary's indices that identifiers need."""


def parse_type(text: str) -> pa.DataType | None:
    """The type that Arrow calls so; None for one that made rows cannot have.

    Dictionaries are unordered: a schema does not know the order of an ordered one.

    >>> parse_type("timestamp[us, tz=Europe/Berlin]")
    TimestampType(timestamp[us, tz=Europe/Berlin])
    >>> parse_type("decimal128(10, 2)")
    Decimal128Type(decimal128(10, 2))
    >>> parse_type("list<item: int8>")
    """
    if found := _TIMESTAMP.fullmatch(text):
        return pa.timestamp(found[1], tz=found[2])
    try:
        if found := _DECIMAL.fullmatch(text):
            return _DECIMALS[found[1]](int(found[2]), int(found[3]))
        if found := _DICTIONARY.fullmatch(text):
            return pa.dictionary(_NAMED[found[2]], _NAMED[found[1]])
    except (ValueError, KeyError):  # more digits than there is room for, or values of another type
        return None
    return _NAMED.get(text)


def common_types(schemas: Sequence[pa.Schema]) -> Mapping[str, str]:
    """What Arrow calls the types of the columns that have one in all files of a source."""
    first, *others = [{str(f.name): str(f.type) for f in schema} for schema in schemas]
    return {name: text for name, text in first.items() if all(o.get(name) == text for o in others)}


def kept_type(column: Column, text: str | None) -> str | None:
    """The name of the source's type, where made values fit it and would have another.

    The log says so where made rows cannot have it.
    """
    found = None if text is None else _told_type(column, text)
    return None if found is None or found == _plain_type(column) else str(found)


def made_types(columns: Sequence[Column]) -> Mapping[str, pa.DataType]:
    """The types that made columns have in Parquet, of those that have another than pandas gives.

    A column whose values have changed since, as where rare categories are gathered, has none.
    """
    found = {c.name: _told_type(c, c.arrow) for c in columns if c.arrow is not None}
    return {name: kind for name, kind in found.items() if kind is not None}


def with_types(table: pa.Table, types: Mapping[str, pa.DataType]) -> pa.Table:
    """The table with these columns in these types; raises UserError where a value has no room."""
    found = {name: kind for name, kind in types.items() if name in table.column_names}
    for name, kind in found.items():
        position = table.column_names.index(name)
        try:
            values = _cast(table.column(position), kind)
        except pa.ArrowException as error:
            raise UserError(
                f"column {name!r} cannot be written as {kind}, the type of its source: {error}; "
                "write a .csv file"
            ) from error
        table = table.set_column(position, pa.field(name, kind), values)
    return _described(table, found)


def holding(schema: Schema, frame: pd.DataFrame) -> Schema:
    """The schema without the types that do not hold all values of these rows."""
    frame = as_in_source(frame, schema.columns)
    types = made_types([column for column in schema.columns if column.name in frame])
    held = {name: kind for name, kind in types.items() if _holds(frame[[name]], {name: kind})}
    columns = [
        c if c.name in held else c.model_copy(update={"arrow": None}) for c in schema.columns
    ]
    return schema.model_copy(update={"columns": tuple(columns)})


def _holds(frame: pd.DataFrame, types: Mapping[str, pa.DataType]) -> bool:
    try:
        with_types(pa.Table.from_pandas(frame, preserve_index=False), types)
    except (UserError, pa.ArrowException):
        return False
    return True


def _told_type(column: Column, text: str) -> pa.DataType | None:
    """The type of that name, if the values of a made column fit it."""
    kind = parse_type(text)
    if kind is None:
        logger.warning(
            "column %r is of type %s in its source, which made rows do not have: in Parquet they "
            "have %s",
            column.name,
            text,
            _plain_type(column),
        )
    return kind if kind is not None and _fits(column, kind) else None


def _plain_type(column: Column) -> pa.DataType:
    """What a column has in Parquet where nothing else is said."""
    return pa.Array.from_pandas(pd.Series([], dtype=column.dtype)).type


def _fits(column: Column, kind: pa.DataType) -> bool:
    """Whether all that a column can be made of is of such a kind, and in the type's range."""
    if not _is_alike(column, kind):
        return False
    try:
        _cast(pa.chunked_array([_ends(column)]), kind)
    except (pa.ArrowException, OverflowError):
        return False
    return True


def _is_alike(column: Column, kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        has_room = column.kind is not ColumnKind.IDENTIFIER or kind.index_type.bit_width >= _MANY
        return has_room and _is_alike(column, kind.value_type)
    if pa.types.is_timestamp(kind) or kind in _DATES:
        return column.kind is ColumnKind.DATETIME
    if kind in _TEXTS:
        return column.dtype == "str"
    if pa.types.is_time(kind):
        is_text = column.dtype == "str" and column.kind is not ColumnKind.IDENTIFIER
        return isinstance(column.number_form, ClockForm) or is_text
    if pa.types.is_duration(kind):
        return column.dtype.startswith(("int", "uint", "float"))
    if pa.types.is_boolean(kind):
        return column.dtype == "bool"
    if column.dtype.startswith(("int", "uint")):
        return True
    return column.dtype.startswith("float") and (
        not pa.types.is_integer(kind) or column.decimals == 0
    )


def _ends(column: Column) -> pa.Array:
    """Values of a column, of which the type that holds them holds all that it is made of."""
    plain = _plain_type(column)
    if column.is_discrete:
        return pa.array(column.categories, plain)
    if column.minimum is not None and column.maximum is not None:
        ends = _wound([column.minimum, column.maximum], column)
        if pa.types.is_floating(plain):
            return pa.array(ends, plain)
        return pa.array([int(end) for end in ends], pa.int64()).cast(plain)
    is_number = column.fresh is not None and not isinstance(column.example, str)
    fresh = [column.fresh.low, column.fresh.high] if column.fresh and is_number else []
    return pa.array([column.example, *fresh], plain)


def as_in_source(frame: pd.DataFrame, columns: Sequence[Column]) -> pd.DataFrame:
    """Rows whose numbers are those that their source would have.

    Times of day are counted from midnight, also where a day begins elsewhere; what is written as
    fractions is one.
    """
    found = {}
    for column in columns:
        name, form = column.name, column.number_form
        if name in frame and _is_of_day(form):
            found[name] = frame[name] % form.day
        elif name in frame and isinstance(form, FractionForm):
            numbers = frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
            found[name] = pd.Series(form.nearest(numbers), index=frame.index)
    return frame.assign(**found) if found else frame


def _is_of_day(form: AnyForm | None) -> TypeGuard[ClockForm]:
    return isinstance(form, ClockForm) and form.is_of_day


def _wound(ends: list[float], column: Column) -> list[float]:
    """The ends of a column as `as_in_source` writes it."""
    form = column.number_form
    return [0.0, form.day - 1.0] if _is_of_day(form) else ends


def _cast(values: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    """Values in another type; raises ArrowException where one has no room in it.

    Times are of UTC. Numbers become the nearest in types that have fewer digits.
    """
    if pa.types.is_decimal(kind) and pa.types.is_integer(values.type):
        # by itself arrow asks for room for all of 64 bits
        return values.cast(pa.string()).cast(kind)
    if pa.types.is_time(kind):
        return times_of_day(values, kind)
    if pa.types.is_duration(kind):
        return durations_of(values, kind)
    if pa.types.is_floating(kind):
        near = values.cast(kind, safe=False)
        if pc.any(pc.is_inf(near.cast(pa.float64()))).as_py():
            raise pa.ArrowInvalid("a number is too large")
        return near
    cast = values.cast(kind)
    if kind in _DATES and cast.cast(values.type) != values:
        raise pa.ArrowInvalid("a time is no midnight")
    return cast


def _described(table: pa.Table, types: Mapping[str, pa.DataType]) -> pa.Table:
    """The table with what pandas notes of its columns true of these types."""
    marks = dict(table.schema.metadata or {})
    if not types or b"pandas" not in marks:
        return table
    notes: dict[str, Any] = json.loads(marks[b"pandas"])
    described = [_noted(note, types.get(note["name"])) for note in notes["columns"]]
    notes["columns"] = [note for note in described if note is not None]
    return table.replace_schema_metadata(marks | {b"pandas": json.dumps(notes).encode()})


def _noted(note: Mapping[str, Any], kind: pa.DataType | None) -> Mapping[str, Any] | None:
    """What pandas notes of a column in a type: whole numbers that may be missing stay whole."""
    if kind is None:
        return note
    if note["numpy_type"] != "Int64" or not pa.types.is_integer(kind):
        return None  # the type itself says enough
    name = str(kind)
    whole = name.replace("i", "I", 1).replace("u", "U", 1)
    return {**note, "pandas_type": name, "numpy_type": whole}
