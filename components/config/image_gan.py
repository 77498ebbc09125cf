"""The settings of a GAN of images."""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from components.config.adversarial import AdversarialConfig
from components.config.settings import Settings


class Scale(StrEnum):
    """What holds the size of a layer's weights.

    `spectral` divides them by their norm in the discriminator (Miyato et al. 2018), `equalised`
    scales them as they are used in both networks, so that all learn at one pace (Karras et al.
    2018, section 4.1).
    """

    FREE = "free"
    SPECTRAL = "spectral"
    EQUALISED = "equalised"


class Norm(StrEnum):
    """What the generator does between its layers.

    `batch` normalises over the batch (Ioffe and Szegedy 2015), `conditional_batch` with a scale
    and shift of each class (De Vries et al. 2017), `pixel` each place over its channels (Karras et
    al. 2018, section 4.2).
    """

    NONE = "none"
    BATCH = "batch"
    CONDITIONAL_BATCH = "conditional_batch"
    PIXEL = "pixel"


class Networks(Settings):
    """What networks of images have in common.

    With `minibatch_deviation` the discriminator sees how much images of a batch differ (Karras et
    al. 2018, section 3).
    """

    scale: Scale = Scale.FREE
    minibatch_deviation: bool = False


class ConvolutionalNetworks(Networks):
    """What convolutional ones have besides: `width` channels next to the image."""

    norm: Norm = Norm.BATCH
    width: int = Field(16, ge=1)


class MlpNetworks(Networks):
    """Layers without convolutions, `layers` of them, each of `width` units."""

    name: Literal["mlp"] = "mlp"
    width: int = Field(256, ge=1)
    layers: int = Field(2, ge=1)


class DcganNetworks(ConvolutionalNetworks):
    """Strided convolutions (Radford et al. 2016)."""

    name: Literal["dcgan"] = "dcgan"


class ResidualNetworks(ConvolutionalNetworks):
    """Residual blocks (Miyato et al. 2018, appendix B)."""

    name: Literal["residual"] = "residual"


class ProgressiveNetworks(ConvolutionalNetworks):
    """Networks that grow from the base of the canvas (Karras et al. 2018, "Progressive growing").

    They are grown by the share `grown_by` of the steps; with 0 they have all layers from the start.
    """

    name: Literal["progressive"] = "progressive"
    grown_by: float = Field(0.6, ge=0, le=1)
    scale: Scale = Scale.EQUALISED
    norm: Norm = Norm.PIXEL
    minibatch_deviation: bool = True


ImageNetworks = Annotated[
    MlpNetworks | DcganNetworks | ResidualNetworks | ProgressiveNetworks,
    Field(discriminator="name"),
]


class PlainConditioning(Settings):
    """How networks are told the class; the generator gets it beside the noise.

    `none` tells nobody: labels are forgotten and no class can be asked for. `concatenated` gives
    the discriminator planes of the label beside the image (Mirza and Osindero 2014), `projection`
    an inner product of class and features (Miyato and Koyama 2018).
    """

    name: Literal["none", "concatenated", "projection"] = "projection"


class AuxiliaryConditioning(Settings):
    """The discriminator has a second head that finds the class (AC-GAN, Odena et al. 2017).

    `weight` is that of its cross-entropy, in the losses of both networks. Real images alone say
    what a class looks like. With `learns_from_made` the head learns to find the class in made
    images as well, as in the paper, and so agrees with what the generator draws for a class, like
    it or not: the recipe `acgan_mnist` measures how much less true to their class images are then.
    """

    name: Literal["auxiliary"] = "auxiliary"
    weight: float = Field(1.0, gt=0)
    learns_from_made: bool = False


class WordConditioning(Settings):
    """Labels are captions: each word has an embedding in either network, and a caption their sum.

    The words stand beside the noise, and the discriminator projects features onto the sum. Any
    words that training captions have can be asked for together, seen so or not. With a `weight`
    above 0 the discriminator has a second head, which learns from real images to find each word, or
    that it is not there; the generator has to please it. Of what is drawn without asking, the share
    `unseen` has captions of the data that no training image has, evenly, where there are any.
    """

    name: Literal["words"] = "words"
    weight: float = Field(0.0, ge=0)
    unseen: float = Field(0.0, ge=0, lt=1)


Conditioning = Annotated[PlainConditioning | AuxiliaryConditioning, Field(discriminator="name")]
AnyConditioning = Annotated[
    PlainConditioning | AuxiliaryConditioning | WordConditioning, Field(discriminator="name")
]


class ImageGanConfig(AdversarialConfig):
    """A GAN of images; see `components/models/images/gan.py`, and `AdversarialConfig`.

    The generator makes an image of `noise_size` normal numbers. Where images have no labels,
    nobody is told any.
    """

    name: Literal["image_gan"] = "image_gan"
    networks: ImageNetworks = DcganNetworks()
    conditioning: AnyConditioning = PlainConditioning()
    noise_size: int = Field(64, ge=1)

    @model_validator(mode="after")
    def _takes_effect(self) -> Self:
        """Refuses normalisation by a class that nobody is told, and compiling what grows."""
        norm = self.networks.norm if isinstance(self.networks, ConvolutionalNetworks) else None
        if self.conditioning.name == "none" and norm is Norm.CONDITIONAL_BATCH:
            raise ValueError("networks.norm = conditional_batch needs conditioning")
        grows = isinstance(self.networks, ProgressiveNetworks) and self.networks.grown_by > 0
        if self.compile and grows:
            raise ValueError("compile = true needs networks.grown_by = 0: they keep changing")
        return self
