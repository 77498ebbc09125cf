"""How the benefit of synthetic images is judged: classic augmentation, and which ones are used."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, field_validator

from components.config.classic import ClassicConfig
from components.config.images import ImageModelConfig
from components.config.settings import Settings


class Keep(StrEnum):
    """Which synthetic images are used: all, or those a classifier of real images agrees with."""

    ALL = "all"
    AGREED = "agreed"


class ImageBenefitConfig(Settings):
    """How synthetic images are used beside real ones.

    Where `balance`, synthetic images go to the smallest classes first, until all are equal; else
    each class gets its share. Of the ways to `keep` them, a fold takes the one that does best in
    the other folds. Every way of training has as many `steps` of 64 images: on MNIST, classic
    augmentation of 60 images a class needs 600; thousands of images need more.
    """

    classic: ClassicConfig = ClassicConfig()
    steps: int = Field(600, ge=1)
    balance: bool = True
    keep: tuple[Keep, ...] = Field((Keep.ALL, Keep.AGREED), min_length=1)

    @field_validator("keep")
    @classmethod
    def _once(cls, keep: tuple[Keep, ...]) -> tuple[Keep, ...]:
        if len(set(keep)) < len(keep):
            raise ValueError(f"keep = {', '.join(keep)} names one twice")
        return keep


USUAL_BENEFIT = ImageBenefitConfig()


class ImageEvaluationConfig(Settings):
    """What is asked of images beside the settings of `evaluate`.

    `baselines` are generators by the names that gates ask for (`better_than`): each is fitted to
    the same training images, and what it makes is measured beside the judged images.
    """

    benefit: ImageBenefitConfig = USUAL_BENEFIT
    baselines: dict[str, Annotated[ImageModelConfig, Field(discriminator="name")]] = Field({})
