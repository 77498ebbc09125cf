"""Real and synthetic rows from anywhere, read by the schema of the real training rows."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api import types
from scipy import stats

from components.data.forms.dates import read_what_is_date
from components.data.forms.number_forms import read_what_is_number
from components.data.forms.truths import read_what_is_truth
from components.data.inference import conform, describe, forms_of, infer_kinds
from components.data.schema import NUMBERS, Column, ColumnKind, Schema
from components.data.table import Table, encode
from components.data.texts import holds_text
from components.errors import UserError

TRAIN, TEST, SYNTHETIC = "training rows", "test rows", "synthetic rows"
FILLED = "rows to fill"
MIN_ROWS = 10
MAX_FOREIGN = 0.5
BEYOND_CHANCE = 1e-3
_SHOWN = 5


@dataclass(frozen=True)
class Foreign:
    """Three tables in one schema, and what a reader of their verdict should know of them."""

    train: Table
    test: Table
    synthetic: Table
    notes: tuple[str, ...]


def read_foreign(
    train: pd.DataFrame,
    test: pd.DataFrame,
    synthetic: pd.DataFrame,
    target: str,
    *,
    drop: Collection[str] = (),
    kinds: Mapping[str, ColumnKind] | None = None,
) -> Foreign:
    """The three tables, their schema told from the training rows; columns `drop` are left out.

    Numbers may come as text and whole numbers with a point; a value that cannot be read as its
    column's kind is an error. So are infinities, a synthetic table that lacks a column, has one
    too many, or one class. Categories that no training row has, and gaps where no training row
    has one, are faults of the synthetic rows: they count as missing values, so against the rows'
    likeness, and a note says how many there are. Above half of a column they are an error, since
    then the column was mistaken for another. Test rows may have them; there they are missing.

    Raises UserError that names the table, the column and the value.
    """
    frames = _without({TRAIN: train, TEST: test, SYNTHETIC: synthetic}, drop)
    try:
        inferred = infer_kinds(frames[TRAIN], target, kinds or {})
        forms = forms_of(frames[TRAIN], inferred)
        known = conform(frames[TRAIN], inferred, forms)
        schema = describe(known, inferred, target, forms)
    except UserError as error:
        raise UserError(f"{TRAIN}: {error}") from error
    tables = {TRAIN: Table(known, schema)}
    notes: list[str] = []
    for name in (TEST, SYNTHETIC):
        _check_columns(name, frames[name], schema)
        tables[name] = Table(_conformed(name, frames[name], schema), schema)
        _check_target(name, tables[name], notes)
    notes += _faults(tables[SYNTHETIC])
    notes += _shared(tables[TRAIN], tables[TEST])
    return Foreign(tables[TRAIN], tables[TEST], tables[SYNTHETIC], tuple(notes))


def read_incomplete(frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Rows to be filled in, each column of `schema` as the training rows have it.

    A column that is not there at all is missing in every row; identifiers and constants are left
    as they are, columns that the schema lacks are left out (`columns_beside`). Raises UserError for
    a value that cannot be read as its column's kind, and where columns are both unknown and
    lacking: one may be the other by another name.
    """
    _refuse_repeated(FILLED, frame)
    unknown = [str(name) for name in columns_beside(frame, schema)]
    lacking = _lacking(frame, schema)
    if unknown and lacking:
        raise UserError(
            f"{FILLED}: unknown {_list(unknown)}, while {_list(lacking)} would be filled in every "
            f"row; known: {_list(schema.names)}"
        )
    if not len(frame):
        raise UserError("there are no rows to fill")
    whole = frame.reindex(columns=schema.names).reset_index(drop=True)
    read = {c.name: _read(FILLED, whole[c.name], c) for c in schema.learned}
    return whole.assign(**read)


def columns_beside(frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """The columns of rows to be filled in that the schema lacks, as those dropped in training."""
    return frame[[name for name in frame.columns if name not in schema.names]]


def _refuse_repeated(name: str, frame: pd.DataFrame) -> None:
    repeated = frame.columns[frame.columns.duplicated()].tolist()
    if repeated:
        raise UserError(f"{name}: more than one column is named {repeated[0]!r}")


def _without(frames: Mapping[str, pd.DataFrame], drop: Collection[str]) -> dict[str, pd.DataFrame]:
    """The tables without the dropped columns, each of which one table at least must have."""
    for name in drop:
        if not any(name in frame.columns for frame in frames.values()):
            known = _list(frames[TRAIN].columns)
            raise UserError(f"cannot drop {name!r}: no table has it; the {TRAIN} have: {known}")
    for name, frame in frames.items():
        _refuse_repeated(name, frame)
    return {
        name: frame.drop(columns=[column for column in drop if column in frame.columns])
        for name, frame in frames.items()
    }


def _lacking(frame: pd.DataFrame, schema: Schema) -> list[str]:
    """The learned columns that are not there."""
    return [column.name for column in schema.learned if column.name not in frame.columns]


def _check_columns(name: str, frame: pd.DataFrame, schema: Schema) -> None:
    """Every learned column is there and no unknown one; identifiers and constants may lack."""
    lacking = _lacking(frame, schema)
    if lacking:
        raise UserError(
            f"the {name} lack {_list(map(repr, lacking))}, which the {TRAIN} have; "
            f"they have: {_list(frame.columns)}"
        )
    extra = [str(column) for column in frame.columns if column not in schema.names]
    if extra:
        options = " ".join(f"--drop {column!r}" for column in extra[:_SHOWN])
        raise UserError(
            f"the {name} have {_list(map(repr, extra))}, which the {TRAIN} lack: leave such "
            f"columns out ({options})"
        )
    if len(frame) < MIN_ROWS:
        raise UserError(f"there are {len(frame)} {name}; at least {MIN_ROWS} can be judged")


def _conformed(name: str, frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """The learned columns as the training rows have them, and identifiers as they are, if any."""
    return pd.DataFrame(
        {
            column.name: _read(name, frame[column.name].reset_index(drop=True), column)
            for column in schema.learned
        }
        | {
            column.name: frame[column.name].reset_index(drop=True)
            for column in schema.columns
            if column.kind is ColumnKind.IDENTIFIER and column.name in frame.columns
        }
    )


def _read(name: str, values: pd.Series, column: Column) -> pd.Series:
    """The column in the type its kind is kept in; what cannot be read raises."""
    if column.kind is ColumnKind.DATETIME:
        read = read_what_is_date(values, column.written)
        _check_read(name, values, read, column)
        return read
    if column.kind in NUMBERS:
        return _numbers(name, values, column)
    if column.kind is ColumnKind.BOOLEAN:
        truths = read_what_is_truth(values)
        _check_read(name, values, truths, column)
        return truths
    return _categories(name, values, column)


def _numbers(name: str, values: pd.Series, column: Column) -> pd.Series:
    """Numbers as float64, whole or not: a fraction in a column of whole numbers shows as such."""
    if column.number_form is not None and holds_text(values):
        read, unread = read_what_is_number(values, column.number_form)
        values = values.where(read.notna() | unread)  # the others say that there is none
    else:
        read = pd.to_numeric(values, errors="coerce")
    if types.is_datetime64_any_dtype(values) or types.is_bool_dtype(values):
        read = pd.Series(np.nan, index=values.index)
    _check_read(name, values, read, column)
    numbers = read.astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan)
    infinite = int(np.isinf(numbers).sum())
    if infinite:
        raise UserError(
            f"{name}: column {column.name!r} is infinite in {infinite} of {len(values)} rows: "
            "numbers must be finite; leave the cell empty where the value is missing"
        )
    return pd.Series(numbers)


def _categories(name: str, values: pd.Series, column: Column) -> pd.Series:
    """Categories as the training rows write them, those that no training row has as text."""
    known = {str(level): level for level in column.categories}
    try:
        found = values.dropna().unique().tolist()
    except TypeError as error:  # lists or records
        raise UserError(f"{name}: column {column.name!r} holds no categories: {error}") from error
    read = values.map({value: known.get(_written(value), _written(value)) for value in found})
    return read.astype("str") if all(isinstance(level, str) for level in known.values()) else read


def _written(value: object) -> str:
    """A category as text, a whole number without its point."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _check_read(name: str, values: pd.Series, read: pd.Series, column: Column) -> None:
    """Raise where a value that is there could not be read."""
    wrong = values.notna() & read.isna()
    if wrong.any():
        example = values[wrong].iloc[0]
        declared = f", or say what the column is (--kind {column.name}=categorical)"
        or_declare = "" if name == FILLED else declared
        raise UserError(
            f"{name}: column {column.name!r} holds {str(example)[:60]!r} in {int(wrong.sum())} of "
            f"{len(values)} rows, which is no {_NOUNS[column.kind]}{_such_as(column)}; in the "
            f"{TRAIN} it is {column.kind}: mend it{or_declare}"
        )


def _such_as(column: Column) -> str:
    form = column.number_form
    return "" if form is None else f" such as {form.example!r}"


_NOUNS = {
    ColumnKind.DATETIME: "date",
    ColumnKind.NUMERICAL: "number",
    ColumnKind.INTEGER: "number",
    ColumnKind.BOOLEAN: "true or false",
}


def _check_target(name: str, table: Table, notes: list[str]) -> None:
    """Raise where the target is missing in a row, or does not vary."""
    target = table.schema.target_column
    values = table.frame[target.name]
    if values.isna().any():
        raise UserError(
            f"{name}: target {target.name!r} is missing in {int(values.isna().sum())} of "
            f"{len(values)} rows; each needs a value"
        )
    if values.nunique() < 2:
        accepted = f"; the {TRAIN} have: {_list(target.categories)}" if target.is_discrete else ""
        word = "class" if target.is_discrete else "value"
        raise UserError(
            f"{name}: target {target.name!r} has one {word}, {values.tolist()[0]!r}, in all "
            f"{len(values)} rows; at least two are needed{accepted}"
        )
    if name == TEST and target.is_discrete:
        unknown = int((~values.isin(list(target.categories))).sum())
        if unknown:
            notes.append(
                f"{unknown} of {len(values)} {name} have a class of {target.name!r} that no "
                "training row has; they take no part in what learners are asked"
            )


def _faults(table: Table) -> list[str]:
    """A note for each column with cells no training row could have; raises above half of one."""
    notes = []
    matrix = encode(table.frame, table.schema)
    for place, column in enumerate(table.schema.learned):
        values, gaps = table.frame[column.name], np.isnan(matrix[:, place])
        unknown = gaps & values.notna().to_numpy()
        missing = gaps & ~unknown & (not column.nullable)
        for cells, what in ((unknown, _unknown(values[unknown])), (missing, "no value")):
            count = int(cells.sum())
            said = f"column {column.name!r} has {what} in {count} of {len(table)} {SYNTHETIC}"
            if count > MAX_FOREIGN * len(table):
                raise UserError(f"{said}, more than half; {_accepted(column)}")
            if count:
                notes.append(f"{said}: faults that count as missing values; {_accepted(column)}")
    return notes


def _unknown(values: pd.Series) -> str:
    levels = values.value_counts().index.tolist()
    kind = "the unknown category" if len(levels) == 1 else f"{len(levels)} unknown categories,"
    return f"{kind} {_list(map(repr, levels))},"


def _accepted(column: Column) -> str:
    """What the training rows have."""
    if column.is_discrete:
        return f"the {TRAIN} have: {_list(map(repr, column.categories))}"
    return f"no training row lacks it, from {column.minimum:g} to {column.maximum:g}"


def _shared(train: Table, test: Table) -> list[str]:
    """A note where test rows are among the training rows more often than these repeat themselves.

    Were both drawn alike, a test row would have its like among the training rows about as often
    as a training row has it among the others.
    """
    ours, theirs = (_hashes(table) for table in (train, test))
    counts = pd.Series(ours).value_counts()
    repeated = int(counts[counts > 1].sum())
    hits = int(np.isin(theirs, ours).sum())
    chance = (repeated + 1) / (len(ours) + 2)
    if hits < 2 or stats.binom.sf(hits - 1, len(theirs), chance) > BEYOND_CHANCE:
        return []
    return [
        f"{hits} of {len(theirs)} {TEST} are among the {TRAIN}, where chance would put about "
        f"{chance * len(theirs):.0f}: the two were not split apart, and the verdict flatters"
    ]


def _hashes(table: Table) -> NDArray[np.uint64]:
    """A number for each row, the same for equal rows."""
    matrix = pd.DataFrame(encode(table.frame, table.schema))
    return np.asarray(pd.util.hash_pandas_object(matrix, index=False), dtype=np.uint64)


def _list(names: Iterable[object]) -> str:
    """The first few names, and how many more there are."""
    shown = [str(name) for name in names]
    more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN + 1 else ""
    return ", ".join(shown[:_SHOWN] if more else shown) + more
