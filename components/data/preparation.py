"""From rows as they came to rows a model can learn from."""

from collections.abc import Collection, Mapping, Sequence

import pandas as pd

from components.data.inference import conform, describe, infer_kinds
from components.data.schema import ColumnKind
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
) -> Table:
    """All rows as a table whose schema is inferred from all of them: for use without a judge."""
    kept = drop_columns(frame, drop)
    inferred = infer_kinds(kept, target, kinds or {})
    rows = conform(kept, inferred)
    return Table(rows, describe(rows, inferred, target))
