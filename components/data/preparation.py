"""From rows as they came to rows a model can learn from."""

from collections.abc import Collection, Mapping, Sequence

import pandas as pd

from components.config import Constraint
from components.data.constraints.checks import ReadColumns, check_batches, check_columns
from components.data.constraints.written import check_possible
from components.data.forms.kept_forms import TextForm
from components.data.inference import conform, describe, forms_of, infer_kinds
from components.data.schema import ColumnKind, Schema
from components.data.table import Table
from components.errors import UserError


def drop_columns(frame: pd.DataFrame, names: Collection[str]) -> pd.DataFrame:
    """`frame` without the columns `names`; raises UserError for one it does not have."""
    unknown = sorted(set(names) - set(frame.columns))
    if unknown:
        known = ", ".join(map(str, frame.columns[:30]))
        raise UserError(f"cannot drop {unknown[0]!r}: it is not in the table; there are: {known}")
    return frame.drop(columns=list(names))


def declared_kinds(texts: Sequence[str]) -> dict[str, ColumnKind]:
    """Kinds written as `column=kind`; raises UserError for another form or an unknown kind."""
    kinds = {}
    for text in texts:
        name, equals, kind = text.rpartition("=")
        if not equals or kind not in list(ColumnKind):
            accepted = ", ".join(ColumnKind)
            raise UserError(f"{text!r} is not of the form column=kind; kinds are: {accepted}")
        kinds[name] = ColumnKind(kind)
    return kinds


def prepare_table(
    frame: pd.DataFrame,
    target: str,
    *,
    drop: Collection[str] = (),
    kinds: Mapping[str, ColumnKind] | None = None,
    constraints: Sequence[Constraint] = (),
    kept: Mapping[str, TextForm] | None = None,
) -> Table:
    """All rows as a table whose schema is inferred from all of them: for use without a judge.

    `kept` says how their source writes columns that are no text any more.
    """
    left = drop_columns(frame, drop)
    inferred = infer_kinds(left, target, kinds or {})
    forms = forms_of(left, inferred, kept)
    rows = conform(left, inferred, forms)

    def read(names: Sequence[str]) -> list[pd.DataFrame]:
        return [rows[list(names)]]

    schema = describe(rows, inferred, target, forms)
    return Table(rows, constrained(schema, constraints, read, read))


def constrained(
    schema: Schema, constraints: Sequence[Constraint], read: ReadColumns, read_train: ReadColumns
) -> Schema:
    """The schema with these constraints, which all rows that `read` gives were found to hold.

    Raises UserError where they cannot be about their columns, contradict one another, or rows break
    them; also where none of the training rows that `read_train` gives bears one out.
    """
    check_columns(constraints, schema)
    found = schema.model_copy(update={"constraints": tuple(constraints)})
    for constraint in constraints:
        check_batches(constraint, read, found)
    check_possible(found)
    for constraint in constraints:
        shown = read_train(constraint.columns)
        if not any(rows.notna().all(axis=1).any() for rows in shown):
            raise UserError(
                f"constraint {str(constraint)!r}: no training row has a value in all its columns"
            )
    return found
