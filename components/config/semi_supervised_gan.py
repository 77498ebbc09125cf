"""The settings of a GAN whose discriminator learns to classify from few labels."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from components.config.adversarial import R1, AdversarialConfig, Loss, PlainLoss
from components.config.image_gan import (
    ConvolutionalNetworks,
    DcganNetworks,
    MlpNetworks,
    Norm,
    ResidualNetworks,
)


class SemiSupervisedGanConfig(AdversarialConfig):
    """A GAN whose discriminator is a classifier; see `models/images/semi_supervised_gan.py`.

    Defaults are those of Salimans et al. (2016): the generator matches features alone, Adam at 3e-3
    with a first beta of .5. While it learns, each layer of the discriminator sees its inputs with
    normal noise: images, of -1 to 1, of deviation `image_noise`, features of `hidden_noise`.
    `class_weight` is that of the cross-entropy of labelled images; 2 is the paper's, whose other
    losses are halves. `ema_decay` averages both networks.
    """

    name: Literal["semi_supervised_gan"] = "semi_supervised_gan"
    networks: Annotated[
        MlpNetworks | DcganNetworks | ResidualNetworks, Field(discriminator="name")
    ] = MlpNetworks(width=500, layers=3)
    noise_size: int = Field(100, ge=1)
    image_noise: float = Field(0.6, ge=0)
    hidden_noise: float = Field(0.5, ge=0)
    class_weight: float = Field(2.0, gt=0)
    loss: Loss = PlainLoss(name="non_saturating")
    r1: R1 | None = None
    feature_matching: float = Field(1.0, ge=0)
    deceiving: float = Field(0.0, ge=0)
    batch_size: int = Field(100, ge=2)
    generator_rate: float = Field(3e-3, gt=0)
    discriminator_rate: float = Field(3e-3, gt=0)
    scaling: float = Field(0.999, ge=0, lt=1)

    @model_validator(mode="after")
    def _takes_effect(self) -> Self:
        """Refuses what is of networks that compare images, or are told a class, and sharing."""
        if self.devices > 1:
            raise ValueError(
                f"devices = {self.devices}: labelled images, and noise in layers, are not shared"
            )
        if self.networks.minibatch_deviation:
            raise ValueError("networks.minibatch_deviation has no place in a classifier of images")
        norm = self.networks.norm if isinstance(self.networks, ConvolutionalNetworks) else None
        if norm is Norm.CONDITIONAL_BATCH:
            raise ValueError("networks.norm = conditional_batch: the generator is told no class")
        return self
