"""Can answers to a survey on a private matter be shared as synthetic rows?

The generator is a copula: it keeps associations of two columns at a time, so it has little room to
remember a person. (`--model trees` keeps more, and is refused: its rows give people away.)
"""

from components.config import (
    CopulaConfig,
    EvaluateConfig,
    Params,
    PrepareConfig,
    Purpose,
    TrainConfig,
)
from components.recipes.recipe import Preset, Recipe


def _params(*, train_rows: int | None) -> Params:
    return Params(
        name="survey_sharing",
        prepare=PrepareConfig(
            data="statsmodels:fair", target="affair", test_share=0.5, train_rows=train_rows
        ),
        train=TrainConfig(model=CopulaConfig()),
        evaluate=EvaluateConfig(purpose=Purpose.SHARING),
    )


RECIPE = Recipe(
    question="Can answers to a survey on a private matter be shared as synthetic rows?",
    presets={
        Preset.SMOKE: _params(train_rows=500),
        Preset.CPU: _params(train_rows=None),
        Preset.GPU: _params(train_rows=None),
    },
)
