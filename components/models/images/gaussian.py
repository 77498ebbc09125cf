"""A Gaussian of pixels for each class: what any network of images has to beat."""

from collections.abc import Iterator
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from components.config import ImageGaussianConfig
from components.data.conditions import Condition
from components.data.images.labelled import wholly_labelled
from components.data.images.schema import ImageSchema, asked_class, schema_of
from components.data.images.sets import ImageSet, Labels
from components.models.artifact import Artifact, load_image_artifact, save_artifact
from components.models.contract import Budget, LogMetrics, SamplingProgram, log_nothing
from components.models.images.drawn_classes import class_shares, class_stretches, draw_classes
from components.models.streaming import chunk_rng, chunk_sizes

NAME = "image_gaussian"
CHUNK = 1_024
_NO_BUDGET = Budget()

Array = NDArray[np.float64]


class ImageGaussian:
    """`ImageModel`: per class the mean image, and its main axes with their deviations.

    Fitted state: `shares_`, of the classes; `means_` (classes, pixels); `axes_`, the axes times
    their deviations (classes, axes, pixels), of which a class of few images has zeros at the end.
    """

    schema_: ImageSchema
    shares_: Array
    means_: Array
    axes_: Array

    def __init__(self, config: ImageGaussianConfig) -> None:
        self.config = config

    def fit(
        self,
        images: ImageSet,
        *,
        seed: int,
        budget: Budget = _NO_BUDGET,
        log: LogMetrics = log_nothing,
        checkpoint_dir: Path | None = None,
    ) -> None:
        """Learn from `images`; see `ImageModel.fit`. Nothing is random, and it takes seconds."""
        self.schema_ = schema_of(wholly_labelled(images))
        flat = images.images.reshape(len(images), -1).astype(np.float64)
        labels = np.zeros(len(images), np.int64) if images.labels is None else images.labels
        self.shares_ = class_shares(images)
        count = min(self.config.components, flat.shape[1])
        self.means_ = np.zeros((len(self.shares_), flat.shape[1]))
        self.axes_ = np.zeros((len(self.shares_), count, flat.shape[1]))
        for code in np.flatnonzero(self.shares_):
            rows = flat[labels == code]
            self.means_[code] = rows.mean(axis=0)
            found = _main_axes(rows - self.means_[code], count)
            self.axes_[code, : len(found)] = found

    def draw_images(
        self, num_images: int, *, condition: Condition | None = None, seed: int
    ) -> Iterator[ImageSet]:
        """See `ImageModel.draw_images`."""
        wanted = asked_class(condition, self.schema_, self.shares_)
        sizes = enumerate(chunk_sizes(num_images, CHUNK))
        return (self._draw(size, wanted, chunk_rng(seed, number)) for number, size in sizes)

    def _draw(self, size: int, wanted: int | None, rng: np.random.Generator) -> ImageSet:
        codes: Labels = draw_classes(self.shares_, size, wanted, rng)
        noise = rng.normal(size=(size, self.axes_.shape[1]))
        flat = np.empty((size, self.means_.shape[1]))
        for code in np.unique(codes):
            here = codes == code
            flat[here] = self.means_[code] + noise[here] @ self.axes_[code]
        pixels = np.clip(np.round(flat), 0, 255).astype(np.uint8)
        labels = codes if self.schema_.classes else None
        return ImageSet(pixels.reshape(size, *self.schema_.shape), labels, self.schema_.classes, "")

    def export_program(self) -> SamplingProgram:
        """The generator as one torch module; see `Exportable`."""
        import torch

        from components.networks.images.program import GaussianImages, ImageProgram

        means, axes = torch.from_numpy(self.means_), torch.from_numpy(self.axes_)
        ends = torch.from_numpy(np.cumsum(self.shares_))
        module = ImageProgram(GaussianImages(means, axes, self.schema_.shape), ends)
        return SamplingProgram(module.eval(), 1 + axes.shape[1], class_stretches(self.shares_))

    def save(self, directory: Path) -> None:
        """Write settings and schema as JSON, means and axes as safetensors."""
        arrays = {"shares": self.shares_, "means": self.means_, "axes": self.axes_}
        settings = self.config.model_dump(mode="json")
        save_artifact(Artifact(NAME, settings, self.schema_, {}, arrays), directory)

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read what `save` wrote."""
        artifact = load_image_artifact(directory)
        model = cls(ImageGaussianConfig.model_validate(artifact.settings))
        model.schema_ = artifact.schema
        model.shares_ = artifact.arrays["shares"]
        model.means_, model.axes_ = artifact.arrays["means"], artifact.arrays["axes"]
        return model


def _main_axes(centred: Array, count: int) -> Array:
    """The first axes of centred rows, each as long as the deviation along it."""
    if len(centred) < 2:
        return np.zeros((0, centred.shape[1]))
    _, lengths, axes = np.linalg.svd(centred, full_matrices=False)
    kept = min(count, len(centred) - 1)
    scaled: Array = axes[:kept] * (lengths[:kept, None] / np.sqrt(len(centred) - 1))
    return scaled
