"""Is a digit of which 25 images are known found more often with made ones beside them?

The other digits have 250 images each. What is made goes to the rare class first, and what counts is
balanced accuracy, beside class weights, repeated and varied images.
"""

from components.config import DcganNetworks, ImageGanConfig, ImagesConfig, Params
from components.recipes.image_params import DIGITS, MNIST, augmenting
from components.recipes.recipe import Family, Preset, Recipe


def _size(data: str, *, width: int, steps: int, rare: int, train_rows: int | None) -> Params:
    return augmenting(
        "rare_digit",
        ImageGanConfig(networks=DcganNetworks(width=width), steps=steps),
        data=data,
        images=ImagesConfig(fewer={"8": rare}),
        train_rows=train_rows,
    )


RECIPE = Recipe(
    question="Is a digit of which 25 images are known found more often with made ones?",
    family=Family.IMAGES,
    presets={
        Preset.SMOKE: _size(DIGITS, width=4, steps=30, rare=10, train_rows=200),
        Preset.CPU: _size(MNIST, width=16, steps=2_000, rare=25, train_rows=None),
        Preset.GPU: _size(MNIST, width=64, steps=10_000, rare=25, train_rows=None),
    },
)
