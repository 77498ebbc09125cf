"""Do digits deformed as digits are bring a classifier more, where 20 of each are known?

They are the 20 digits themselves, out of shape as pairs of them are (`deformations`), eight for
each; classic augmentation is done to both sides. The generator is fitted inside each fold. All that
is made is used: a classifier of so few digits would throw out those that it has to learn from.
"""

from components.config import DeformationsConfig, ImageEvaluationConfig, Params
from components.config.image_evaluation import ImageBenefitConfig, Keep
from components.recipes.image_params import DIGITS, MNIST, augmenting
from components.recipes.recipe import Family, Preset, Recipe


def _size(data: str, *, pairs: int) -> Params:
    model = DeformationsConfig(pairs=pairs)
    evaluation = ImageEvaluationConfig(benefit=ImageBenefitConfig(keep=(Keep.ALL,)))
    return augmenting(
        "few_digits", model, data=data, train_rows=200, ratio=8.0, evaluation=evaluation
    )


RECIPE = Recipe(
    question="Do digits deformed as digits are bring a classifier more than shifts and turns, with "
    "20 of each?",
    family=Family.IMAGES,
    presets={
        Preset.SMOKE: _size(DIGITS, pairs=50),
        Preset.CPU: _size(MNIST, pairs=1_000),
        Preset.GPU: _size(MNIST, pairs=4_000),
    },
)
"""How many pairs are registered is all that differs: there is no network to be made larger."""
