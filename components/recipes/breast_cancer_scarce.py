"""Do synthetic patients help a diagnosis that has only 100 labelled ones?

The protocol follows GAN-based medical augmentation (Frid-Adar et al., 2018): sensitivity and
specificity with and without synthetic data, here against every cheaper way of making more rows.
"""

from components.config import (
    CtganConfig,
    EvaluateConfig,
    Params,
    PrepareConfig,
    Purpose,
    TrainConfig,
)
from components.recipes.recipe import Preset, Recipe


def _params(*, epochs: int, repeats: int) -> Params:
    return Params(
        name="breast_cancer_scarce",
        prepare=PrepareConfig(
            data="sklearn:breast_cancer", target="diagnosis", test_share=0.4, train_rows=100
        ),
        train=TrainConfig(model=CtganConfig(crowd=1, max_epochs=epochs, look_every=10)),
        evaluate=EvaluateConfig(purpose=Purpose.AUGMENTATION, repeats=repeats),
    )


RECIPE = Recipe(
    question="Do synthetic patients help a diagnosis that has only 100 labelled ones?",
    presets={
        Preset.SMOKE: _params(epochs=20, repeats=1),
        Preset.CPU: _params(epochs=300, repeats=2),
        Preset.GPU: _params(epochs=1_000, repeats=10),
    },
)
