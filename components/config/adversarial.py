"""How a generator and a discriminator are trained against one another, whatever they make."""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from components.config.device import Device, Precision
from components.config.settings import Settings
from components.config.stability import Holdout, Watch


class PlainLoss(Settings):
    """A loss without settings of its own; see `components/training/losses.py`.

    `non_saturating` is that of Goodfellow et al. (2014), `hinge` that of Lim and Ye (2017),
    `least_squares` that of Mao et al. (2017), `relativistic` that of Jolicoeur-Martineau (2019).
    """

    name: Literal["non_saturating", "hinge", "least_squares", "relativistic"] = "non_saturating"


class WassersteinLoss(Settings):
    """The Wasserstein distance, by a critic whose slope is held at 1 (Gulrajani et al. 2017).

    `penalty` weighs how far the slope is off 1 between real and made samples; `drift` the square
    of what the critic says of real ones, which keeps it near 0 (Karras et al. 2018, appendix A).
    """

    name: Literal["wasserstein"] = "wasserstein"
    penalty: float = Field(10.0, gt=0)
    drift: float = Field(0.001, ge=0)


Loss = Annotated[PlainLoss | WassersteinLoss, Field(discriminator="name")]


class R1(Settings):
    """Half of `weight` times the squared slope on real samples (Mescheder et al. 2018, eq. 9).

    It is paid every `every` steps, so many times over (Karras et al. 2020, appendix B).
    """

    weight: float = Field(0.1, gt=0)
    every: int = Field(4, ge=1)


class InstanceNoise(Settings):
    """Noise on all that the discriminator sees (Sønderby et al. 2017).

    Its deviation falls from `start` (samples lie in -1 to 1) to 0 at the share `until` of steps.
    """

    start: float = Field(0.1, gt=0)
    until: float = Field(0.5, gt=0, le=1)


class Replay(Settings):
    """Past samples are shown to the discriminator again (Shrivastava et al. 2017, section 2.3).

    `slots` are kept; up to half of each batch of made samples is swapped with some of them.
    """

    slots: int = Field(50, ge=1)


class Augmentation(StrEnum):
    """What is done alike to real and made images before they are judged (Zhao et al. 2020).

    `translation` moves them by up to an eighth of a side, `cutout` blanks a square of half a side,
    `colour` changes brightness, contrast and (of colour images) saturation.
    """

    TRANSLATION = "translation"
    CUTOUT = "cutout"
    COLOUR = "colour"


class AdversarialConfig(Settings):
    """The game of `components/training/adversarial.py`.

    Training takes `steps` updates of the generator, each after `discriminator_steps` of the
    discriminator, on `batch_size` samples; from the share `decay_from` of steps on, rates fall to
    0. `momentum` and `scaling` are Adam's two betas. `feature_matching` weighs how far the mean
    features of made samples are from those of real ones (Salimans et al. 2016, section 3.1);
    `deceiving` weighs the generator's part in `loss`, 0 for learning by features alone.
    `ema_decay` averages the generator. Losses and gauges are told every `look_every` steps; `watch`
    says what is done about alarms, `holdout` by what training ends early. On `device` the networks
    are trained; equal seeds give equal weights on the CPU alone. `devices` of them share each batch
    (on the CPU: processes). `compile` has torch compile the networks first: that takes a minute or
    so, and pays in long trainings on a GPU (docs/speed.md).
    """

    loss: Loss = PlainLoss(name="relativistic")
    r1: R1 | None = R1()
    feature_matching: float = Field(0.0, ge=0)
    deceiving: float = Field(1.0, ge=0)
    instance_noise: InstanceNoise | None = None
    replay: Replay | None = None
    augmentation: tuple[Augmentation, ...] = ()
    steps: int = Field(3000, ge=1)
    batch_size: int = Field(32, ge=2)
    discriminator_steps: int = Field(1, ge=1)
    generator_rate: float = Field(2e-3, gt=0)
    discriminator_rate: float = Field(4e-3, gt=0)
    momentum: float = Field(0.5, ge=0, lt=1)
    scaling: float = Field(0.99, ge=0, lt=1)
    decay_from: float = Field(0.5, ge=0, le=1)
    ema_decay: float = Field(0.99, ge=0, lt=1)
    look_every: int = Field(100, ge=1)
    watch: Watch | None = Watch()
    holdout: Holdout | None = None
    checkpoint_seconds: float = Field(5.0, ge=0)
    device: Device = Device.CPU
    devices: int = Field(1, ge=1)
    precision: Precision = Precision.FLOAT32
    compile: bool = False

    @model_validator(mode="after")
    def _evenly_shared(self) -> Self:
        """Refuses batches that devices cannot share evenly."""
        if self.batch_size % self.devices or self.batch_size < 2 * self.devices:
            raise ValueError(
                f"batch_size = {self.batch_size} cannot be shared by devices = {self.devices}: "
                "each must have the same number of samples, 2 at least"
            )
        return self

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        """Refuses an augmentation that is named twice: it is done once."""
        if len(set(self.augmentation)) < len(self.augmentation):
            raise ValueError(f"augmentation names one twice: {', '.join(self.augmentation)}")
        return self

    @model_validator(mode="after")
    def _teaches_the_generator(self) -> Self:
        """Refuses a generator that nothing would teach."""
        if not self.deceiving and not self.feature_matching:
            raise ValueError("deceiving = 0 needs feature_matching: nothing taught the generator")
        return self
