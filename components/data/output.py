"""Writing a table for a person: whole or not at all, Parquet or CSV by the file's name."""

import os
from pathlib import Path

import pandas as pd

from components.errors import UserError

_SUFFIXES = (".parquet", ".csv")


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
    partial = path.with_name(f".{path.name}.part")
    try:
        if path.suffix == ".csv":
            frame.to_csv(partial, index=False)
        else:
            frame.to_parquet(partial, index=False)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
