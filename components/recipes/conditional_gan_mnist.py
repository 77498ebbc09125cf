"""Does a GAN that is told the class make digits that teach a classifier nearly as real ones do?

The class stands beside the noise and is projected in the discriminator (Mirza and Osindero 2014;
Miyato and Koyama 2018). Asked at once: images show what they are asked to, a classifier learns from
them, they are as various as real ones, and hard to tell apart. Bars are what a Gaussian of each
class reaches on 4,000 images for training and 1,000 for testing, and this is such a split.
"""

from components.config import DcganNetworks, Gate, ImageGanConfig, Params
from components.recipes.image_params import DIGITS, LIKENESS, MNIST, shared
from components.recipes.recipe import Family, Preset, Recipe

GATES = (
    Gate(metric="trts_accuracy", better_than=0.95),
    Gate(metric="tstr_accuracy", better_than=0.922),
    Gate(metric="recall", better_than=0.52),
    Gate(metric="two_sample_auc", better_than=0.994),
    *LIKENESS,
)


def _model(*, width: int, steps: int, rate: float) -> ImageGanConfig:
    """The discriminator's rate is twice the generator's.

    At 3e-3 networks of width 32 are unstable: the discriminator ends at chance, and labels blur.
    """
    return ImageGanConfig(
        networks=DcganNetworks(width=width),
        generator_rate=rate,
        discriminator_rate=2 * rate,
        steps=steps,
    )


def _size(model: ImageGanConfig, data: str = MNIST, train_rows: int | None = None) -> Params:
    return shared(
        "conditional_gan_mnist", model, GATES, data=data, train_rows=train_rows, test_share=0.2
    )


RECIPE = Recipe(
    question="Do digits of a conditional GAN teach a classifier nearly as real ones do?",
    family=Family.IMAGES,
    presets={
        Preset.SMOKE: _size(ImageGanConfig(steps=50), DIGITS, train_rows=200),
        Preset.CPU: _size(_model(width=24, steps=12_000, rate=2e-3)),
        Preset.GPU: _size(_model(width=64, steps=20_000, rate=5e-4)),
    },
)
