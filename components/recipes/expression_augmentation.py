"""Do made cells help to tell types of which few cells were seen, by the expression of their genes?

Cells are drawn, so that it runs anywhere. On 700 real blood cells, after
`pip install 'mintmark[genes]'`:
`mintmark run expression_augmentation --set prepare.data=scanpy:pbmc68k`.

Rare types are what cells are short of, so types are made in shares half of the way to even ones.
Rivals, recomputed in the same run, are class weights, repeated cells, SMOTE, and a Gaussian for
each type on the same components.
"""

from components.config import (
    EvaluateConfig,
    ExpressionGanConfig,
    Params,
    PrepareConfig,
    Purpose,
    TrainConfig,
)
from components.data.expression import TARGET
from components.recipes.recipe import Family, Preset, Recipe


def _params(*, steps: int, hidden: int, folds: int, repeats: int) -> Params:
    model = ExpressionGanConfig(steps=steps, hidden_size=hidden, balance=0.5)
    return Params(
        name="expression_augmentation",
        prepare=PrepareConfig(data="procedural:expression", target=TARGET, test_share=0.3),
        train=TrainConfig(model=model),
        evaluate=EvaluateConfig(purpose=Purpose.AUGMENTATION, folds=folds, repeats=repeats),
    )


RECIPE = Recipe(
    question="Do made cells help to tell rare types apart by the expression of their genes?",
    family=Family.EXPRESSION,
    presets={
        Preset.SMOKE: _params(steps=30, hidden=32, folds=2, repeats=1),
        Preset.CPU: _params(steps=800, hidden=128, folds=4, repeats=1),
        Preset.GPU: _params(steps=5_000, hidden=256, folds=5, repeats=4),
    },
)
