"""Does a convolutional autoencoder of one digit find the others better than components do?

A variational one (Kingma and Welling 2014), which makes other digits again nearly as well: the
score is how usual an image's point is, and how well it is made again, among the training images.
"""

from components.config import ImageVaeConfig, Params
from components.recipes.anomaly_params import VARIED, one_digit_in
from components.recipes.image_params import DIGITS, MNIST
from components.recipes.recipe import Family, Preset, Recipe


def _size(data: str, *, width: int, steps: int, train_rows: int | None = None) -> Params:
    model = ImageVaeConfig(width=width, steps=steps, vary=VARIED)
    return one_digit_in("anomaly_mnist_vae", model, data=data, train_rows=train_rows)


RECIPE = Recipe(
    question="Does a convolutional autoencoder of one digit find others better than components do?",
    family=Family.ANOMALY,
    presets={
        Preset.SMOKE: _size(DIGITS, width=4, steps=60, train_rows=100),
        Preset.CPU: _size(MNIST, width=16, steps=2_000),
        Preset.GPU: _size(MNIST, width=64, steps=10_000),
    },
)
