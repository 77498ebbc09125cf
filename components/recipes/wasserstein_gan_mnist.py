"""Does a critic of the Wasserstein distance make digits as various as real ones?

A gradient penalty, and several updates of the critic for each of the generator (Gulrajani et al.
2017).
"""

from components.config import DcganNetworks, ImageGanConfig, Norm, Params, WassersteinLoss
from components.recipes.image_params import DIGITS, LIKENESS, MNIST, shared
from components.recipes.recipe import Family, Preset, Recipe

RATE = 5e-4


def _size(data: str, *, width: int, steps: int, train_rows: int | None = None) -> Params:
    model = ImageGanConfig(
        loss=WassersteinLoss(),
        r1=None,
        generator_rate=RATE,
        discriminator_rate=RATE,
        momentum=0.0,
        scaling=0.9,
        batch_size=64,
        networks=DcganNetworks(width=width, norm=Norm.BATCH),
        discriminator_steps=3,
        steps=steps,
    )
    return shared("wasserstein_gan_mnist", model, LIKENESS, data=data, train_rows=train_rows)


RECIPE = Recipe(
    question="Does a critic of the Wasserstein distance make digits as various as real ones?",
    family=Family.IMAGES,
    presets={
        Preset.SMOKE: _size(DIGITS, width=4, steps=30, train_rows=200),
        Preset.CPU: _size(MNIST, width=16, steps=1_500),
        Preset.GPU: _size(MNIST, width=64, steps=20_000),
    },
)
