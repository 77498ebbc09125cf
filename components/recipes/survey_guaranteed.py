"""Can answers to a survey be shared with a guarantee that none is given away?

As `survey_sharing`, by a generator whose guarantee does not rest on attacks: (3, 1e-6)-differential
privacy. It must still be useful, and alike enough to be told by nobody at a glance.
"""

from components.config import (
    EvaluateConfig,
    Params,
    PrepareConfig,
    PrivateConfig,
    Purpose,
    TrainConfig,
)
from components.recipes.recipe import Preset, Recipe

EPSILON = 3.0


def _params(*, train_rows: int | None) -> Params:
    return Params(
        name="survey_guaranteed",
        prepare=PrepareConfig(
            data="statsmodels:fair", target="affair", test_share=0.5, train_rows=train_rows
        ),
        train=TrainConfig(model=PrivateConfig(epsilon=EPSILON)),
        evaluate=EvaluateConfig(purpose=Purpose.SHARING),
    )


RECIPE = Recipe(
    question="Can answers to a survey be shared with a guarantee that none is given away?",
    presets={
        Preset.SMOKE: _params(train_rows=1_000),
        Preset.CPU: _params(train_rows=None),
        Preset.GPU: _params(train_rows=None),
    },
)
"""Its guarantee is the same at every size; what it tells grows with the rows."""
