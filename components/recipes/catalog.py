"""Every recipe by name. A new one is one file and one line here."""

from components.config import Params
from components.errors import UserError
from components.recipes import (
    acgan_mnist,
    anomaly_ecg,
    anomaly_mnist_critic,
    anomaly_mnist_fanogan,
    anomaly_mnist_vae,
    anomaly_table,
    bayes_mnist,
    breast_cancer_scarce,
    breast_cancer_sharing,
    caption_gan_sprites,
    conditional_gan_mnist,
    dcgan_mnist,
    expression_augmentation,
    few_digits,
    lapgan_mnist,
    lesions_augmentation,
    progressive_gan_mnist,
    rare_digit,
    scarce_digits,
    semi_supervised_mnist,
    semi_supervised_outliers,
    survey_guaranteed,
    survey_sharing,
    table_gan_sharing,
    vanilla_gan_digits,
    wasserstein_gan_mnist,
)
from components.recipes.recipe import Family, Preset, Recipe

DEFAULT = "breast_cancer_scarce"

RECIPES: dict[str, Recipe] = {
    "breast_cancer_scarce": breast_cancer_scarce.RECIPE,
    "breast_cancer_sharing": breast_cancer_sharing.RECIPE,
    "survey_guaranteed": survey_guaranteed.RECIPE,
    "survey_sharing": survey_sharing.RECIPE,
    "table_gan_sharing": table_gan_sharing.RECIPE,
    "vanilla_gan_digits": vanilla_gan_digits.RECIPE,
    "dcgan_mnist": dcgan_mnist.RECIPE,
    "conditional_gan_mnist": conditional_gan_mnist.RECIPE,
    "acgan_mnist": acgan_mnist.RECIPE,
    "wasserstein_gan_mnist": wasserstein_gan_mnist.RECIPE,
    "bayes_mnist": bayes_mnist.RECIPE,
    "progressive_gan_mnist": progressive_gan_mnist.RECIPE,
    "lapgan_mnist": lapgan_mnist.RECIPE,
    "semi_supervised_mnist": semi_supervised_mnist.RECIPE,
    "semi_supervised_outliers": semi_supervised_outliers.RECIPE,
    "caption_gan_sprites": caption_gan_sprites.RECIPE,
    "scarce_digits": scarce_digits.RECIPE,
    "few_digits": few_digits.RECIPE,
    "rare_digit": rare_digit.RECIPE,
    "lesions_augmentation": lesions_augmentation.RECIPE,
    "anomaly_table": anomaly_table.RECIPE,
    "anomaly_ecg": anomaly_ecg.RECIPE,
    "anomaly_mnist_vae": anomaly_mnist_vae.RECIPE,
    "anomaly_mnist_fanogan": anomaly_mnist_fanogan.RECIPE,
    "anomaly_mnist_critic": anomaly_mnist_critic.RECIPE,
    "expression_augmentation": expression_augmentation.RECIPE,
}


def recipe_params(name: str, preset: Preset) -> Params:
    """The settings of a recipe at a size; raises UserError for a name that is not in `RECIPES`."""
    if name not in RECIPES:
        raise UserError(f"no recipe {name!r}; there are: {', '.join(RECIPES)}")
    return RECIPES[name].presets[preset]


def recipes_of(family: Family) -> dict[str, Recipe]:
    """The recipes of a family, by name."""
    return {name: recipe for name, recipe in RECIPES.items() if recipe.family is family}
