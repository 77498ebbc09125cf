"""Are images truer to their class, and as various, where the discriminator finds the class?

AC-GAN (Odena et al. 2017): a second head of the discriminator finds the class, and the generator
has to make images in which it does. It is known to make classes purer and poorer; it is measured
beside a conditional GAN of the same networks and steps, and beside the head as it was published,
which learns from made images as well as from real ones.
"""

from components.config import (
    AuxiliaryConditioning,
    DcganNetworks,
    Gate,
    ImageGanConfig,
    Params,
    PlainConditioning,
)
from components.recipes.image_params import DIGITS, LIKENESS, MNIST, shared
from components.recipes.recipe import Family, Preset, Recipe

PROJECTION, AS_PUBLISHED = "projection", "as_published"
GATES = (
    Gate(metric="trts_accuracy", better_than=0.95),
    Gate(metric="trts_accuracy", better_than=AS_PUBLISHED),
    Gate(metric="recall", better_than=PROJECTION, margin=-0.05),
    *LIKENESS,
)


def _size(data: str, *, width: int, steps: int, train_rows: int | None = None) -> Params:
    def gan(conditioning: PlainConditioning | AuxiliaryConditioning) -> ImageGanConfig:
        networks = DcganNetworks(width=width)
        return ImageGanConfig(networks=networks, conditioning=conditioning, steps=steps)

    return shared(
        "acgan_mnist",
        gan(AuxiliaryConditioning()),
        GATES,
        data=data,
        train_rows=train_rows,
        baselines={
            PROJECTION: gan(PlainConditioning()),
            AS_PUBLISHED: gan(AuxiliaryConditioning(learns_from_made=True)),
        },
    )


RECIPE = Recipe(
    question="Are images truer to their class where the discriminator has to find it?",
    family=Family.IMAGES,
    presets={
        Preset.SMOKE: _size(DIGITS, width=4, steps=50, train_rows=200),
        Preset.CPU: _size(MNIST, width=16, steps=3_000),
        Preset.GPU: _size(MNIST, width=64, steps=20_000),
    },
)
