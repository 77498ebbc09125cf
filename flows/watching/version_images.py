"""What a version of images was trained on, and what was held out of that."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pandas as pd

from components.config import ImagesConfig, Params
from components.data.images.rows import from_rows, to_rows
from components.data.images.schema import LABEL, ImageSchema
from components.data.images.windows import is_new, labelled_images, marked_images, read_alike
from components.data.table import Table
from components.monitoring.report import Unit
from components.registry.version_content import VersionContent
from components.stages.paths import StagePaths
from components.storage.home import Home
from flows.watching.kept_outputs import kept_output
from flows.watching.taught import Taught, find_version

if TYPE_CHECKING:
    from components.evaluation.images.in_axes import InAxes


@dataclass(frozen=True)
class VersionImages(Taught):
    """A version's settings, and the images that its run prepared, as rows of PNG bytes."""

    unit: ClassVar[Unit] = Unit.IMAGE
    size: ImageSchema
    train: pd.DataFrame
    test: pd.DataFrame

    @property
    def images(self) -> ImagesConfig:
        """How its images were read."""
        found = self.params.prepare.images
        assert found is not None, "it is a version of images"
        return found

    @property
    def sides(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """See `Taught`."""
        return self.train, self.test

    def read(self, place: str) -> tuple[pd.DataFrame, str]:
        """The images made as large as its own; see `Taught`."""
        has_labels = place == self.watched
        source = read_alike(place, self.size, self.images, labels=has_labels)
        return to_rows(source.images), source.sha256

    def telling(self, rows: pd.DataFrame, earlier: pd.DataFrame) -> pd.DataFrame:
        """See `Taught` and `components.data.images.windows`."""
        return labelled_images(rows, earlier, self.images)

    def new_among(self, rows: pd.DataFrame, earlier: pd.DataFrame, place: str) -> pd.DataFrame:
        """Those that equal no earlier one, wherever they are: a picture is not taken twice."""
        return rows[is_new(rows, earlier)].reset_index(drop=True)

    def marked(self, rows: pd.DataFrame, sha256: str, earlier: pd.DataFrame) -> pd.DataFrame:
        """See `Taught`."""
        return marked_images(rows, self.original, sha256)

    def as_table(self, rows: pd.DataFrame) -> Table:
        """Where they stand along the main axes of those it was trained on, and what they show.

        Those of a class that it does not know are left out. See `Taught`.
        """
        if LABEL in rows:
            known = rows[LABEL].isna() | rows[LABEL].isin(self.size.classes)
            rows = rows[known].reset_index(drop=True)
        return self._axes.table(from_rows(rows, self.size))

    @cached_property
    def _axes(self) -> "InAxes":
        from components.evaluation.images.in_axes import InAxes  # imports torch

        return InAxes.of(from_rows(self.train, self.size))

    def overrides(self, union: Path) -> tuple[str, ...]:
        """See `Taught`; what was put aside for a study, or forgotten, is not so a second time."""
        forgot = [] if self.images.labelled is None else ["prepare.images.unlabelled=use"]
        put_aside = ("labels=null", "fewer={}", "labelled=null")
        return (*self.shared_overrides, *(f"prepare.images.{each}" for each in put_aside), *forgot)


def read_version_images(model: str, which: str, home: Home) -> VersionImages:
    """The images of the version with this number or alias.

    Raises UserError where there is none, it was revoked, or its images are not kept here.
    """
    return images_of_version(*find_version(model, which, home), home)


def images_of_version(content: VersionContent, params: Params, home: Home) -> VersionImages:
    """The images of a version of these; raises UserError where they are not kept here."""
    paths = StagePaths(Path())
    makes_any = str(paths.synthetic) in content.content_keys
    wanted = [paths.schema, paths.train, paths.test, *([paths.synthetic] if makes_any else [])]
    told, *files = (kept_output(content, path, home) for path in wanted)
    train, test, *made = map(pd.read_parquet, files)
    synthetic = made[0] if made else train.head(0)
    return VersionImages(content, params, synthetic, ImageSchema.load(told), train, test)
