"""Is a conditional generator a classifier, by Bayes' rule with what it makes of each class?

A density of made images for each class, and the classes' shares, say which class an image is of. It
must beat naive Bayes, come within 3 points of the same rule with real images, and gain where shares
change and it is told the new ones, without training anew.
"""

from components.config import DcganNetworks, Gate, ImageGanConfig, Params
from components.recipes.image_params import DIGITS, MNIST, shared
from components.recipes.recipe import Family, Preset, Recipe

GATES = (
    Gate(metric="bayes_over_naive", better_than=0.0),
    Gate(metric="bayes_accuracy_loss", better_than=0.0, margin=0.03),
)


def _size(data: str, *, width: int, steps: int, train_rows: int | None = None) -> Params:
    model = ImageGanConfig(networks=DcganNetworks(width=width), steps=steps)
    return shared("bayes_mnist", model, GATES, data=data, train_rows=train_rows)


RECIPE = Recipe(
    question="Is a conditional generator a classifier, by Bayes' rule?",
    family=Family.IMAGES,
    presets={
        Preset.SMOKE: _size(DIGITS, width=4, steps=50, train_rows=200),
        Preset.CPU: _size(MNIST, width=16, steps=3_000),
        Preset.GPU: _size(MNIST, width=64, steps=20_000),
    },
)
