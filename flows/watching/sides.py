"""The two sides of a look: what a champion was trained on, and new data, as rows that compare."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

from components.config import ImagesConfig
from components.data.batches import Batches, frame_batches, parquet_batches
from components.data.images.rows import read_image_rows
from components.data.images.schema import LABEL, ImageSchema
from components.data.images.sets import ImageSet
from components.data.images.sources import ImageSource
from components.data.images.windows import read_alike
from components.data.schema import Schema
from components.data.sources import open_batches
from components.monitoring.image_facts import ImageFacts, facts_schema
from components.monitoring.report import Unit
from components.registry.watching.monitoring_runs import Watched
from components.stages.paths import StagePaths
from components.storage.home import Home
from flows.watching.kept_outputs import kept_output

_PATHS = StagePaths(Path())


@dataclass(frozen=True)
class New:
    """New rows, the hash of their content, what a detector scores, and columns they cannot have."""

    batches: Batches
    content: str
    scored: Batches | ImageSource
    lacking: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Sides:
    """What is kept of a champion's run, whatever it makes."""

    watched: Watched
    home: Home

    @property
    def content(self) -> str:
        """A name for what it was trained on."""
        keys = self.watched.content_keys
        return f"{keys[str(_PATHS.train)]} {keys[str(_PATHS.schema)]}"

    @property
    def makes_any(self) -> bool:
        """Whether rows or images of its own were judged."""
        return str(_PATHS.synthetic) in self.watched.content_keys

    def kept(self, path: Path) -> Path:
        """The file that holds this output of the champion's run."""
        return kept_output(self.watched, path, self.home)


@dataclass(frozen=True)
class RowSides(_Sides):
    """A champion of rows: both sides are tables."""

    unit: ClassVar[Unit] = Unit.ROW

    @cached_property
    def schema(self) -> Schema:
        """That of the training rows."""
        return Schema.load(self.kept(_PATHS.schema))

    @cached_property
    def train(self) -> Batches:
        """The training rows."""
        return parquet_batches(self.kept(_PATHS.train))

    @cached_property
    def synthetic(self) -> Batches | None:
        """The rows that were judged; None where the champion makes none."""
        return parquet_batches(self.kept(_PATHS.synthetic)) if self.makes_any else None

    @contextmanager
    def open(self, data: str) -> Iterator[New]:
        """The rows at `data`; raises UserError where they cannot be read."""
        with TemporaryDirectory() as scratch, open_batches(data, Path(scratch)) as opened:
            batches, content = opened
            yield New(batches, content, batches)


@dataclass(frozen=True)
class ImageSides(_Sides):
    """A champion of images: both sides are what is measured of them (`ImageFacts`)."""

    unit: ClassVar[Unit] = Unit.IMAGE
    images: ImagesConfig

    @cached_property
    def _size(self) -> ImageSchema:
        return ImageSchema.load(self.kept(_PATHS.schema))

    @cached_property
    def _known(self) -> ImageSet:
        found = read_image_rows(self.kept(_PATHS.train), self._size)
        if self.watched.false_alarms is None:
            return found
        return ImageSet(found.images, None, (), found.sha256)  # all pass for normal

    @cached_property
    def _facts(self) -> ImageFacts:
        return ImageFacts.of(self._known)

    @cached_property
    def train(self) -> Batches:
        """The training images."""
        return frame_batches(self._facts.frame(self._known))

    @cached_property
    def schema(self) -> Schema:
        """That of what is measured of the training images."""
        assert self.train.frame is not None
        return facts_schema(self.train.frame)

    @cached_property
    def synthetic(self) -> Batches | None:
        """The images that were judged; None where the champion makes none."""
        if not self.makes_any:
            return None
        made = read_image_rows(self.kept(_PATHS.synthetic), self._size)
        return frame_batches(self._facts.frame(made))

    @contextmanager
    def open(self, data: str) -> Iterator[New]:
        """The images at `data`, made as large as those trained on.

        Raises UserError where they cannot be read or made so.
        """
        has_labels = data == self.watched.data
        source = read_alike(data, self._size, self.images, labels=has_labels)
        frame = self._facts.frame(source.images)
        lacking = (LABEL,) if LABEL in self.schema.names and LABEL not in frame else ()
        yield New(frame_batches(frame), source.sha256, source, lacking)


def sides_of(watched: Watched, home: Home) -> RowSides | ImageSides:
    """The sides of a champion, of whatever it makes."""
    if watched.images is None:
        return RowSides(watched, home)
    return ImageSides(watched, home, watched.images)
