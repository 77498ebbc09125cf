"""Do digits made level by level look more real than those of one network of equal size?

LAPGAN (Denton et al. 2015) on pyramids of 7, 14 and 28 pixels, against a DCGAN with as many weights
(about 110,000), trained for about as long on the same images, in the same run.
"""

from components.config import (
    DcganNetworks,
    DetailNetworks,
    Gate,
    ImageGanConfig,
    ImageModelConfig,
    LapganConfig,
    Params,
)
from components.recipes.image_params import DIGITS, MNIST, shared
from components.recipes.recipe import Family, Preset, Recipe

ONE_SCALE = "one_scale"

GATES = (
    Gate(metric="spectral_slope_gap", better_than=ONE_SCALE),
    Gate(metric="two_sample_auc", better_than=ONE_SCALE),
)


def _size(
    model: LapganConfig, rival: ImageGanConfig, data: str = MNIST, train_rows: int | None = None
) -> Params:
    beside: dict[str, ImageModelConfig] = {ONE_SCALE: rival}
    return shared("lapgan_mnist", model, GATES, data=data, train_rows=train_rows, baselines=beside)


def _pyramid(
    coarse: int, steps: int, finer_steps: float, width: int = 16, details: int = 32
) -> LapganConfig:
    """Networks of these widths, at a pace that the coarsest level takes well."""
    return LapganConfig(
        networks=DcganNetworks(width=width),
        coarse_networks=DcganNetworks(width=coarse),
        details=DetailNetworks(width=details),
        steps=steps,
        finer_steps=finer_steps,
        batch_size=64,
        discriminator_rate=2e-3,
        ema_decay=0.998,
    )


RECIPE = Recipe(
    question="Do digits made level by level look more real than those of one equal network?",
    family=Family.IMAGES,
    presets={
        Preset.SMOKE: _size(LapganConfig(steps=30), ImageGanConfig(steps=30), DIGITS, 200),
        Preset.CPU: _size(
            _pyramid(coarse=48, steps=6_000, finer_steps=0.3),
            ImageGanConfig(networks=DcganNetworks(width=12), steps=5_000),
        ),
        Preset.GPU: _size(
            _pyramid(coarse=128, steps=60_000, finer_steps=0.5, width=64, details=128),
            ImageGanConfig(networks=DcganNetworks(width=72), steps=60_000),
        ),
    },
)
