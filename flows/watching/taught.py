"""What a version was taught, and how new rows or images become more of the same."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import ClassVar

import pandas as pd

from components.config import NORMAL, Params, PrepareConfig, parse_params
from components.data.schema import Column
from components.data.table import Table
from components.data.union import Reference, read_manifest
from components.data.windows import HELD_OUT
from components.monitoring.report import Unit
from components.registry.tracking import connect
from components.registry.version_content import VersionContent, find_content
from components.stages.paths import StagePaths
from components.storage.home import Home


@dataclass(frozen=True)
class Taught(ABC):
    """A version's settings, and the rows that its run prepared: of a table, or an image each.

    `synthetic` are those it made in it; none where it is for something else.
    """

    unit: ClassVar[Unit]
    content: VersionContent
    params: Params
    synthetic: pd.DataFrame

    @property
    def version(self) -> str:
        """Its number."""
        return self.content.version

    @property
    def known_until(self) -> datetime:
        """Windows that arrived later are news to it."""
        manifest = read_manifest(self.params.prepare.data)
        return manifest.until if manifest and manifest.until else self.content.begun

    @property
    def watched(self) -> str:
        """Where new rows are looked for."""
        return self.params.prepare.watch or self.params.prepare.data

    @property
    def reference(self) -> Reference:
        """All its rows, as what a union begins with."""
        config, keys = self.params.prepare, self.content.content_keys
        manifest = read_manifest(config.data)
        paths = StagePaths(Path())
        train, test = self.sides
        return Reference(
            model=self.content.model,
            version=self.version,
            train=train,
            test=test,
            origins=self.content.origins,
            content_key=keys[str(paths.train)] + keys[str(paths.test)],
            split=manifest.split if manifest else config.split,
            columns=self.columns,
        )

    @property
    def columns(self) -> tuple[Column, ...]:
        """Those of the schema that its rows have; images have none."""
        return ()

    @property
    def original(self) -> PrepareConfig:
        """How its rows were prepared when they were met first, before any union."""
        return self.params.prepare.model_copy(update={"split": self.reference.split})

    @property
    @abstractmethod
    def sides(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The rows it was trained on, and those held out, as its run wrote them."""

    @abstractmethod
    def read(self, place: str) -> tuple[pd.DataFrame, str]:
        """The rows at `place` as these are, and the hash of their content; UserError where none."""

    @abstractmethod
    def telling(self, rows: pd.DataFrame, earlier: pd.DataFrame) -> pd.DataFrame:
        """Those of the rows that say what it is taught, in the columns of the `earlier` ones.

        Raises UserError where none can.
        """

    @abstractmethod
    def new_among(self, rows: pd.DataFrame, earlier: pd.DataFrame, place: str) -> pd.DataFrame:
        """Those of the rows from `place` that were not met `earlier`."""

    @abstractmethod
    def marked(self, rows: pd.DataFrame, sha256: str, earlier: pd.DataFrame) -> pd.DataFrame:
        """The rows with a side for each, as `original` splits; see `components.data.windows`."""

    @abstractmethod
    def as_table(self, rows: pd.DataFrame) -> Table:
        """Such rows as learners see them; raises UserError where there is nothing to learn."""

    @abstractmethod
    def overrides(self, union: Path) -> tuple[str, ...]:
        """The settings, as section.key=value, that make its run one on the union in this folder."""

    @property
    def shared_overrides(self) -> tuple[str, ...]:
        """Those that are the same of rows and images.

        Rows of a champion that finds anomalies say `NORMAL` already, those of windows do not.
        """
        normal = self.params.prepare.normal
        told = () if normal is None else (NORMAL, *normal.values)
        names = ", ".join(map(quoted, dict.fromkeys(told)))
        return (
            *([f"prepare.normal.values=[{names}]"] if told else []),
            f"prepare.watch={quoted(self.watched)}",
            f"prepare.split={{method: marked, column: {HELD_OUT}}}",
            "prepare.train_rows=null",
        )


def find_version(model: str, which: str, home: Home) -> tuple[VersionContent, Params]:
    """The content and the settings of the version with this number or alias.

    Raises UserError where there is none, or it was revoked.
    """
    content = find_content(connect(home), model, which)
    return content, parse_params(content.settings, f"version {content.version} of {model}")


def quoted(text: str) -> str:
    """The text as YAML takes for itself, whatever is in it."""
    return "'" + text.replace("'", "''") + "'"
