"""Writing a table, whole or in parts that come one by one: Parquet or CSV by the file's name."""

import os
from collections.abc import Iterable, Mapping
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from components.errors import UserError

_SUFFIXES = (".parquet", ".csv")
_FULL_TIME = "%Y-%m-%d %H:%M:%S.%f"


def check_output(path: Path) -> None:
    """Raise UserError where no table can be written to `path`."""
    if path.suffix not in _SUFFIXES:
        raise UserError(f"cannot write {path}: accepted endings are {', '.join(_SUFFIXES)}")
    if not path.absolute().parent.is_dir():
        raise UserError(f"cannot write {path}: the folder {path.parent} does not exist")
    if not os.access(path.absolute().parent, os.W_OK):
        raise UserError(f"cannot write {path}: no permission to write in {path.parent}")


def write_frame(frame: pd.DataFrame, path: Path) -> None:
    """Write `frame` to `path`; a file that was there is replaced only by a whole new one."""
    write_frames([frame], path)


def write_frames(frames: Iterable[pd.DataFrame], path: Path) -> int:
    """Write the rows of all frames, one at least, to `path` as they come; how many there are.

    Each frame is a row group of a Parquet file. A file that was there is replaced only by a whole
    new one.
    """
    partial = path.with_name(f".{path.name}.part")
    try:
        write = _write_csv if path.suffix == ".csv" else write_row_groups
        num_rows = write(frames, partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return num_rows


def write_row_groups(
    frames: Iterable[pd.DataFrame],
    path: Path,
    *,
    marks: Mapping[str, str] | None = None,
    **settings: Any,
) -> int:
    """Write frames, one at least, as row groups of a Parquet file; the number of rows.

    `marks` go into the file's own metadata, `settings` to Arrow's writer. One frame gives the
    bytes that pandas gives.
    """
    num_rows, writer = 0, None
    try:
        for frame in frames:
            schema = writer.schema if writer else None
            table = pa.Table.from_pandas(frame, schema=schema, preserve_index=False)
            if writer is None:
                added = {k.encode(): v.encode() for k, v in sorted((marks or {}).items())}
                schema = table.schema.with_metadata({**(table.schema.metadata or {}), **added})
                writer = pq.ParquetWriter(path, schema, **settings)
            writer.write_table(table.replace_schema_metadata(writer.schema.metadata))
            num_rows += len(frame)
    finally:
        if writer is not None:
            writer.close()
    return num_rows


def _write_csv(frames: Iterable[pd.DataFrame], path: Path) -> int:
    """Write frames one under another.

    Where there are several, times are written in full: each frame alone would leave out what its
    own times do not need.
    """
    coming = iter(frames)
    ahead = list(islice(coming, 2))
    date_format = _FULL_TIME if len(ahead) > 1 else None
    num_rows = 0
    with path.open("w", newline="") as file:
        for frame in chain(ahead, coming):
            is_first = num_rows == 0
            frame.to_csv(file, index=False, header=is_first, date_format=date_format)
            num_rows += len(frame)
    return num_rows
