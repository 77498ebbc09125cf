"""The settings of a Laplacian pyramid of GANs."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from components.config.adversarial import AdversarialConfig
from components.config.image_gan import (
    Conditioning,
    DcganNetworks,
    ImageGanConfig,
    MlpNetworks,
    PlainConditioning,
    ResidualNetworks,
)
from components.config.settings import Settings

LevelNetworks = Annotated[
    MlpNetworks | DcganNetworks | ResidualNetworks, Field(discriminator="name")
]


class DetailNetworks(Settings):
    """What generators of detail look like: `layers` convolutions of `width` channels, at half size.

    Before them a strided convolution halves the sides, after them one doubles them.
    """

    width: int = Field(32, ge=1)
    layers: int = Field(2, ge=1)


class LapganConfig(AdversarialConfig):
    """A GAN for each level of a Laplacian pyramid; see `components/models/lapgan.py`.

    Sides are halved at least once, and on while the shorter one is no less than `coarsest`. The
    coarsest level is made of `noise_size` normal numbers by `networks`, as an `image_gan`'s; the
    generators of detail are `details`, all discriminators are of `networks`. `steps` are those of
    each level.
    """

    name: Literal["lapgan"] = "lapgan"
    networks: LevelNetworks = DcganNetworks()
    conditioning: Conditioning = PlainConditioning()
    noise_size: int = Field(64, ge=1)
    coarsest: int = Field(7, ge=4)
    details: DetailNetworks = DetailNetworks()
    generator_rate: float = Field(1e-3, gt=0)

    @property
    def coarse_gan(self) -> ImageGanConfig:
        """The settings of the coarsest level alone."""
        shared = set(ImageGanConfig.model_fields) & set(type(self).model_fields) - {"name"}
        return ImageGanConfig.model_validate({name: getattr(self, name) for name in shared})

    @model_validator(mode="after")
    def _takes_effect(self) -> Self:
        """Refuses what `image_gan` would."""
        self.coarse_gan  # noqa: B018 (it is validated as it is made)
        return self
