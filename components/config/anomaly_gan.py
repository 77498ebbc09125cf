"""The settings of a GAN that says how odd an image is."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from components.config.adversarial import AdversarialConfig
from components.config.classic import ClassicConfig
from components.config.image_gan import (
    Conditioning,
    DcganNetworks,
    ImageGanConfig,
    ImageNetworks,
    PlainConditioning,
)
from components.config.settings import Settings


class CriticScore(Settings):
    """An image is as odd as the discriminator, or the critic, finds it.

    At the end of a good training the discriminator knows little: expect little of it.
    """

    name: Literal["critic"] = "critic"


class SearchScore(Settings):
    """An image is as odd as the best that the generator makes of it (AnoGAN, Schlegl et al. 2017).

    The best is looked for by `steps` of Adam from the middle of the noise. The residual has the
    weight 1 - `features`, that of the discriminator's features the other.
    """

    name: Literal["search"] = "search"
    steps: int = Field(100, ge=1)
    rate: float = Field(0.05, gt=0)
    features: float = Field(0.1, ge=0, le=1)


class EncoderScore(Settings):
    """The same by an encoder that is taught afterwards (f-AnoGAN, Schlegl et al. 2019).

    It takes `steps` on the training images, which the generator is to make again, in pixels and,
    by the weight `features`, in the discriminator's features; they are varied anew at each step
    where `vary` says how. An image is as odd `by` these `residuals` as they are large (izi_f); by
    the `density`, as its point and its two residuals are among those of the training images.
    """

    name: Literal["encoder"] = "encoder"
    steps: int = Field(1000, ge=1)
    rate: float = Field(1e-3, gt=0)
    features: float = Field(1.0, ge=0)
    vary: ClassicConfig | None = None
    by: Literal["residuals", "density"] = "density"


AnomalyScore = Annotated[CriticScore | SearchScore | EncoderScore, Field(discriminator="name")]


class AnomalyGanConfig(AdversarialConfig):
    """A GAN of images that keeps its discriminator, and scores images as `score` says.

    See `components/models/images/anomaly_gan.py`. The other settings are those of `image_gan`.
    """

    name: Literal["anomaly_gan"] = "anomaly_gan"
    networks: ImageNetworks = DcganNetworks()
    conditioning: Conditioning = PlainConditioning()
    noise_size: int = Field(64, ge=1)
    score: AnomalyScore = EncoderScore()

    @property
    def gan(self) -> ImageGanConfig:
        """The settings of the GAN alone."""
        shared = set(ImageGanConfig.model_fields) & set(type(self).model_fields) - {"name"}
        return ImageGanConfig.model_validate({name: getattr(self, name) for name in shared})

    @model_validator(mode="after")
    def _takes_effect(self) -> Self:
        """Refuses what `image_gan` would, and a discriminator that looks at a whole batch."""
        self.gan  # noqa: B018 (it is validated as it is made)
        if self.networks.minibatch_deviation:
            raise ValueError(
                "networks.minibatch_deviation: an image's score would depend on those beside it"
            )
        return self
