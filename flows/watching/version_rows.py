"""What a version of a table was trained on, what was held out of that, and what it makes."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pandas as pd

from components.config import ColumnKind, Params
from components.data.schema import Column, Schema
from components.data.sources import read_source
from components.data.table import Table
from components.data.windows import labelled_rows, marked, new_among
from components.errors import UserError
from components.monitoring.report import Unit
from components.registry.version_content import VersionContent
from components.stages.paths import StagePaths
from components.storage.home import Home
from flows.watching.kept_outputs import kept_output
from flows.watching.taught import Taught, find_version, quoted


@dataclass(frozen=True)
class VersionRows(Taught):
    """A version's settings, and the rows that its run prepared and that it made in it."""

    unit: ClassVar[Unit] = Unit.ROW
    train: Table
    test: Table

    @property
    def sides(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """See `Taught`."""
        return self.train.frame, self.test.frame

    @property
    def columns(self) -> tuple[Column, ...]:
        """See `Taught`."""
        return self.train.schema.columns

    def read(self, place: str) -> tuple[pd.DataFrame, str]:
        """See `Taught`."""
        source = read_source(place)
        return source.frame, source.sha256

    def telling(self, rows: pd.DataFrame, earlier: pd.DataFrame) -> pd.DataFrame:
        """Those with a known target; see `Taught`."""
        return labelled_rows(rows, self.train.schema)

    def new_among(self, rows: pd.DataFrame, earlier: pd.DataFrame, place: str) -> pd.DataFrame:
        """Of the watched place those that no earlier row accounts for; of another one all."""
        return new_among(rows, earlier, self.train.schema) if place == self.watched else rows

    def marked(self, rows: pd.DataFrame, sha256: str, earlier: pd.DataFrame) -> pd.DataFrame:
        """See `Taught`."""
        is_discrete = self.train.schema.is_classification
        return marked(rows, self.original, sha256, stratify=is_discrete, earlier=earlier)

    def as_table(self, rows: pd.DataFrame) -> Table:
        """See `Taught`."""
        return Table(rows, self.train.schema)

    def overrides(self, union: Path) -> tuple[str, ...]:
        """See `Taught`; columns stay what they are."""
        rows = read_source(str(union)).frame
        kinds = {
            column.name: column.kind
            for column in self.train.schema.columns
            if _is_still(column, rows)
        }
        texts = ", ".join(f"{quoted(name)}: {kind}" for name, kind in kinds.items())
        return (*self.shared_overrides, f"prepare.kinds={{{texts}}}", "prepare.drop=[]")


def read_version_rows(model: str, which: str, home: Home) -> VersionRows:
    """The rows of the version with this number or alias.

    Raises UserError where there is none, it was revoked, it makes images, or its rows are not kept
    here.
    """
    content, params = find_version(model, which, home)
    if params.prepare.images is not None:
        raise UserError(f"{model!r} makes images; only what rows of tables bring is measured anew")
    return rows_of_version(content, params, home)


def rows_of_version(content: VersionContent, params: Params, home: Home) -> VersionRows:
    """The rows of a version of a table; raises UserError where they are not kept here."""
    paths = StagePaths(Path())
    wanted = [paths.schema, paths.train, paths.test, paths.synthetic]
    told, *files = (kept_output(content, path, home) for path in wanted)
    schema = Schema.load(told)
    train, test, synthetic = map(pd.read_parquet, files)
    return VersionRows(content, params, synthetic, Table(train, schema), Table(test, schema))


def _is_still(column: Column, rows: pd.DataFrame) -> bool:
    """Whether the column can be what it was: a constant one may vary by now."""
    return column.kind is not ColumnKind.CONSTANT or rows[column.name].nunique(dropna=False) == 1
