"""Do made lesions bring a diagnosis more than shifts and turns, with about 60 of each kind?

The protocol of Frid-Adar et al. (2018): 53, 64 and 65 cases of three kinds of liver lesions, three
folds, classic augmentation against the same and a GAN (theirs one for each kind, here one that is
told the kind); sensitivity and specificity. The lesions are drawn by known factors
(`components/data/images/lesions.py`), not patients'; as many more are for testing.
"""

from components.config import (
    DcganNetworks,
    ImageEvaluationConfig,
    ImageGanConfig,
    Params,
)
from components.config.classic import ClassicConfig
from components.config.image_evaluation import ImageBenefitConfig
from components.recipes.image_params import augmenting
from components.recipes.recipe import Family, Preset, Recipe

LESIONS = "procedural:lesions"


def _size(*, width: int, steps: int, learner_steps: int = 600) -> Params:
    """A lesion may lie anyhow: turned at will, and mirrored, it shows the same."""
    classic = ClassicConfig(shift=0.1, degrees=180, scale=0.1, flip=True)
    return augmenting(
        "lesions_augmentation",
        ImageGanConfig(networks=DcganNetworks(width=width), steps=steps),
        data=LESIONS,
        evaluation=ImageEvaluationConfig(
            benefit=ImageBenefitConfig(classic=classic, steps=learner_steps)
        ),
    )


RECIPE = Recipe(
    question="Do made lesions bring a diagnosis more than shifts and turns do?",
    family=Family.IMAGES,
    presets={
        Preset.SMOKE: _size(width=4, steps=20, learner_steps=50),
        Preset.CPU: _size(width=16, steps=2_000),
        Preset.GPU: _size(width=64, steps=10_000),
    },
)
