"""A GAN that says how odd an image is: by its critic, by a search, or by an encoder.

The GAN is an `image_gan`, whose discriminator is kept. What an image shows is not known when it is
scored, so it is taken for the class by which it is least odd.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from components.config import AnomalyGanConfig, CriticScore, EncoderScore, SearchScore
from components.data.conditions import Condition
from components.data.images.schema import ImageSchema
from components.data.images.sets import ImageSet
from components.models.artifact import Artifact, load_image_artifact, save_artifact
from components.models.contract import Budget, LogMetrics, SamplingProgram, log_nothing
from components.models.images.anomaly_scores import (
    AnyOddness,
    ByRemaking,
    CriticOddness,
    EncoderOddness,
    Remaking,
    SearchOddness,
)
from components.models.images.drawing import told_images
from components.models.images.gan import ImageGan
from components.models.images.networks import (
    build_encoder,
    empty_discriminator,
    empty_generator,
)
from components.models.images.point_density import PointDensity
from components.models.images.samples import samples_of
from components.models.images.scoring import in_chunks, likeliest
from components.models.trained import image_checkpoint_store, put_weights, weights_of
from components.networks.images.encoder import ImageEncoder
from components.networks.images.gan import ImageDiscriminator
from components.training.adversarial import RealSamples
from components.training.classic import classic_augmentation
from components.training.devices import find_device
from components.training.learner import AveragedLearner
from components.training.lessons import Lessons
from components.training.loop import Schedule, train
from components.training.team import find_team

NAME = "anomaly_gan"
ENCODER_EMA = 0.99
_NO_BUDGET = Budget()


class AnomalyGan:
    """`ImageModel` and `ImageScorer`; by a search or an encoder also an explainer.

    Fitted state: that of the GAN, `discriminator_`, `encoder_` where one is asked for, and
    `density_` where images are scored by it.
    """

    discriminator_: ImageDiscriminator
    encoder_: ImageEncoder | None
    density_: PointDensity | None

    def __init__(self, config: AnomalyGanConfig) -> None:
        self.config, self.gan = config, ImageGan(config.gan)
        if not isinstance(config.score, CriticScore):
            self.explain_images = self._explain

    @property
    def schema_(self) -> ImageSchema:
        """What the images are."""
        return self.gan.schema_

    def fit(
        self,
        images: ImageSet,
        *,
        seed: int,
        budget: Budget = _NO_BUDGET,
        log: LogMetrics = log_nothing,
        checkpoint_dir: Path | None = None,
    ) -> None:
        """Learn from `images`; see `ImageModel.fit`. A budget is that of the GAN alone."""
        inside = None if checkpoint_dir is None else checkpoint_dir / "gan"
        self.gan.fit(images, seed=seed, budget=budget, log=log, checkpoint_dir=inside)
        self.discriminator_ = empty_discriminator(self.config.gan, self.schema_)
        self.discriminator_.load_state_dict(self.gan.discriminator_.state_dict())
        self.encoder_ = self.density_ = None
        if isinstance(self.config.score, EncoderScore):
            self._teach_encoder(images, seed, self.config.score, log, checkpoint_dir)
            if self.config.score.by == "density":
                self.density_ = PointDensity.of(in_chunks(images, self._described))

    def _teach_encoder(
        self,
        images: ImageSet,
        seed: int,
        score: EncoderScore,
        log: LogMetrics,
        checkpoint_dir: Path | None,
    ) -> None:
        config, told = self.config, told_images(images, self.config.conditioning)
        device, real = find_device(config.device), samples_of(told)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            encoder = build_encoder(config.gan, self.schema_).to(device)
        remaking = Remaking(self.gan.generator_.to(device), self.discriminator_.to(device))
        remaking.generator.requires_grad_(False)
        learner = AveragedLearner(
            encoder,
            [{"params": list(encoder.parameters()), "weight_decay": 0.0}],
            rate=score.rate,
            ema_decay=ENCODER_EMA,
            random=torch.Generator(device).manual_seed(seed),
        )
        folder = None if checkpoint_dir is None else checkpoint_dir / "encoder"
        weights = train(
            Lessons(
                learner,
                RealSamples(real.samples.to(device), real.conditions.to(device)),
                config.batch_size,
                partial(_encoder_losses, remaking, score),
                classic_augmentation(score.vary),
            ),
            Schedule(
                num_steps=score.steps,
                look_every=config.look_every,
                patience=score.steps,
                checkpoint_seconds=config.checkpoint_seconds,
            ),
            judge=lambda: None,
            score_name="encoder_loss",
            log=lambda step, found: log(config.steps + step, found),
            store=image_checkpoint_store(folder, config, images, seed),
            team=find_team(config.devices),  # each teaches it all: its first alone writes
        )
        self.encoder_ = build_encoder(config.gan, self.schema_).eval().requires_grad_(False)
        self.encoder_.load_state_dict(weights)
        self.gan.generator_.cpu(), self.discriminator_.cpu()

    def draw_images(
        self, num_images: int, *, condition: Condition | None = None, seed: int
    ) -> Iterator[ImageSet]:
        """See `ImageModel.draw_images`."""
        return self.gan.draw_images(num_images, condition=condition, seed=seed)

    def export_program(self) -> SamplingProgram:
        """The generator as one torch module; see `Exportable`."""
        return self.gan.export_program()

    @torch.no_grad()
    def score_images(self, images: ImageSet) -> NDArray[np.float64]:
        """Minus how odd each image is, by the score of the settings; see `ImageScorer`."""
        return -in_chunks(images, self._odd)

    @torch.no_grad()
    def _explain(self, images: ImageSet) -> NDArray[np.float64]:
        """How far each pixel is from what the generator makes of the image."""
        odd = self._by_remaking()

        def away(some: Tensor) -> Tensor:
            labels = self._classes(some, odd)
            made = odd.remaking.remade(odd.points(some, labels), labels)
            return odd.remaking.pixels(some, made)

        return in_chunks(images, away)

    @torch.no_grad()
    def save(self, directory: Path) -> None:
        """Write settings and schema as JSON, weights and shares as safetensors."""
        arrays = {"shares": self.gan.shares_}
        arrays |= weights_of(self.gan.generator_, "generator")
        arrays |= weights_of(self.discriminator_, "discriminator")
        if self.encoder_ is not None:
            arrays |= weights_of(self.encoder_, "encoder")
        if self.density_ is not None:
            arrays |= self.density_.arrays()
        settings = self.config.model_dump(mode="json")
        save_artifact(Artifact(NAME, settings, self.schema_, {}, arrays), directory)

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read what `save` wrote."""
        artifact = load_image_artifact(directory)
        model = cls(AnomalyGanConfig.model_validate(_completed(artifact.settings)))
        config, gan = model.config.gan, model.gan
        gan.schema_, gan.shares_ = artifact.schema, artifact.arrays["shares"]
        gan.generator_ = empty_generator(config, artifact.schema)
        put_weights(gan.generator_, artifact.arrays, "generator")
        model.discriminator_ = empty_discriminator(config, artifact.schema)
        put_weights(model.discriminator_, artifact.arrays, "discriminator")
        model.encoder_ = model.density_ = None
        if isinstance(model.config.score, EncoderScore):
            model.encoder_ = build_encoder(config, artifact.schema).eval().requires_grad_(False)
            put_weights(model.encoder_, artifact.arrays, "encoder")
            if model.config.score.by == "density":
                model.density_ = PointDensity.from_arrays(artifact.arrays)
        return model

    def _classes(self, images: Tensor, odd: AnyOddness) -> Tensor:
        return likeliest(images, self.gan.shares_, odd)

    def _odd(self, images: Tensor) -> Tensor:
        if self.density_ is not None:
            return self.density_.distance(self._described(images))
        is_critic = isinstance(self.config.score, CriticScore)
        odd = CriticOddness(self.discriminator_) if is_critic else self._by_remaking()
        return odd(images, self._classes(images, odd))

    @torch.no_grad()
    def _described(self, images: Tensor) -> Tensor:
        odd = self._by_encoder()
        return odd.described(images, self._classes(images, odd))

    def _by_remaking(self) -> ByRemaking:
        if isinstance(self.config.score, SearchScore):
            remaking = Remaking(self.gan.generator_, self.discriminator_)
            return SearchOddness(remaking, self.config.noise_size, self.config.score)
        return self._by_encoder()

    def _by_encoder(self) -> EncoderOddness:
        score = self.config.score
        assert isinstance(score, EncoderScore) and self.encoder_ is not None
        remaking = Remaking(self.gan.generator_, self.discriminator_)
        return EncoderOddness(remaking, self.encoder_, score)


def _completed(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """Settings as they are written now: an encoder once scored by its residuals alone."""
    if settings["score"]["name"] != "encoder":
        return settings
    return {**settings, "score": {"by": "residuals", **settings["score"]}}


def _encoder_losses(
    remaking: Remaking,
    score: EncoderScore,
    encoder: ImageEncoder,
    images: Tensor,
    labels: Tensor,
    random: torch.Generator,
    progress: float,
) -> Mapping[str, Tensor]:
    """How far what the generator makes of the encoder's points is from the images."""
    pixels, features = EncoderOddness(remaking, encoder, score).parts(images, labels)
    return {"encoder_pixels": pixels.mean(), "encoder_features": score.features * features.mean()}
