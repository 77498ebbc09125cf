"""Can a table of patients be shared as synthetic rows, useful and giving no one away?"""

from components.config import (
    CopulaConfig,
    EvaluateConfig,
    Params,
    PrepareConfig,
    Purpose,
    TrainConfig,
)
from components.recipes.recipe import Preset, Recipe


def _params() -> Params:
    return Params(
        name="breast_cancer_sharing",
        prepare=PrepareConfig(data="sklearn:breast_cancer", target="diagnosis", test_share=0.5),
        train=TrainConfig(model=CopulaConfig()),
        evaluate=EvaluateConfig(purpose=Purpose.SHARING),
    )


RECIPE = Recipe(
    question="Can a table of patients be shared as synthetic rows without giving anyone away?",
    presets={preset: _params() for preset in Preset},
)
