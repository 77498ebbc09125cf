"""A target where none was named: the column that the others tell most of stands in."""

import re
from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api import types

from components.data.inference import check_num_rows, read_numbers_in, target_kind
from components.data.preparation import drop_columns
from components.data.schema import DISCRETE, ColumnKind
from components.data.summaries import MAX_CLASSES, check_distinct_names
from components.errors import UserError

STANDS_IN = "nobody named a target: {target!r} stands in, the column that the others tell most of"
"""What readers of a verdict are told."""

MOST_ROWS = 4_000
MOST_COLUMNS = 64
"""Of more candidates, or more columns to tell them from, the first ones are tried."""
CLEAR = 0.1
"""A class of which the others explain so much is preferred to any number."""
COPY = 0.99
"""What others explain so well is said by one of them already: as a target it would ask nothing."""
_LEAF = 20
_MOST_TOLD = 3
_ENDS = re.compile(r"; |: |, such as ")
"""What advice, or an example, follows in an error."""

Numbers = NDArray[np.float64]


def stand_in_target(
    frame: pd.DataFrame,
    *,
    drop: Collection[str] = (),
    kinds: Mapping[str, ColumnKind] | None = None,
) -> str:
    """The column to predict in a table of which nobody named one.

    Of all that can be a target it is the one of whose variance a decision tree explains the largest
    share on rows held out, a class before a number; so what is measured of it tells whether the
    columns still belong together. At most `MOST_ROWS` rows decide. Raises UserError where no column
    can be a target.
    """
    check_distinct_names(frame.columns.tolist())
    rows = drop_columns(frame, drop)
    if len(rows) > MOST_ROWS:
        rows = rows.sample(MOST_ROWS, random_state=0)
    declared = kinds or {}
    rows = rows.assign(
        **{name: read_numbers_in(rows[name], declared.get(name)) for name in rows.columns}
    )
    fitting, refused = _told_apart(rows, declared)
    if not fitting:
        check_num_rows(len(frame))
        why = _told(refused, len(rows))
        raise UserError(
            "no column can stand in for a target: one needs a value in every row, and is a number "
            f"or has 2 to {MAX_CLASSES} classes of enough rows ({why}); name the column to predict"
        )
    columns = {name: _numbers(rows[name]) for name in rows.columns[:MOST_COLUMNS]}
    skills = {
        name: _skill(_traits(rows[name], kind), [c for n, c in columns.items() if n != name])
        for name, kind in list(fitting.items())[:MOST_COLUMNS]
    }
    asking = {name: skill for name, skill in skills.items() if skill < COPY} or skills
    classes = {n: s for n, s in asking.items() if fitting[n] in DISCRETE and s >= CLEAR}
    chosen = classes or asking
    return max(chosen, key=lambda name: chosen[name])


def _told_apart(
    rows: pd.DataFrame, declared: Mapping[str, ColumnKind]
) -> tuple[dict[str, ColumnKind], list[str]]:
    """The kinds of the columns that can be a target, and why each of the others cannot."""
    fitting, refused = {}, []
    for name in rows.columns:
        try:
            kind = target_kind(rows[name], declared.get(name))
        except UserError as error:
            refused.append(_ENDS.split(str(error), maxsplit=1)[0])
            continue
        if kind in DISCRETE and rows[name].nunique() > MAX_CLASSES:
            refused.append(f"column {name!r} has {rows[name].nunique()} classes")
        else:
            fitting[name] = kind
    return fitting, refused


def _told(refused: list[str], num_rows: int) -> str:
    """The first reasons, and how many more there are, as told by so many rows."""
    more = len(refused) - _MOST_TOLD
    part = f"by {num_rows:,} rows: " if num_rows == MOST_ROWS else ""
    return part + "; ".join(refused[:_MOST_TOLD]) + (f"; and {more} more" if more > 0 else "")


def _traits(column: pd.Series, kind: ColumnKind) -> Numbers:
    """What is to be explained, shape (rows, traits): one for each class, or the ranks."""
    if kind in DISCRETE:
        return pd.get_dummies(column.astype(str)).to_numpy(dtype=np.float64)
    return np.asarray(column.rank(pct=True), dtype=np.float64)[:, None]


def _numbers(column: pd.Series) -> Numbers:
    """Values as numbers, -1 where missing: ranks, or codes of text."""
    if types.is_numeric_dtype(column) or types.is_datetime64_any_dtype(column):
        return np.asarray(column.rank().fillna(-1.0), dtype=np.float64)
    codes, _ = pd.factorize(column.astype(str).where(column.notna()), sort=True)
    return codes.astype(np.float64)


def _skill(traits: Numbers, columns: list[Numbers]) -> float:
    """The share of the traits' variance in every other row that the rows between explain."""
    from sklearn.tree import DecisionTreeRegressor

    if not columns:
        return 0.0
    given = np.column_stack(columns)
    tree = DecisionTreeRegressor(min_samples_leaf=_LEAF, random_state=0)
    tree.fit(given[::2], traits[::2])
    held_out = traits[1::2]
    left = ((tree.predict(given[1::2]).reshape(held_out.shape) - held_out) ** 2).sum()
    return 1.0 - float(left) / max(float(((held_out - held_out.mean(axis=0)) ** 2).sum()), 1e-12)
