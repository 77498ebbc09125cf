"""The two sides of a look: what a champion was trained on, and new data, as rows that compare."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

from components.config import Colour, ImagesConfig
from components.data.batches import Batches, frame_batches, parquet_batches
from components.data.image_rows import read_image_rows
from components.data.image_schema import LABEL, ImageSchema
from components.data.image_sources import read_image_source
from components.data.images import ImageSet
from components.data.schema import Schema
from components.data.sources import open_batches
from components.errors import UserError
from components.monitoring.image_facts import ImageFacts, facts_schema
from components.registry.monitoring_runs import Watched
from components.stages.paths import StagePaths
from components.storage.home import Home
from components.storage.shared import find_content

_PATHS = StagePaths(Path())


@dataclass(frozen=True)
class New:
    """New rows, the hash of their content, what a detector scores, and columns they cannot have."""

    batches: Batches
    content: str
    scored: Batches | ImageSet
    lacking: tuple[str, ...] = ()


@dataclass(frozen=True)
class RowSides:
    """A champion of rows: both sides are tables."""

    watched: Watched
    home: Home

    @cached_property
    def schema(self) -> Schema:
        """That of the training rows."""
        return Schema.load(_kept(self.watched, _PATHS.schema, self.home))

    @cached_property
    def train(self) -> Batches:
        """The training rows."""
        return parquet_batches(_kept(self.watched, _PATHS.train, self.home))

    @cached_property
    def synthetic(self) -> Batches | None:
        """The rows that were judged; None where the champion makes none."""
        if str(_PATHS.synthetic) not in self.watched.content_keys:
            return None
        return parquet_batches(_kept(self.watched, _PATHS.synthetic, self.home))

    @contextmanager
    def open(self, data: str) -> Iterator[New]:
        """The rows at `data`; raises UserError where they cannot be read."""
        with TemporaryDirectory() as scratch, open_batches(data, Path(scratch)) as opened:
            batches, content = opened
            yield New(batches, content, batches)


@dataclass(frozen=True)
class ImageSides:
    """A champion of images: both sides are what is measured of them (`ImageFacts`)."""

    watched: Watched
    images: ImagesConfig
    home: Home

    @cached_property
    def _size(self) -> ImageSchema:
        return ImageSchema.load(_kept(self.watched, _PATHS.schema, self.home))

    @cached_property
    def _known(self) -> ImageSet:
        found = read_image_rows(_kept(self.watched, _PATHS.train, self.home), self._size)
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
        if str(_PATHS.synthetic) not in self.watched.content_keys:
            return None
        made = read_image_rows(_kept(self.watched, _PATHS.synthetic, self.home), self._size)
        return frame_batches(self._facts.frame(made))

    @contextmanager
    def open(self, data: str) -> Iterator[New]:
        """The images at `data`, made as large as those trained on.

        Raises UserError where they cannot be read or made so.
        """
        source = read_image_source(data, self._reading(data))
        if source.images.images.shape[1:] != self._size.shape:
            raise UserError(
                f"the images at {data} have the shape {source.images.images.shape[1:]}, those "
                f"trained on {self._size.shape}"
            )
        frame = self._facts.frame(source.images)
        lacking = (LABEL,) if LABEL in self.schema.names and LABEL not in frame else ()
        yield New(frame_batches(frame), source.sha256, source.images, lacking)

    def _reading(self, data: str) -> ImagesConfig:
        """How new images are read: made square where training images are, with their channels."""
        is_square = self._size.height == self._size.width
        return ImagesConfig(
            side=self._size.height if is_square else None,
            fit=self.images.fit,
            colour=Colour.GREY if self._size.channels == 1 else Colour.COLOUR,
            damaged=self.images.damaged,
            labels=self.images.labels if data == self.watched.data else None,
            unlabelled=self.images.unlabelled,
        )


def sides_of(watched: Watched, home: Home) -> RowSides | ImageSides:
    """The sides of a champion, of whatever it makes."""
    if watched.images is None:
        return RowSides(watched, home)
    return ImageSides(watched, watched.images, home)


def _kept(watched: Watched, path: Path, home: Home) -> Path:
    """The file of the cache that holds this output of the champion's run."""
    try:
        return find_content(home, watched.content_keys[str(path)])
    except UserError as error:
        raise UserError(
            f"{path} of {watched.model} version {watched.version}: {error}; monitor where it was "
            "trained, or bring it back with `dvc pull`"
        ) from error
