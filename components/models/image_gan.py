"""A GAN of images: networks, losses and conditioning by its settings, one game for all of them.

A generator is trained against a discriminator (`components/training/adversarial.py`) that is told
the class of labelled images. Images may be grey or colour, of any size from 4 x 4 on, square or
not: `components/networks/canvas.py` says how. What is kept is the averaged generator; it draws in
`eval` mode, always as many images at once, so that no image depends on those drawn with it.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray

from components.config import ImageGanConfig
from components.data.conditions import Condition
from components.data.image_schema import ImageSchema, asked_class, schema_of
from components.data.images import ImageSet, Labels, Pixels
from components.models.artifact import Artifact, load_image_artifact, save_artifact
from components.models.contract import Budget, LogMetrics, SamplingProgram, log_nothing
from components.models.drawn_classes import class_shares, class_stretches, draw_classes
from components.models.image_networks import build_players, empty_generator
from components.models.streaming import chunk_rng, chunk_sizes
from components.models.trained import image_checkpoint_store, put_weights, weights_of
from components.networks.image_gan import ImageGenerator
from components.networks.image_program import ImageProgram, as_bytes
from components.training.adversarial import AdversarialGame, RealSamples
from components.training.watched import split_held_out, train_watched

NAME = "image_gan"
CHUNK = 256
"""Images drawn at once. They have random numbers of their own, whatever comes after them."""
_NO_BUDGET = Budget()


class ImageGan:
    """`ImageModel`: images by a generator network, given the class of labelled ones.

    Fitted state: `shares_`, of the classes, and `generator_`, on the CPU in eval mode.
    """

    schema_: ImageSchema
    shares_: NDArray[np.float64]
    generator_: ImageGenerator

    def __init__(self, config: ImageGanConfig) -> None:
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
        """Learn from `images`; see `ImageModel.fit`. Raises NonFiniteLossError on divergence."""
        images = self._told(images)
        schema = schema_of(images)
        real, held_out = split_held_out(_samples(images), self.config, seed)
        players = build_players(self.config, schema, seed)
        game = AdversarialGame(self.config, players, real, seed)
        weights = train_watched(
            game,
            held_out,
            self.config,
            seed,
            seconds=budget.seconds,
            log=log,
            store=image_checkpoint_store(checkpoint_dir, self.config, images, seed),
        )
        self.schema_, self.shares_ = schema, class_shares(images)
        self.generator_ = empty_generator(self.config, schema)
        self.generator_.load_state_dict(weights)

    def draw_images(
        self, num_images: int, *, condition: Condition | None = None, seed: int
    ) -> Iterator[ImageSet]:
        """See `ImageModel.draw_images`."""
        wanted = asked_class(condition, self.schema_)
        sizes = enumerate(chunk_sizes(num_images, CHUNK))
        return (self._draw(size, wanted, chunk_rng(seed, number)) for number, size in sizes)

    @torch.inference_mode()
    def _draw(self, size: int, wanted: int | None, rng: np.random.Generator) -> ImageSet:
        """The first `size` images of a chunk.

        The network always sees CHUNK of them: sums in another order, as for another number of
        images, would now and then give another pixel.
        """
        codes: Labels = draw_classes(self.shares_, CHUNK, wanted, rng)
        noise = rng.standard_normal((CHUNK, self.config.noise_size), dtype=np.float32)
        made = self.generator_(torch.from_numpy(noise), torch.from_numpy(codes))[:size]
        pixels: Pixels = np.ascontiguousarray(as_bytes(made).numpy())
        labels = codes[:size] if self.schema_.classes else None
        return ImageSet(pixels, labels, self.schema_.classes, "")

    def export_program(self) -> SamplingProgram:
        """The generator as one torch module; see `Exportable`."""
        module = ImageProgram(self.generator_, torch.from_numpy(np.cumsum(self.shares_)))
        stretches = class_stretches(self.shares_)
        return SamplingProgram(module.eval(), 1 + self.config.noise_size, stretches)

    def save(self, directory: Path) -> None:
        """Write settings and schema as JSON, weights and shares as safetensors."""
        arrays = weights_of(self.generator_, "generator") | {"shares": self.shares_}
        settings = self.config.model_dump(mode="json")
        save_artifact(Artifact(NAME, settings, self.schema_, {}, arrays), directory)

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read what `save` wrote."""
        artifact = load_image_artifact(directory)
        model = cls(ImageGanConfig.model_validate(artifact.settings))
        model.schema_, model.shares_ = artifact.schema, artifact.arrays["shares"]
        model.generator_ = empty_generator(model.config, artifact.schema)
        put_weights(model.generator_, artifact.arrays, "generator")
        return model

    def _told(self, images: ImageSet) -> ImageSet:
        """The images, without labels where nobody is to be told any."""
        if self.config.conditioning.name != "none":
            return images
        return replace(images, labels=None, classes=())


def _samples(images: ImageSet) -> RealSamples:
    """Images as (number, channels, height, width), and their classes; 0 where none are known."""
    samples = torch.from_numpy(np.ascontiguousarray(images.images.transpose(0, 3, 1, 2)))
    labels = np.zeros(len(images), np.int64) if images.labels is None else images.labels
    return RealSamples(samples, torch.from_numpy(labels))
