"""Does the plainest GAN make digits that are more like real ones than a Gaussian of pixels?

Two layers each, no convolutions, no labels, the loss that does not saturate (Goodfellow et al.
2014), on digits of 8 x 8 pixels.
"""

from components.config import (
    ImageGanConfig,
    MlpNetworks,
    Params,
    PlainConditioning,
    PlainLoss,
)
from components.recipes.image_params import DIGITS, LIKENESS, shared
from components.recipes.recipe import Family, Preset, Recipe

RATE = 1e-3


def _model(steps: int) -> ImageGanConfig:
    return ImageGanConfig(
        networks=MlpNetworks(width=128, layers=2),
        conditioning=PlainConditioning(name="none"),
        loss=PlainLoss(name="non_saturating"),
        r1=None,
        generator_rate=RATE,
        discriminator_rate=RATE,
        batch_size=64,
        steps=steps,
    )


def _size(steps: int, train_rows: int | None = None) -> Params:
    return shared("vanilla_gan_digits", _model(steps), LIKENESS, data=DIGITS, train_rows=train_rows)


RECIPE = Recipe(
    question="Does the plainest GAN make digits more like real ones than a Gaussian of pixels?",
    family=Family.IMAGES,
    presets={
        Preset.SMOKE: _size(50, train_rows=200),
        Preset.CPU: _size(6_000),
        Preset.GPU: _size(20_000),
    },
)
