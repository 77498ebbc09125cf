"""What each image file shows: by the folder it lies in, or by a CSV file."""

import logging
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from components.config import ImagesConfig, Unlabelled
from components.data.counted import counted
from components.data.files import is_csv, read_files, reading
from components.data.forms.csv_form import csv_form
from components.data.images.rows import without_decimals
from components.data.images.schema import LABEL
from components.errors import UserError

logger = logging.getLogger(__name__)

FILE = "file"


def label_facts(names: Sequence[str], config: ImagesConfig, uri: str) -> pd.DataFrame:
    """A row for each file, in their order: its `label`, and the other columns of the CSV file.

    `names` are paths within the folder. Without a CSV file the folders say what files show; there
    is no column `label` where none lies in a folder. A label may be missing in the CSV file where
    `config.unlabelled` says so. Raises UserError where a file has no label else.
    """
    if config.labels is not None:
        found = _by_csv(names, labels_file(config.labels))
        if config.unlabelled is Unlabelled.REFUSE:
            _check_labels(found, names, config.labels)
        return found
    folders = [name.rpartition("/")[0] for name in names]
    if not any(folders):
        return pd.DataFrame(index=range(len(names)))
    if not all(folders):
        loose = sum(not folder for folder in folders)
        raise UserError(
            f"{uri!r} holds {counted(loose, 'image')} beside the {len(names) - loose} in its "
            "folders; accepted are a folder for each class, no folders, or a CSV file of labels "
            "(prepare.images.labels)"
        )
    return pd.DataFrame({LABEL: folders})


def labels_file(path: str) -> Path:
    """The CSV file of labels; raises UserError where there is none."""
    file = Path(path).expanduser()
    if not file.is_file():
        raise UserError(f"prepare.images.labels: there is no file {path!r}")
    return file


def _by_csv(names: Sequence[str], path: Path) -> pd.DataFrame:
    table = read_files([path], reread=(FILE, LABEL))
    for column in (FILE, LABEL):
        if column not in table:
            columns = ", ".join(map(str, table.columns[:30]))
            raise UserError(f"{path} has no column {column!r}; it has: {columns}")
    table = _as_text(table, path)
    table[FILE] = table[FILE].str.replace("\\", "/").str.removeprefix("./")
    repeated = table[FILE][table[FILE].duplicated()]
    if len(repeated):
        raise UserError(f"{path} names the file {repeated.iloc[0]!r} more than once")
    table = table.set_index(FILE)
    known = set(table.index)
    keys = [name if name in known else name.rpartition("/")[2] for name in names]
    missing = [name for name, key in zip(names, keys, strict=True) if key not in known]
    others = sorted(known.difference(keys))
    if missing:
        named = f"; beside those that are read it names {others[0]!r}" if others else ""
        raise UserError(
            f"{path} says nothing of {len(missing)} of {len(names)} images, such as "
            f"{missing[0]!r}{named}"
        )
    _check_distinct(names, keys, path)
    if others:
        told = counted(len(others), "file")
        logger.warning("%s names %s beside those that are read, such as %r", path, told, others[0])
    return table.loc[keys].reset_index(drop=True)


def _check_distinct(names: Sequence[str], keys: Sequence[str], path: Path) -> None:
    """Raise UserError where one row of the CSV file were to say what several images show."""
    named: dict[str, str] = {}
    for name, key in zip(names, keys, strict=True):
        if named.setdefault(key, name) != name:
            raise UserError(
                f"{path} names {key!r}, which may be {named[key]!r} or {name!r}: name it by its "
                "path within the folder"
            )


def _as_text(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    """The table with its files and labels as they are written: 0 stays 0, and NA is a class."""
    if is_csv(path):
        with reading(path):
            options = csv_form(path).options
            written = pd.read_csv(path, **{**options, "dtype": str}, keep_default_na=False)
        files, labels = written[FILE], written[LABEL].str.strip()
        labels = labels.where(labels != "")
    else:
        files, labels = table[FILE], without_decimals(table[LABEL])
    texts = {
        FILE: files.astype(str),
        LABEL: labels.astype(str).where(labels.notna()),
    }
    return table.assign(**texts)


def _check_labels(found: pd.DataFrame, names: Sequence[str], labels: str) -> None:
    missing = found[LABEL].isna().to_numpy()
    if missing.any():
        raise UserError(
            f"{Path(labels).expanduser()} has no label for {names[int(missing.argmax())]!r}; "
            "prepare.images.unlabelled = use trains on such images without one"
        )
