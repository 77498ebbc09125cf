"""Does a classifier whose discriminator knows made images know a digit that it never saw?

As `semi_supervised_mnist`, with no nine among the training images, labelled or not. How much an
image looks made has to rank nines better than the highest chance of a class does (Hendrycks and
Gimpel 2017), by the same classifier and by its network taught the labels alone.
"""

from components.config import CLASSIFICATION_GATES, Gate
from components.recipes.image_params import DIGITS, MNIST, classifying
from components.recipes.recipe import Family, Preset, Recipe
from components.recipes.semi_supervised_mnist import model

OUTLIER = "9"
GATES = (
    *CLASSIFICATION_GATES,
    Gate(metric="outlier_auroc", better_than="max_softmax", worthwhile=0.01),
    Gate(metric="outlier_auroc", better_than="max_softmax_alone", worthwhile=0.01),
)

RECIPE = Recipe(
    question="Does a classifier that tells real from made images know a digit it never saw?",
    family=Family.IMAGES,
    presets={
        preset: classifying(
            "semi_supervised_outliers",
            model(width=width, steps=steps),
            GATES,
            data=data,
            outlier=OUTLIER,
            train_rows=train_rows,
        )
        for preset, data, width, steps, train_rows in (
            (Preset.SMOKE, DIGITS, 4, 50, 200),
            (Preset.CPU, MNIST, 16, 1_500, None),
            (Preset.GPU, MNIST, 64, 20_000, None),
        )
    },
)
