"""The settings of generators of wide numeric tables, such as gene expression."""

from enum import StrEnum
from typing import Literal, Self

from pydantic import Field, model_validator

from components.config.adversarial import R1, AdversarialConfig, Loss, WassersteinLoss
from components.config.settings import Settings


class ComponentsConfig(Settings):
    """How rows are seen by their main components; see `models/records/component_records.py`.

    At most `components` are kept. A number that `crowd` training rows have is given out as it is,
    others anywhere in stretches of as many rows. Rows that are asked for without a class are of
    each by its share of the training rows; `balance` moves these shares towards even ones, 1 the
    whole way.
    """

    components: int = Field(50, ge=1)
    crowd: int = Field(1, ge=1)
    balance: float = Field(0.0, ge=0, le=1)


class ClassGaussianConfig(ComponentsConfig):
    """A Gaussian for each class on the main components; see `models/records/class_gaussian.py`.

    A class's covariance counts as much as that of all classes where it has `prior_rows` rows.
    """

    name: Literal["class_gaussian"] = "class_gaussian"
    prior_rows: float = Field(30.0, gt=0)


class Start(StrEnum):
    """What a generator makes before it has learned anything, and then adds to."""

    NOTHING = "nothing"
    GAUSSIAN = "gaussian"


class ExpressionGanConfig(ComponentsConfig, AdversarialConfig):
    """A conditional Wasserstein GAN of main components; see `models/records/expression_gan.py`.

    See `AdversarialConfig` for the game. The generator makes scores of `noise_size` normal numbers
    by `generator_blocks` residual blocks, the critic has `critic_layers`, both `hidden_size` wide.
    Where it has the `start` "gaussian", these are added to scores of the class's Gaussian (see
    `ClassGaussianConfig`), so that training begins there and not from nothing.
    """

    name: Literal["expression_gan"] = "expression_gan"
    start: Start = Start.GAUSSIAN
    loss: Loss = WassersteinLoss()
    r1: R1 | None = None
    steps: int = Field(1500, ge=1)
    batch_size: int = Field(64, ge=2)
    discriminator_steps: int = Field(3, ge=1)
    generator_rate: float = Field(5e-4, gt=0)
    discriminator_rate: float = Field(5e-4, gt=0)
    momentum: float = Field(0.0, ge=0, lt=1)
    scaling: float = Field(0.9, ge=0, lt=1)
    noise_size: int = Field(64, ge=1)
    hidden_size: int = Field(128, ge=1)
    generator_blocks: int = Field(1, ge=1)
    critic_layers: int = Field(2, ge=1)

    @model_validator(mode="after")
    def _of_rows(self) -> Self:
        """Refuses what is done to images alone."""
        if self.augmentation:
            raise ValueError("augmentation is of images; rows have none")
        return self
