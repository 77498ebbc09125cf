"""Are images better, in the same time, where networks grow from small images to large ones?

Progressive growing of GANs (Karras et al. 2018): from 4 x 4 pixels to 32 x 32, layers faded in one
after another; a Wasserstein critic with gradient penalty and drift; equalised learning rates, pixel
norm, and the deviation within a minibatch. The baseline is the same networks with all layers from
the start, for as many steps as take as long.
"""

from components.config import (
    Fit,
    Gate,
    ImageGanConfig,
    ImagesConfig,
    Params,
    ProgressiveNetworks,
    WassersteinLoss,
)
from components.recipes.image_params import DIGITS, LIKENESS, MNIST, shared
from components.recipes.recipe import Family, Preset, Recipe

UNGROWN = "all_layers_from_the_start"
STEPS_IN_SAME_TIME = 0.55
"""Of the networks with all layers, for each step of those that grow; measured on one core."""
GATES = (
    Gate(metric="sliced_wasserstein", better_than=UNGROWN),
    Gate(metric="recall", better_than=UNGROWN),
    *LIKENESS,
)


def _model(width: int, steps: int, grown_by: float) -> ImageGanConfig:
    return ImageGanConfig(
        networks=ProgressiveNetworks(width=width, grown_by=grown_by),
        loss=WassersteinLoss(),
        r1=None,
        generator_rate=1e-3,
        discriminator_rate=1e-3,
        momentum=0.0,
        scaling=0.99,
        ema_decay=0.999,
        steps=steps,
    )


def _size(data: str, *, side: int, width: int, steps: int, train_rows: int | None = None) -> Params:
    params = shared(
        "progressive_gan_mnist",
        _model(width, steps, 0.8),
        GATES,
        data=data,
        train_rows=train_rows,
        baselines={UNGROWN: _model(width, round(STEPS_IN_SAME_TIME * steps), 0.0)},
    )
    images = ImagesConfig(side=side, fit=Fit.PAD)
    return params.model_copy(
        update={"prepare": params.prepare.model_copy(update={"images": images})}
    )


RECIPE = Recipe(
    question="Are digits better, in the same time, where networks grow from small to large images?",
    family=Family.IMAGES,
    presets={
        Preset.SMOKE: _size(DIGITS, side=16, width=4, steps=30, train_rows=200),
        Preset.CPU: _size(MNIST, side=32, width=8, steps=2_500),
        Preset.GPU: _size(MNIST, side=32, width=64, steps=30_000),
    },
)
