"""Whether the columns that settings name are there."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from components.config import PrepareConfig, RandomSplit
from components.config.nearest import did_you_mean
from components.data.bundled import is_bundled, load_bundled
from components.data.files import check_format, is_csv, reading
from components.data.forms.csv_form import csv_form
from components.data.sources import open_files
from components.errors import UserError
from components.storage.s3 import is_s3

Named = tuple[str, str]
"""A setting, and the column that it names."""

_MOST_TOLD = 30


def named_columns(prepare: PrepareConfig) -> Iterator[Named]:
    """The columns of the source that are named, each with the setting that names it."""
    if prepare.target:
        yield "prepare.target", prepare.target
    yield from (("prepare.drop", name) for name in prepare.drop)
    yield from (("prepare.kinds", name) for name in prepare.kinds)
    if not isinstance(prepare.split, RandomSplit):
        yield "prepare.split.column", prepare.split.column
    for constraint in prepare.constraints:
        yield from (("prepare.constraints", name) for name in constraint.columns)


def check_named(named: Iterable[Named], names: Sequence[str]) -> None:
    """Raise UserError for the first column that is named and is not among `names`."""
    for setting, name in named:
        if name not in names:
            more = ", ..." if len(names) > _MOST_TOLD else ""
            raise UserError(
                f"{setting}: column {name!r} is not in the table; {did_you_mean(name, names)}"
                f"its columns are: {', '.join(names[:_MOST_TOLD])}{more}"
            )


def columns_at(uri: str) -> list[str] | None:
    """The columns of the rows at `uri`, by the first lines alone; None where they lie elsewhere."""
    if is_s3(uri):
        return None
    if is_bundled(uri):
        return [str(name) for name in load_bundled(uri).columns]
    with open_files(uri) as paths:
        return _columns(paths[0])


def _columns(path: Path) -> list[str]:
    check_format(path)
    with reading(path):
        if not is_csv(path):
            return list(pq.read_schema(path).names)
        first = pd.read_csv(path, nrows=_MOST_TOLD, **csv_form(path).options)
        return [str(name) for name in first.columns]
