"""Does a GAN that is told words draw what a caption says, seen together or not?

A conditional GAN on attribute tokens: each word ("large", "red", "square", "left") has an
embedding, and a caption is their sum; a second head of the discriminator finds each word. A quarter
of the captions is held out as a whole, and half of what is drawn has such captions. The truth is
known: sprites are drawn by the words.

The word that is missed is the shape, and how often differs more by seed than by what was tried:
with the discriminator's rate as large as the generator's, not twice it, .948 and .799 of the images
of two seeds show their captions, not .920 and .856; on two other splits .934 and .82, not .928 and
.75. On the last, one change each to the recipe: a weight of R1 of 2 .71, half of both rates .77,
these with a momentum of 0 and a longer average .72, these with a width of 24 .82; rates alike, and
9,000 steps or a width of 24, .83. Moved images gave .76 where there was .93.
"""

from components.config import (
    R1,
    DcganNetworks,
    EvaluateConfig,
    Gate,
    GroupSplit,
    ImageGanConfig,
    ImagesConfig,
    Params,
    PrepareConfig,
    Purpose,
    WordConditioning,
)
from components.recipes.image_params import on_one_core
from components.recipes.recipe import Family, Preset, Recipe

SPRITES, LABEL = "procedural:sprites", "label"

GATES = (
    Gate(metric="caption_accuracy", better_than=0.9),
    Gate(metric="unseen_caption_accuracy", better_than=0.8),
)


def _size(*, width: int, steps: int, train_rows: int | None = None) -> Params:
    return Params(
        name="caption_gan_sprites",
        prepare=PrepareConfig(
            data=SPRITES,
            target=LABEL,
            images=ImagesConfig(),
            split=GroupSplit(column=LABEL),
            test_share=0.25,
            train_rows=train_rows,
        ),
        train=on_one_core(
            ImageGanConfig(
                networks=DcganNetworks(width=width),
                conditioning=WordConditioning(weight=1.0, unseen=0.5),
                r1=R1(weight=0.5),
                steps=steps,
            )
        ),
        evaluate=EvaluateConfig(purpose=Purpose.SHARING, sharing_gates=GATES),
    )


RECIPE = Recipe(
    question="Does a GAN told words draw what a caption says, also captions it never saw?",
    family=Family.IMAGES,
    presets={
        Preset.SMOKE: _size(width=4, steps=20, train_rows=300),
        Preset.CPU: _size(width=16, steps=6_000),
        Preset.GPU: _size(width=64, steps=20_000),
    },
)
