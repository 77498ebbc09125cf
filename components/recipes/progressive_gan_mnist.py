"""Are images better, in the same time, where networks grow from small images to large ones?

Progressive growing of GANs (Karras et al. 2018): from 4 x 4 pixels to 32 x 32, layers faded in one
after another; equalised learning rates, pixel norm, and the deviation within a minibatch. The
baseline is the same networks with all layers from the start, for as many steps as take as long.

The loss of the paper, a Wasserstein critic with gradient penalty and drift, is that of the preset
`gpu`. In the 2,500 steps that one core has time for it leaves images less various than a Gaussian
of pixels; the relativistic loss with R1 takes two thirds of the time and reaches .7 of recall.
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
GATES = (
    Gate(metric="sliced_wasserstein", better_than=UNGROWN),
    Gate(metric="recall", better_than=UNGROWN),
    *LIKENESS,
)


def _quick(networks: ProgressiveNetworks, steps: int) -> ImageGanConfig:
    return ImageGanConfig(networks=networks, steps=steps)


def _as_published(networks: ProgressiveNetworks, steps: int) -> ImageGanConfig:
    return ImageGanConfig(
        networks=networks,
        loss=WassersteinLoss(),
        r1=None,
        generator_rate=1e-3,
        discriminator_rate=1e-3,
        momentum=0.0,
        scaling=0.99,
        ema_decay=0.999,
        steps=steps,
    )


def _size(
    grown: ImageGanConfig, ungrown: ImageGanConfig, side: int = 32, rows: int | None = None
) -> Params:
    params = shared(
        "progressive_gan_mnist",
        grown,
        GATES,
        data=MNIST if rows is None else DIGITS,
        train_rows=rows,
        baselines={UNGROWN: ungrown},
    )
    images = ImagesConfig(side=side, fit=Fit.PAD)
    return params.model_copy(
        update={"prepare": params.prepare.model_copy(update={"images": images})}
    )


def _networks(width: int, grown_by: float = 0.8) -> ProgressiveNetworks:
    return ProgressiveNetworks(width=width, grown_by=grown_by)


RECIPE = Recipe(
    question="Are digits better, in the same time, where networks grow from small to large images?",
    family=Family.IMAGES,
    presets={
        Preset.SMOKE: _size(_quick(_networks(4), 30), _quick(_networks(4, 0.0), 20), 16, 200),
        # 0.63 and 0.55 of the steps take as long, where all are of all layers: on one core
        Preset.CPU: _size(_quick(_networks(8), 2_500), _quick(_networks(8, 0.0), 1_575)),
        Preset.GPU: _size(
            _as_published(_networks(64), 30_000), _as_published(_networks(64, 0.0), 16_500)
        ),
    },
)
