"""What every model promises, and the small values that pass through it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self, runtime_checkable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from components.data.conditions import Condition
from components.data.images.schema import ImageSchema
from components.data.images.sets import ImageSet, Pixels
from components.data.schema import Schema
from components.data.table import Matrix, Table

if TYPE_CHECKING:
    from torch import nn

LogMetrics = Callable[[int, Mapping[str, float]], None]
"""Called with a step and the metrics at that step."""


def log_nothing(step: int, metrics: Mapping[str, float]) -> None:
    """A `LogMetrics` for callers with no one to tell."""


@dataclass(frozen=True)
class Budget:
    """How long a fit may take, in seconds of a processor; None is as long as its settings ask.

    A budget that ends a fit makes its result depend on the machine's speed; leave it None where
    runs must repeat bit for bit.
    """

    seconds: float | None = None


class TabularModel(Protocol):
    """A generator of rows.

    The same table, seed and settings give the same artifact and the same rows, bit for bit, on
    the CPU. `fit` reads the training rows only; where it stops early, it holds out rows of these.
    """

    schema_: Schema

    def fit(
        self,
        table: Table,
        *,
        seed: int,
        budget: Budget = ...,
        log: LogMetrics = ...,
        checkpoint_dir: Path | None = None,
    ) -> None:
        """Learn from `table`. With a `checkpoint_dir`, go on from the newest checkpoint in it."""
        ...

    def sample(
        self, num_rows: int, *, condition: Condition | None = None, seed: int
    ) -> pd.DataFrame:
        """Exactly `num_rows` rows in the schema's columns and types, all meeting `condition`."""
        ...

    def save(self, directory: Path) -> None:
        """Write the fitted model as JSON and safetensors, nothing that executes when read."""
        ...

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read what `save` wrote."""
        ...


@runtime_checkable
class ImageModel(Protocol):
    """A generator of images, of the size and classes of those it learned from.

    What is said of `TabularModel` holds here too. Networks that learn draw in `eval` mode, so that
    no image depends on those drawn with it.
    """

    schema_: ImageSchema

    def fit(
        self,
        images: ImageSet,
        *,
        seed: int,
        budget: Budget = ...,
        log: LogMetrics = ...,
        checkpoint_dir: Path | None = None,
    ) -> None:
        """Learn from `images`. With a `checkpoint_dir`, go on from the newest checkpoint in it."""
        ...

    def draw_images(
        self, num_images: int, *, condition: Condition | None = None, seed: int
    ) -> Iterator[ImageSet]:
        """Exactly `num_images` images in parts, one at least, with labels if the schema has any.

        `condition` asks for a class: `{"label": "8"}`. An impossible one is refused at once.
        Without it classes have the shares of the training images.
        """
        ...

    def save(self, directory: Path) -> None:
        """Write the fitted model as JSON and safetensors, nothing that executes when read."""
        ...

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read what `save` wrote."""
        ...


@runtime_checkable
class ImageClassifier(Protocol):
    """What tells which class an image is of, and how much it looks as if it were of none.

    An image is judged by itself, whatever others are judged with it.
    """

    @property
    def classes_(self) -> tuple[str, ...]:
        """The classes that labelled training images show."""
        ...

    def classify(self, images: Pixels) -> Matrix:
        """The chance of each of `classes_`, shape (images, classes), given that it is one."""
        ...

    def outlyingness(self, images: Pixels) -> NDArray[np.float64]:
        """How much each looks as if it were of none, shape (images,), finite; higher is more."""
        ...


@runtime_checkable
class LearnsUnlabelled(ImageClassifier, Protocol):
    """A classifier that learned from unlabelled images too, and can say what these brought it."""

    def without_unlabelled(self, images: ImageSet, *, seed: int) -> ImageClassifier:
        """The same kind of classifier, taught the labelled ones of these images alone."""
        ...


@runtime_checkable
class Streamer(Protocol):
    """A generator whose rows can be had a part at a time, in memory that does not grow with them.

    `components.models.streaming.stream` makes tables of the parts.
    """

    schema_: Schema

    def draw(
        self, num_rows: int, *, condition: Condition | None = None, seed: int
    ) -> Iterator[Matrix]:
        """The rows of `sample` in `encode`'s form, in parts of any size, one at least.

        An impossible condition is refused at once, not with the first part.
        """
        ...


@dataclass(frozen=True)
class SamplingProgram:
    """A fitted generator as one module, for whoever runs no code but their own.

    `module` takes independent uniform draws, float64 of shape (rows, num_uniforms), to rows in the
    form of `components.data.table.encode`, clipped and rounded as `decode` would. A row depends on
    its own draws alone. `torch.export` takes it with a dynamic number of rows.

    Of a generator of images it gives them instead, uint8 of (rows, height, width, channels).

    `classes` says, by code of a discrete target, in which stretch the first draw gives that class,
    so that a condition is a draw scaled into it. A class that the generator never draws is not in
    it; all is empty where the target is a number.
    """

    module: "nn.Module"
    num_uniforms: int
    classes: Mapping[int, tuple[float, float]]


@runtime_checkable
class Exportable(Protocol):
    """A generator that can leave this project: as tensors and operations, without its code."""

    def export_program(self) -> SamplingProgram:
        """The program, whose rows are distributed as those of `sample` are."""
        ...


@runtime_checkable
class Scorer(Protocol):
    """A generator that can say how typical of it a row is."""

    def score(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        """How typical of the model each row is, shape (rows,), finite; higher is more typical.

        It is the log density of the row as far as the model has one. A row depends on itself
        alone; values that the model cannot make get a low score, not an error.
        """
        ...


@runtime_checkable
class ImageScorer(Protocol):
    """A generator that can say how typical of it an image is."""

    def score_images(self, images: ImageSet) -> NDArray[np.float64]:
        """How typical of the model each image is, shape (images,), finite; higher is more typical.

        An image depends on itself alone, and always gets the same score.
        """
        ...


@runtime_checkable
class ImageExplainer(Protocol):
    """An `ImageScorer` that can say which pixels make an image odd."""

    def explain_images(self, images: ImageSet) -> NDArray[np.float64]:
        """How odd each pixel is, shape (images, height, width), 0 or more; higher is odder."""
        ...


@runtime_checkable
class Completer(Protocol):
    """A generator that can be given any columns and draws the others.

    Its `sample` takes a condition on any learned columns, not the target alone.
    """

    def complete(self, frame: pd.DataFrame, *, seed: int) -> pd.DataFrame:
        """The rows with a value drawn for every missing cell, given all that is known of the row.

        Different seeds give independent draws, for multiple imputation (Rubin 1987); it is proper
        where a model draws its parameters too, by the seed (`Copula`). Identifiers are made anew,
        constants put back.
        """
        ...


@runtime_checkable
class FormallyPrivate(Protocol):
    """A fitted generator that is (epsilon, delta)-differentially private.

    Two tables that differ in one row are neighbours.
    """

    epsilon_: float
    delta_: float
