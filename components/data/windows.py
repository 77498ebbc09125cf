"""Windows: new labelled rows of a model, kept with the side that each is on from the first day."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from components.config import GroupSplit, MarkedSplit, PrepareConfig
from components.data.forms.kept_forms import forms_metadata
from components.data.forms.number_forms import are_absent
from components.data.inference import conform, forms_in
from components.data.schema import Column, Schema
from components.data.splits import split_rows
from components.data.table import encode
from components.data.texts import holds_text, trimmed
from components.errors import UserError

HELD_OUT = "mintmark_held_out"
"""The column that marks the rows which are never trained on."""

ORIGINS = "mintmark.origins"
"""Where a file's metadata names the content its rows came from."""

_TIME = "%Y%m%dT%H%M%S%f"


@dataclass(frozen=True)
class Window:
    """Rows that were met at once: where they lie, when they arrived, the hash of their source."""

    path: Path
    arrived: datetime
    sha256: str


def list_windows(folder: Path) -> list[Window]:
    """The windows in a folder, the oldest first; none where there is no folder."""
    return [_window(path) for path in sorted(folder.glob("*.parquet"))]


def keep_window(folder: Path, rows: pd.DataFrame, sha256: str, *, most: int) -> Window:
    """Keep marked `rows` as the newest window, and of all windows the newest `most`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{datetime.now(UTC).strftime(_TIME)}-{sha256}.parquet"
    write_marked(rows, path, [sha256])
    for old in list_windows(folder)[:-most]:
        old.path.unlink(missing_ok=True)
    return _window(path)


def write_marked(
    rows: pd.DataFrame, path: Path, origins: Sequence[str], columns: Iterable[Column] = ()
) -> None:
    """Write rows with the hashes of what they came from; the file is there wholly or not at all.

    It says how these `columns` are written where their source has them as text.
    """
    table = pa.Table.from_pandas(rows, preserve_index=False)
    marks = {ORIGINS: json.dumps(origins), **forms_metadata(columns)}
    added = {key.encode(): text.encode() for key, text in marks.items()}
    metadata = {**(table.schema.metadata or {}), **added}
    unfinished = path.with_suffix(".unfinished")
    pq.write_table(table.replace_schema_metadata(metadata), unfinished)
    unfinished.replace(path)


def labelled_rows(frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """The rows with a known target, in the schema's columns and types.

    Columns that the schema does not have are left out. Raises UserError where one is missing or
    cannot be read as what it was.
    """
    missing = [name for name in schema.names if name not in frame.columns]
    if missing:
        raise UserError(f"the new rows have no column {missing[0]!r}, which the model was taught")
    is_known = _has_value(frame[schema.target], schema.target_column)
    known = frame.loc[is_known, schema.names].reset_index(drop=True)
    kinds = {column.name: column.kind for column in schema.columns}
    return conform(known, kinds, forms_in(known, schema))


def _has_value(values: pd.Series, column: Column) -> pd.Series:
    if column.number_form is None or not holds_text(values):
        return values.notna()
    return pd.Series(~are_absent(trimmed(values)), index=values.index)


def new_among(rows: pd.DataFrame, known: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """The rows that are not among the `known` ones, each of which accounts for one equal row.

    So a source that grows gives what was added to it, also where rows are equal by nature.
    """
    keys = pd.DataFrame(np.vstack([encode(frame, schema) for frame in (known, rows)]))
    sides = np.arange(len(keys)) < len(known)
    times_seen = keys.groupby([*keys.columns, sides], dropna=False).cumcount()
    return _without(keys.assign(times=times_seen), rows, len(known))


def not_in(rows: pd.DataFrame, known: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """The rows that equal none of the `known` ones in the columns that are learned."""
    keys = pd.DataFrame(np.vstack([encode(frame, schema) for frame in (known, rows)]))
    return _without(keys, rows, len(known))


def _without(keys: pd.DataFrame, rows: pd.DataFrame, num_known: int) -> pd.DataFrame:
    """The rows whose keys, which come after those of the known ones, are not among these."""
    each = pd.util.hash_pandas_object(keys, index=False).to_numpy()
    is_new = ~np.isin(each[num_known:], each[:num_known])
    return rows[is_new].reset_index(drop=True)


def marked(
    rows: pd.DataFrame, config: PrepareConfig, sha256: str, *, stratify: bool, earlier: pd.DataFrame
) -> pd.DataFrame:
    """The rows with the column `HELD_OUT`: which of them are never trained on, as `config` splits.

    Groups stay on the side that they are on in `earlier` rows. Rows are drawn by their content.
    """
    seed = int(sha256[:8], 16)
    frame, split = rows, config.split
    if isinstance(split, MarkedSplit) and split.column not in rows:
        config = PrepareConfig(data=config.data, target=config.target, test_share=config.test_share)
    config = config.model_copy(update={"seed": seed, "train_rows": None})
    is_held_out = np.zeros(len(rows), dtype=bool)
    if isinstance(split, GroupSplit):
        side = earlier.groupby(split.column)[HELD_OUT].first()
        known = rows[split.column].map(side)
        is_held_out[known.eq(True).to_numpy()] = True
        free = np.flatnonzero(known.isna().to_numpy())
        if rows[split.column].iloc[free].nunique() > 1:
            is_held_out[free[_drawn(frame.iloc[free], config, stratify=False)]] = True
    else:
        is_held_out[_drawn(frame, config, stratify=stratify)] = True
    return rows.assign(**{HELD_OUT: is_held_out})


def _drawn(rows: pd.DataFrame, config: PrepareConfig, *, stratify: bool) -> NDArray[np.int64]:
    return split_rows(rows.reset_index(drop=True), config, stratify=stratify).test


def _window(path: Path) -> Window:
    time, _, sha256 = path.stem.partition("-")
    return Window(path, datetime.strptime(time, _TIME).replace(tzinfo=UTC), sha256)
