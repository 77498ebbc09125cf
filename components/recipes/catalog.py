"""Every recipe by name. A new one is one file and one line here."""

from components.config import Params
from components.errors import UserError
from components.recipes import (
    breast_cancer_scarce,
    breast_cancer_sharing,
    survey_guaranteed,
    survey_sharing,
    table_gan_sharing,
)
from components.recipes.recipe import Preset, Recipe

DEFAULT = "breast_cancer_scarce"

RECIPES: dict[str, Recipe] = {
    "breast_cancer_scarce": breast_cancer_scarce.RECIPE,
    "breast_cancer_sharing": breast_cancer_sharing.RECIPE,
    "survey_guaranteed": survey_guaranteed.RECIPE,
    "survey_sharing": survey_sharing.RECIPE,
    "table_gan_sharing": table_gan_sharing.RECIPE,
}


def recipe_params(name: str, preset: Preset) -> Params:
    """The settings of a recipe at a size; raises UserError for a name that is not in `RECIPES`."""
    if name not in RECIPES:
        raise UserError(f"no recipe {name!r}; there are: {', '.join(RECIPES)}")
    return RECIPES[name].presets[preset]
