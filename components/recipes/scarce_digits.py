"""Do made digits bring a classifier more than shifts and turns, where 60 of each are known?

The protocol of Frid-Adar et al. (2018): classic augmentation against the same and a GAN,
which is fitted inside each fold. "No" is a common answer.
"""

from components.config import DcganNetworks, ImageGanConfig, Params
from components.recipes.image_params import DIGITS, MNIST, augmenting
from components.recipes.recipe import Family, Preset, Recipe


def _size(data: str, *, width: int, steps: int, train_rows: int) -> Params:
    model = ImageGanConfig(networks=DcganNetworks(width=width), steps=steps)
    return augmenting("scarce_digits", model, data=data, train_rows=train_rows)


RECIPE = Recipe(
    question="Do made digits bring a classifier more than shifts and turns, with 60 of each?",
    family=Family.IMAGES,
    presets={
        Preset.SMOKE: _size(DIGITS, width=4, steps=30, train_rows=200),
        Preset.CPU: _size(MNIST, width=16, steps=2_000, train_rows=600),
        Preset.GPU: _size(MNIST, width=64, steps=10_000, train_rows=600),
    },
)
