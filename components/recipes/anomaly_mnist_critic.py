"""Does a Wasserstein critic of one digit find the others better than principal components do?

A critic is taught to tell digits from made ones, not from other digits, so a "no" is to be
expected. Its sibling, the discriminator of a GAN (Goodfellow et al. 2014), is this with
`train.model.loss={name: non_saturating}`, `train.model.r1={}` and one step of the discriminator.
"""

from components.config import CriticScore, Params
from components.recipes.anomaly_params import one_digit_in, wasserstein
from components.recipes.image_params import DIGITS, MNIST
from components.recipes.recipe import Family, Preset, Recipe


def _size(data: str, *, width: int, steps: int, train_rows: int | None = None) -> Params:
    model = wasserstein(CriticScore(), width=width, steps=steps)
    return one_digit_in("anomaly_mnist_critic", model, data=data, train_rows=train_rows)


RECIPE = Recipe(
    question="Does a Wasserstein critic of one digit find others better than components do?",
    family=Family.ANOMALY,
    presets={
        Preset.SMOKE: _size(DIGITS, width=4, steps=30, train_rows=100),
        Preset.CPU: _size(MNIST, width=8, steps=600),
        Preset.GPU: _size(MNIST, width=64, steps=20_000),
    },
)
