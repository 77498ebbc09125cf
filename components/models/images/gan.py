"""A GAN of images: networks, losses and conditioning by its settings, one game for all of them.

A generator is trained against a discriminator (`components/training/adversarial.py`) that is told
the class of labelled images. Images may be grey or colour, of any size from 4 x 4 on, square or
not: `components/networks/images/canvas.py` says how. What is kept is the averaged generator; it
draws in `eval` mode, always as many images at once, so that no image depends on those drawn with
it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from torch import nn

from components.config import ImageGanConfig, WordConditioning
from components.data.conditions import Condition
from components.data.images.schema import ImageSchema, asked_class, schema_of
from components.data.images.sets import ImageSet
from components.models.artifact import Artifact, load_image_artifact, save_artifact
from components.models.contract import Budget, LogMetrics, SamplingProgram, log_nothing
from components.models.images.captions import asked_caption, with_unseen
from components.models.images.drawing import ImageMaker, told_images
from components.models.images.drawn_classes import class_shares
from components.models.images.networks import build_players, empty_generator
from components.models.images.samples import samples_of
from components.models.trained import image_checkpoint_store, put_weights, weights_of
from components.networks.images.gan import ImageGenerator
from components.training.adversarial import AdversarialGame
from components.training.watched import split_held_out, train_watched

NAME = "image_gan"
_NO_BUDGET = Budget()


class ImageGan:
    """`ImageModel`: images by a generator network, given the class of labelled ones.

    Fitted state: `shares_`, of the classes, and `generator_`, on the CPU in eval mode. After a fit
    there is `discriminator_`, too, which is not saved.
    """

    schema_: ImageSchema
    shares_: NDArray[np.float64]
    generator_: ImageGenerator
    discriminator_: nn.Module

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
        images = told_images(images, self.config.conditioning)
        schema = schema_of(images)
        real, held_out = split_held_out(samples_of(images), self.config, seed)
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
        self.discriminator_ = game.discriminator.cpu().eval().requires_grad_(False)

    def draw_images(
        self, num_images: int, *, condition: Condition | None = None, seed: int
    ) -> Iterator[ImageSet]:
        """See `ImageModel.draw_images`."""
        if isinstance(self.config.conditioning, WordConditioning):
            caption = asked_caption(condition, self.schema_, self.shares_)
            if caption is not None and caption not in self.schema_.classes:
                maker, place = self._maker().of_caption(caption)
                return maker.draw(num_images, place, seed)
            wanted = asked_class(condition, self.schema_)  # it learned words, not captions
        else:
            wanted = asked_class(condition, self.schema_, self.shares_)
        return self._maker().draw(num_images, wanted, seed)

    def export_program(self) -> SamplingProgram:
        """The generator as one torch module; see `Exportable`."""
        return self._maker().program()

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

    def _maker(self) -> ImageMaker:
        asked, shares = self.config.conditioning, self.shares_
        if isinstance(asked, WordConditioning) and self.schema_.classes:
            shares = with_unseen(shares, self.schema_, asked.unseen)
        return ImageMaker(self.generator_, self.config.noise_size, shares, self.schema_.classes)
