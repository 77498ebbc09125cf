"""Does f-AnoGAN, taught one digit, find the others better than principal components do?

A Wasserstein GAN, then an encoder that has its generator make images again (Schlegl et al. 2019);
an image is odd by where the encoder puts it and how well it is made again, beside training images.
AnoGAN itself, which searches for the point instead (Schlegl et al. 2017), is the same settings with
`train.model.score={name: search}`.
"""

from components.config import EncoderScore, Params
from components.recipes.anomaly_params import VARIED, one_digit_in, wasserstein
from components.recipes.image_params import DIGITS, MNIST
from components.recipes.recipe import Family, Preset, Recipe


def _size(
    data: str, *, width: int, steps: int, encoder_steps: int, train_rows: int | None = None
) -> Params:
    model = wasserstein(EncoderScore(steps=encoder_steps, vary=VARIED), width=width, steps=steps)
    return one_digit_in("anomaly_mnist_fanogan", model, data=data, train_rows=train_rows)


RECIPE = Recipe(
    question="Does f-AnoGAN, taught one digit, find others better than principal components do?",
    family=Family.ANOMALY,
    presets={
        Preset.SMOKE: _size(DIGITS, width=4, steps=30, encoder_steps=30, train_rows=100),
        Preset.CPU: _size(MNIST, width=8, steps=600, encoder_steps=600),
        Preset.GPU: _size(MNIST, width=64, steps=20_000, encoder_steps=10_000),
    },
)
