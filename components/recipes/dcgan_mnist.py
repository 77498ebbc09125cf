"""Does a convolutional GAN without labels make digits as various as real ones?

Strided convolutions, batch normalisation in the generator, the loss that does not saturate, Adam at
2e-4 with a first beta of .5 (Radford et al. 2016). It is told no labels.
"""

from components.config import (
    DcganNetworks,
    Gate,
    ImageGanConfig,
    Params,
    PlainConditioning,
    PlainLoss,
)
from components.recipes.image_params import DIGITS, LIKENESS, MNIST, shared
from components.recipes.recipe import Family, Preset, Recipe

GATES = (
    Gate(metric="recall", better_than=0.52),
    Gate(metric="two_sample_auc", better_than=0.994),
    *LIKENESS,
)
RATE = 2e-4


def _size(data: str, *, width: int, steps: int, train_rows: int | None = None) -> Params:
    model = ImageGanConfig(
        networks=DcganNetworks(width=width),
        conditioning=PlainConditioning(name="none"),
        loss=PlainLoss(name="non_saturating"),
        r1=None,
        generator_rate=RATE,
        discriminator_rate=RATE,
        momentum=0.5,
        scaling=0.999,
        batch_size=64,
        steps=steps,
    )
    return shared("dcgan_mnist", model, GATES, data=data, train_rows=train_rows)


RECIPE = Recipe(
    question="Does a convolutional GAN without labels make digits as various as real ones?",
    family=Family.IMAGES,
    presets={
        Preset.SMOKE: _size(DIGITS, width=4, steps=50, train_rows=200),
        Preset.CPU: _size(MNIST, width=16, steps=8_000),
        Preset.GPU: _size(MNIST, width=64, steps=20_000),
    },
)
