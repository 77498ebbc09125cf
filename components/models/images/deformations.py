"""Training images deformed as images of their class differ: more of the few that there are.

Pairs of images of one class are pulled onto one another by smooth fields; what these fields are is
learned of all classes together, so that a class of one image has them too (Miller, Matsakis and
Viola 2000, "Learning from one example through shared densities on transforms"; Hauberg et al. 2016,
"Dreaming more data", have a distribution of them for each class). An image that is made is a
training image under a part of one of these fields.

So it is made to teach a classifier, not to be shared: every image is near one that was learned
from, and a fitted model holds these as they are.
"""

import logging
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray

from components.config import DeformationsConfig
from components.data.conditions import Condition
from components.data.images.labelled import wholly_labelled
from components.data.images.schema import ImageSchema, asked_class, schema_of
from components.data.images.sets import ImageSet, Pixels
from components.models.artifact import Artifact, load_image_artifact, save_artifact
from components.models.contract import Budget, LogMetrics, SamplingProgram, log_nothing
from components.models.images.drawing import ImageMaker
from components.models.images.pairs import Pairs, pairs_across, pairs_near, pairs_within
from components.networks.images.deformation import DeformedImages
from components.training.registration import Registered, register_pairs

NAME = "deformations"
ACROSS = 400
"""Pairs of two classes that those of one are compared with."""
UNCOMPARED = 0.5
"""The part of a strength that is used where there are no two classes to be compared."""
_NOISE_SIZE = 3
_NO_BUDGET = Budget()

logger = logging.getLogger(__name__)


class Deformations:
    """`ImageModel`: images learned from, deformed.

    Fitted state: `images_`, class by class, and `counts_` of each class; `fields_` (fields, 2,
    knots, knots) as in `Deformation`; `strength_`, the most of a field that an image gets.
    """

    schema_: ImageSchema
    images_: Pixels
    counts_: NDArray[np.int64]
    fields_: NDArray[np.float32]
    strength_: float

    def __init__(self, config: DeformationsConfig) -> None:
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
        """Learn from `images`; see `ImageModel.fit`. It takes seconds, and keeps no checkpoint."""
        self.schema_ = schema_of(wholly_labelled(images))
        labels = np.zeros(len(images), np.int64) if images.labels is None else images.labels
        self.images_ = images.images[np.argsort(labels, kind="stable")]
        self.counts_ = np.bincount(labels, minlength=max(len(images.classes), 1))
        rng, count = np.random.default_rng(seed), self.config.pairs
        learn = partial(self._registered, images.images, budget, log)
        if images.labels is None:
            within = learn(pairs_near(images.images, count, rng), "error_left", 0)
        else:
            within = learn(pairs_within(labels, count, rng), "error_left", 0)
        self.fields_, self.strength_ = within.fields.numpy(), self.config.strength
        if not len(self.fields_):
            logger.warning("no class has two images, so that nothing tells how images differ")
            self.fields_ = np.zeros((1, 2, self.config.knots, self.config.knots), np.float32)
        elif self.config.cautious:
            across = learn(pairs_across(labels, ACROSS, rng), "error_left_across", count)
            self.strength_ *= told_apart(within.left.numpy(), across.left.numpy())
            logger.info("an image is deformed by up to %.2f of a field", self.strength_)

    def _registered(
        self, images: Pixels, budget: Budget, log: LogMetrics, pairs: Pairs, name: str, step: int
    ) -> Registered:
        """What deforms the first of each pair into the second; `log` is told behind `step`."""
        return register_pairs(
            images,
            *pairs,
            knots=self.config.knots,
            smoothness=self.config.smoothness,
            seconds=budget.seconds,
            tell=lambda done, left: log(step + done, {name: left}),
        )

    def draw_images(
        self, num_images: int, *, condition: Condition | None = None, seed: int
    ) -> Iterator[ImageSet]:
        """See `ImageModel.draw_images`."""
        wanted = asked_class(condition, self.schema_, self.counts_ / self.counts_.sum())
        return self._maker().draw(num_images, wanted, seed)

    def export_program(self) -> SamplingProgram:
        """The generator as one torch module, which holds the images; see `Exportable`."""
        return self._maker().program()

    def save(self, directory: Path) -> None:
        """Write settings and schema as JSON, images and fields as safetensors."""
        arrays: dict[str, NDArray[Any]] = {
            "images": self.images_,
            "counts": self.counts_,
            "fields": self.fields_,
        }
        settings, state = self.config.model_dump(mode="json"), {"strength": self.strength_}
        save_artifact(Artifact(NAME, settings, self.schema_, state, arrays), directory)

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read what `save` wrote."""
        artifact = load_image_artifact(directory)
        model = cls(DeformationsConfig.model_validate(artifact.settings))
        model.schema_, model.strength_ = artifact.schema, float(artifact.state["strength"])
        model.images_, model.counts_ = artifact.arrays["images"], artifact.arrays["counts"]
        model.fields_ = artifact.arrays["fields"]
        model._check()
        return model

    def _check(self) -> None:
        """What was saved fits together: a drawn position is one of an image and of a field."""
        knots = self.config.knots
        assert self.images_.shape[1:] == self.schema_.shape and self.images_.dtype == np.uint8
        assert self.counts_.shape == (max(len(self.schema_.classes), 1),)
        assert self.counts_.dtype == np.int64 and (self.counts_ >= 0).all()
        assert self.counts_.sum() == len(self.images_) > 0
        assert self.fields_.shape == (len(self.fields_), 2, knots, knots) and len(self.fields_)
        assert self.fields_.dtype == np.float32 and np.isfinite(self.fields_).all()
        assert 0 <= self.strength_ <= 1

    def _maker(self) -> ImageMaker:
        generator = DeformedImages(
            torch.from_numpy(self.images_),
            torch.from_numpy(self.counts_),
            torch.from_numpy(self.fields_),
            self.strength_,
        )
        shares = self.counts_ / self.counts_.sum()
        return ImageMaker(generator.eval(), _NOISE_SIZE, shares, self.schema_.classes)


def told_apart(within: NDArray[np.float32], across: NDArray[np.float32]) -> float:
    """How well fields tell images of one class from those of two, 0 not at all, 1 always.

    That is twice the chance that less is left between images of one class than between those of
    two, less 1; `UNCOMPARED` where there are no two classes.

    >>> told_apart(np.float32([0.1, 0.3]), np.float32([0.2, 0.4]))
    0.5
    """
    if not len(across):
        return UNCOMPARED
    less = np.sign(across[None, :] - within[:, None]).mean()
    return max(float(less), 0.0)
