"""Does a convolutional GAN make patients to share that are as useful, and give no one away?

The protocol follows table-GAN (Park et al., 2018): half of the rows train, half judge. What its
privacy margin `delta` and its `crowd` cost and hide is measured in `docs/table_gan.md`.
"""

from components.config import (
    SHARING_CROWD,
    EvaluateConfig,
    Params,
    PrepareConfig,
    Purpose,
    TableGanConfig,
    TrainConfig,
)
from components.recipes.recipe import Preset, Recipe


def _params(*, steps: int, width: int) -> Params:
    model = TableGanConfig(crowd=SHARING_CROWD, steps=steps, width=width, max_epochs=2_000)
    return Params(
        name="table_gan_sharing",
        prepare=PrepareConfig(data="sklearn:breast_cancer", target="diagnosis", test_share=0.5),
        train=TrainConfig(model=model),
        evaluate=EvaluateConfig(purpose=Purpose.SHARING),
    )


RECIPE = Recipe(
    question="Can patients made by a convolutional GAN be shared, useful and giving no one away?",
    presets={
        Preset.SMOKE: _params(steps=100, width=16),
        Preset.CPU: _params(steps=1_500, width=32),
        Preset.GPU: _params(steps=5_000, width=64),
    },
)
