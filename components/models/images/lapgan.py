"""LAPGAN (Denton et al. 2015): a small image by a GAN, then detail by one GAN for each doubling.

Each generator of detail is given the image at half its size, and a plane of noise, and makes the
residual; its discriminator sees the sum, next to what it was added to. Each is trained on real
halves, by itself, in the one game of `components/training/adversarial.py`: the coarsest level
first. The pyramid is exact on bytes (`components/networks/images/laplacian.py`). Beyond the
paper, made detail has the halves it was asked for (`with_halves` there): else
discriminators see nothing but that it has not.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from components.config import LapganConfig
from components.data.conditions import Condition
from components.data.images.schema import ImageSchema, asked_class, schema_of
from components.data.images.sets import ImageSet
from components.errors import UserError
from components.models.artifact import Artifact, load_image_artifact, save_artifact
from components.models.contract import Budget, LogMetrics, SamplingProgram, log_nothing
from components.models.images.drawing import ImageMaker, told_images
from components.models.images.drawn_classes import class_shares
from components.models.images.lapgan_networks import build_level, empty_pyramid
from components.models.trained import image_checkpoint_store, put_weights, weights_of
from components.networks.images.canvas import SMALLEST_BASE
from components.networks.images.lapgan import PyramidGenerator
from components.networks.images.laplacian import doubled, halved, packed
from components.training.adversarial import AdversarialGame, RealSamples
from components.training.watched import split_held_out, train_watched

NAME = "lapgan"
_NO_BUDGET = Budget()


class Lapgan:
    """`ImageModel`: images level by level, given the class of labelled ones.

    Fitted state: `shares_`, of the classes, and `generator_`, on the CPU in eval mode.
    """

    schema_: ImageSchema
    shares_: NDArray[np.float64]
    generator_: PyramidGenerator

    def __init__(self, config: LapganConfig) -> None:
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
        """Learn from `images`; see `ImageModel.fit`. Raises NonFiniteLossError on divergence.

        Each level has as large a share of the budget as of all steps, and a folder of checkpoints
        of its own; the steps that are logged run through all levels. Raises UserError for sides
        below 8.
        """
        images = told_images(images, self.config.conditioning)
        schema = schema_of(images)
        if min(schema.height, schema.width) < 2 * SMALLEST_BASE:
            raise UserError(
                f"lapgan makes images of {2 * SMALLEST_BASE} pixels a side at least; these are "
                f"{schema.height} x {schema.width}; image_gan makes smaller ones"
            )
        generator = empty_pyramid(self.config, schema)
        levels = level_samples(images, len(generator.sizes))
        steps = [self.config.steps_of(number) for number in range(len(levels))]
        for number, samples in enumerate(levels):
            config = self.config.model_copy(update={"steps": steps[number]})
            real, held_out = split_held_out(samples, config, seed)
            own = seed if number == 0 else _level_seed(seed, number)
            players = build_level(self.config, schema, number, own)
            folder = None if checkpoint_dir is None else checkpoint_dir / f"level-{number}"
            weights = train_watched(
                AdversarialGame(config, players, real, own),
                held_out,
                config,
                own,
                seconds=_share(budget.seconds, steps[number] / sum(steps)),
                log=_from_step(sum(steps[:number]), log),
                store=image_checkpoint_store(folder, self.config, images, own),
            )
            generator.level(number).load_state_dict(weights)
        self.schema_, self.shares_, self.generator_ = schema, class_shares(images), generator

    def draw_images(
        self, num_images: int, *, condition: Condition | None = None, seed: int
    ) -> Iterator[ImageSet]:
        """See `ImageModel.draw_images`."""
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
        # what was saved before `keeps_halves` was a setting did not
        details = {"keeps_halves": False, **artifact.settings["details"]}
        model = cls(LapganConfig.model_validate({**artifact.settings, "details": details}))
        model.schema_, model.shares_ = artifact.schema, artifact.arrays["shares"]
        model.generator_ = empty_pyramid(model.config, artifact.schema)
        put_weights(model.generator_, artifact.arrays, "generator")
        return model

    def _maker(self) -> ImageMaker:
        noise_size = self.generator_.noise_size
        return ImageMaker(self.generator_, noise_size, self.shares_, self.schema_.classes)


def level_samples(images: ImageSet, num_levels: int) -> list[RealSamples]:
    """What each level is to imitate, the coarsest first.

    That is the smallest images, and then images beside the doubled next smaller ones; the condition
    is the class (0 where none is known), and then what `packed` gives.
    """
    level = torch.from_numpy(np.ascontiguousarray(images.images.transpose(0, 3, 1, 2)))
    labels = np.zeros(len(images), np.int64) if images.labels is None else images.labels
    classes = torch.from_numpy(labels)
    found: list[RealSamples] = []
    for _ in range(num_levels - 1):
        coarse = halved(level)
        found.insert(0, _beside(level, coarse, classes))
        level = coarse
    return [RealSamples(level, classes), *found]


def _beside(level: Tensor, coarse: Tensor, classes: Tensor) -> RealSamples:
    sides = (level.shape[2], level.shape[3])
    return RealSamples(torch.cat([level, doubled(coarse, sides)], dim=1), packed(coarse, classes))


def _share(seconds: float | None, share: float) -> float | None:
    """A share of the seconds; None where they are not counted."""
    return None if seconds is None else seconds * share


def _level_seed(seed: int, number: int) -> int:
    """The seed of a finer level."""
    return int(np.random.SeedSequence([seed, number]).generate_state(1)[0])


def _from_step(first: int, log: LogMetrics) -> LogMetrics:
    """Logs of a level whose steps come after `first` others."""
    return lambda step, metrics: log(first + step, metrics)
