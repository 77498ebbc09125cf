"""A GAN whose discriminator is a classifier, taught by few labels (Salimans et al. 2016).

The discriminator has a logit for each class and, held at 0, one for what is no real image. Labelled
images teach it their classes; unlabelled ones only that they are of some class, and made ones that
they are of none: so its borders come to lie where no images are. The generator, told no class,
matches the discriminator's features, since good images make a poor teacher here (section 5.1 of the
paper, and Dai et al. 2017 on why).
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from components.config import SemiSupervisedGanConfig
from components.data.conditions import Condition
from components.data.images.labelled import labelled_part
from components.data.images.schema import ImageSchema, asked_class, schema_of
from components.data.images.sets import ImageSet, Pixels
from components.data.table import Matrix
from components.models.artifact import Artifact, load_image_artifact, save_artifact
from components.models.contract import (
    Budget,
    ImageClassifier,
    LogMetrics,
    SamplingProgram,
    log_nothing,
)
from components.models.images.drawing import ImageMaker
from components.models.images.network_classifier import NetworkClassifier
from components.models.images.semi_supervised_networks import (
    build_classifier,
    build_players,
    empty_generator,
)
from components.models.trained import Arrays, image_checkpoint_store, put_weights, weights_of
from components.networks.images.gan import ImageGenerator
from components.training.adversarial import RealSamples
from components.training.few_labels import CLASSIFIER, GENERATOR, FewLabelGame, teach_alone
from components.training.watched import split_held_out, train_watched

NAME = "semi_supervised_gan"
_NO_BUDGET = Budget()
_ONE_CLASS = np.ones(1)


class SemiSupervisedGan:
    """`ImageModel` of images without labels, and `LearnsUnlabelled`.

    Fitted state: `generator_`, and `classifier_` of the classes that labelled images show.
    """

    schema_: ImageSchema
    generator_: ImageGenerator
    classifier_: NetworkClassifier

    def __init__(self, config: SemiSupervisedGanConfig) -> None:
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
        """Learn from `images`, some of which have labels; see `ImageModel.fit`.

        Raises UserError where labels do not show two classes, NonFiniteLossError on divergence.
        """
        labelled = labelled_part(images)
        schema = schema_of(replace(images, labels=None, classes=()))
        real, held_out = split_held_out(_unlabelled(images), self.config, seed)
        players = build_players(self.config, schema, len(labelled.classes), seed)
        game = FewLabelGame(self.config, players, real, _lessons(labelled), seed)
        weights = train_watched(
            game,
            held_out,
            self.config,
            seed,
            seconds=budget.seconds,
            log=log,
            store=image_checkpoint_store(checkpoint_dir, self.config, images, seed),
        )
        self.schema_ = schema
        arrays = {name: value.cpu().numpy() for name, value in weights.items()}
        self._take(arrays, labelled.classes)

    @property
    def classes_(self) -> tuple[str, ...]:
        """The classes that labelled training images show."""
        return self.classifier_.classes_

    def classify(self, images: Pixels) -> Matrix:
        """See `ImageClassifier.classify`."""
        return self.classifier_.classify(images)

    def outlyingness(self, images: Pixels) -> NDArray[np.float64]:
        """The log odds that an image is made; see `NetworkClassifier.outlyingness`."""
        return self.classifier_.outlyingness(images)

    def without_unlabelled(self, images: ImageSet, *, seed: int) -> ImageClassifier:
        """The same network taught the labelled images alone, by as many steps."""
        labelled = labelled_part(images)
        network = build_classifier(self.config, self.schema_, len(labelled.classes), seed)
        taught = teach_alone(network, _lessons(labelled), self.config, seed)
        return NetworkClassifier(taught, labelled.classes)

    def draw_images(
        self, num_images: int, *, condition: Condition | None = None, seed: int
    ) -> Iterator[ImageSet]:
        """See `ImageModel.draw_images`; no class can be asked for."""
        return self._maker().draw(num_images, asked_class(condition, self.schema_), seed)

    def export_program(self) -> SamplingProgram:
        """The generator as one torch module; see `Exportable`."""
        return self._maker().program()

    def save(self, directory: Path) -> None:
        """Write settings, schema and classes as JSON, weights as safetensors."""
        arrays = weights_of(self.generator_, GENERATOR) | weights_of(
            self.classifier_.network, CLASSIFIER
        )
        settings, state = self.config.model_dump(mode="json"), {"classes": list(self.classes_)}
        save_artifact(Artifact(NAME, settings, self.schema_, state, arrays), directory)

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read what `save` wrote."""
        artifact = load_image_artifact(directory)
        model = cls(SemiSupervisedGanConfig.model_validate(artifact.settings))
        model.schema_ = artifact.schema
        model._take(artifact.arrays, tuple(artifact.state["classes"]))
        return model

    def _take(self, arrays: Arrays, classes: tuple[str, ...]) -> None:
        """Networks of these weights."""
        self.generator_ = empty_generator(self.config, self.schema_)
        put_weights(self.generator_, arrays, GENERATOR)
        network = build_classifier(self.config, self.schema_, len(classes), 0).eval()
        put_weights(network, arrays, CLASSIFIER)
        self.classifier_ = NetworkClassifier(network, classes)

    def _maker(self) -> ImageMaker:
        return ImageMaker(self.generator_, self.config.noise_size, _ONE_CLASS, ())


def _samples(pixels: Pixels) -> Tensor:
    """Images as (number, channels, height, width)."""
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(0, 3, 1, 2)))


def _unlabelled(images: ImageSet) -> RealSamples:
    """All images, told to be of one class."""
    return RealSamples(_samples(images.images), torch.zeros(len(images), dtype=torch.int64))


def _lessons(labelled: ImageSet) -> RealSamples:
    """Labelled images and their classes."""
    assert labelled.labels is not None
    return RealSamples(_samples(labelled.images), torch.from_numpy(labelled.labels))
