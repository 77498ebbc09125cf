"""Does a generator of healthy patients find the ill ones better than principal components do?

It learns from benign cases alone; a bound on how likely it makes a case is the score.
"""

from components.config import (
    EvaluateConfig,
    NormalConfig,
    Params,
    PrepareConfig,
    Purpose,
    TrainConfig,
    TvaeConfig,
)
from components.recipes.recipe import Family, Preset, Recipe


def _params(model: TvaeConfig) -> Params:
    return Params(
        name="anomaly_table",
        prepare=PrepareConfig(
            data="sklearn:breast_cancer",
            target="diagnosis",
            normal=NormalConfig(values=("benign",)),
        ),
        train=TrainConfig(model=model, calibration_share=0.2),
        evaluate=EvaluateConfig(purpose=Purpose.ANOMALY),
    )


RECIPE = Recipe(
    question="Does a generator of healthy patients find the ill better than principal components?",
    family=Family.ANOMALY,
    presets={
        Preset.SMOKE: _params(TvaeConfig(steps=60, hidden_size=32)),
        Preset.CPU: _params(TvaeConfig()),
        Preset.GPU: _params(TvaeConfig(hidden_size=256)),
    },
)
