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

    Before them a strided convolution halves the sides, after them one doubles them. Real images,
    halved, are what detail was asked for; with `keeps_halves` made ones are, too, by construction,
    and nobody has to learn it. Without, detail is as in the paper.
    """

    width: int = Field(32, ge=1)
    layers: int = Field(2, ge=1)
    keeps_halves: bool = True


class LapganConfig(AdversarialConfig):
    """A GAN for each level of a Laplacian pyramid; see `components/models/images/lapgan.py`.

    Sides are halved at least once, and on while the shorter one is no less than `coarsest`. The
    coarsest level is made of `noise_size` normal numbers, as an `image_gan`'s, by
    `coarse_networks`, or else by `networks`; of those all other discriminators are. The generators
    of detail are `details`. The coarsest level, which has to make what the others only refine,
    takes all `steps`, each finer one the share `finer_steps` of those of the level before it.
    """

    name: Literal["lapgan"] = "lapgan"
    networks: LevelNetworks = DcganNetworks()
    conditioning: Conditioning = PlainConditioning()
    noise_size: int = Field(64, ge=1)
    coarsest: int = Field(7, ge=4)
    details: DetailNetworks = DetailNetworks()
    coarse_networks: LevelNetworks | None = None
    finer_steps: float = Field(1.0, gt=0, le=1)
    generator_rate: float = Field(1e-3, gt=0)

    @property
    def coarse_gan(self) -> ImageGanConfig:
        """The settings of the coarsest level."""
        return self._as_image_gan(self.coarse_networks or self.networks)

    @property
    def judges_of_detail(self) -> ImageGanConfig:
        """The settings of an `image_gan` whose discriminators the finer levels have."""
        return self._as_image_gan(self.networks)

    def steps_of(self, level: int) -> int:
        """The steps of a level, 0 the coarsest."""
        return max(1, round(self.steps * self.finer_steps**level))

    def _as_image_gan(self, networks: LevelNetworks) -> ImageGanConfig:
        shared = set(ImageGanConfig.model_fields) & set(type(self).model_fields) - {"name"}
        named = {name: getattr(self, name) for name in shared}
        return ImageGanConfig.model_validate({**named, "networks": networks})

    @model_validator(mode="after")
    def _takes_effect(self) -> Self:
        """Refuses what `image_gan` would."""
        self.coarse_gan, self.judges_of_detail  # noqa: B018 (they are validated as they are made)
        return self
