"""Which generator to fit, its settings, and how many rows to draw."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from components.config.device import Device
from components.config.evaluate import Purpose
from components.config.expression import ClassGaussianConfig, ExpressionGanConfig
from components.config.images import ImageModelConfig
from components.config.series import SeriesAutoencoderConfig
from components.config.settings import Seed, Settings


class CopulaConfig(Settings):
    """A Gaussian copula for each class of the target.

    Behind every number and category given out stand `crowd` training rows, of the class where it
    has as many; behind the ends of a column too (`crowded_ends`).
    """

    name: Literal["copula"] = "copula"
    shrinkage: float = Field(0.02, ge=0, le=1)
    crowd: int = Field(10, ge=1)


SHARING_CROWD = 25
"""Rows behind every number that one tree a column gives out, where rows are to be shared;
`docs/tables.md` says what other numbers cost and hide."""


class TreesConfig(Settings):
    """One decision tree a column, each column given those before it, the target first.

    `crowd` trades likeness for privacy: behind every number and every category given out stand so
    many training rows, and five times as many behind every combination of values (a leaf, which has
    `min_leaf` rows at least). A column ends where two crowds say, so that nobody is told by being
    the richest or the oldest. With 1 trees remember their rows; see `docs/tables.md` for what more
    costs and hides. With more `num_trees` each column has so many, grown on random halves of the
    rows, and a row draws lots among them: rows tell less of anyone, so that crowds may be smaller
    (`docs/several_trees.md`), in a model that is larger and takes longer.
    """

    name: Literal["trees"] = "trees"
    min_leaf: int = Field(10, ge=1)
    crowd: int = Field(1, ge=1)
    num_trees: int = Field(1, ge=1, le=100)


SHARING_TREES = TreesConfig(crowd=15, num_trees=20)
"""What trees are, unless told otherwise, where rows of one's own are to be shared; what crowds cost
and hide, and what more trees bring, is in `docs/several_trees.md`."""


class CtganConfig(Settings):
    """A conditional tabular GAN; see `components/models/ctgan/model.py`.

    Training takes `steps` updates of each network on `batch_size` rows, or `max_epochs` passes
    over the rows where that is fewer: unless told otherwise 70, or as many as make 150 updates.
    Twice the passes make few rows more alike, in twice the time. Rates fall to 0 over the second
    half. Where `holdout_share` comes to 100 rows, these are held out: every `look_every` steps they
    are compared with sampled ones, the best generator is kept, and `patience` looks without a
    better one end training.
    `penalty` weighs the critic's squared slope, `ema_decay` averages the generator, `temperature`
    is that of the softmax behind each drawn level. On `device` the networks are trained; equal
    seeds give equal weights on the CPU alone. A numeric column of at most `max_levels` values
    is modelled as levels; of any other, the values with `spike_share` of the rows are. Behind every
    number and category given out stand `crowd` training rows.
    """

    name: Literal["ctgan"] = "ctgan"
    steps: int = Field(5000, ge=1)
    max_epochs: int | None = Field(None, ge=1)
    batch_size: int = Field(250, ge=2)
    noise_size: int = Field(64, ge=1)
    hidden_size: int = Field(256, ge=1)
    generator_blocks: int = Field(2, ge=1)
    critic_layers: int = Field(2, ge=1)
    generator_rate: float = Field(1e-3, gt=0)
    critic_rate: float = Field(1e-3, gt=0)
    penalty: float = Field(1.0, ge=0)
    ema_decay: float = Field(0.995, ge=0, lt=1)
    temperature: float = Field(1.0, gt=0)
    spike_share: float = Field(0.1, gt=0, le=1)
    max_levels: int = Field(20, ge=2)
    crowd: int = Field(10, ge=1)
    holdout_share: float = Field(0.1, ge=0, lt=0.5)
    look_every: int = Field(500, ge=1)
    patience: int = Field(4, ge=1)
    checkpoint_seconds: float = Field(5.0, ge=0)
    device: Device = Device.CPU


UNSHARED_COPULA, UNSHARED_GAN = CopulaConfig(crowd=1), CtganConfig(crowd=1)
"""What the two are, unless told otherwise, where nobody is given the rows."""


class TableGanConfig(Settings):
    """A convolutional GAN of records laid out as matrices; see `models/table_gan/model.py`.

    `delta` trades likeness for privacy: the generator is drawn towards the mean and the deviation
    of the real rows' features only where its own are further off than this, in units of the real
    deviation. It is a margin, no guarantee. `information_weight` weighs that loss,
    `classification_weight` the one of rows whose target a classifier of real rows contradicts, both
    against the adversarial loss. Behind every number and category given out stand `crowd` rows.

    Training takes `steps` updates of each network on `batch_size` rows, or `max_epochs` passes
    over the rows where that is fewer; rates fall to 0 over the second half. `width` is the number
    of channels next to the matrix, `ema_decay` averages the generator; losses are told every
    `look_every` steps. On `device` the networks are trained; equal seeds give equal weights on the
    CPU alone.
    """

    name: Literal["table_gan"] = "table_gan"
    delta: float = Field(0.1, ge=0)
    information_weight: float = Field(1.0, ge=0)
    classification_weight: float = Field(1.0, ge=0)
    crowd: int = Field(10, ge=1)
    steps: int = Field(1500, ge=1)
    max_epochs: int = Field(1000, ge=1)
    batch_size: int = Field(128, ge=2)
    noise_size: int = Field(100, ge=1)
    width: int = Field(32, ge=1)
    generator_rate: float = Field(1e-3, gt=0)
    discriminator_rate: float = Field(4e-3, gt=0)
    classifier_rate: float = Field(1e-3, gt=0)
    ema_decay: float = Field(0.99, ge=0, lt=1)
    look_every: int = Field(100, ge=1)
    checkpoint_seconds: float = Field(5.0, ge=0)
    device: Device = Device.CPU

    @model_validator(mode="after")
    def _takes_effect(self) -> Self:
        """Refuses settings of a loss that has no weight: they would change nothing."""
        asked = {"delta": self.information_weight, "classifier_rate": self.classification_weight}
        for name, weight in asked.items():
            if not weight and getattr(self, name) != type(self).model_fields[name].default:
                raise ValueError(f"{name} changes nothing where the weight of its loss is 0")
        return self


class AutoregressiveConfig(Settings):
    """A network that draws column after column; see `components/models/codes/autoregressive.py`.

    Numbers are modelled as at most `max_levels` levels, 64 of 4,000 rows and with the cube root of
    rows fewer or more, each with `crowd` training rows at least; so many have every category that
    is given out.
    Training takes `steps` updates on `batch_size` rows, or `max_epochs` passes over the rows where
    that is fewer; the rate falls to 0. `any_order` is the share of rows learned in random orders,
    not that of drawing: what conditions and missing cells need.

    Two settings keep the rows' distribution apart from the rows. `weight_decay` draws the network
    towards independent columns; it is that of 4,000 rows, twice
    that of 8,000. `holdout_share` of
    the rows (a quarter of few, 2,000 of many) are held out: every `look_every` steps they are
    judged, the best network is kept, and `patience` looks without a better one end training. Best
    is where their surprise, plus `gap_weight` times what learned rows surprise less, is least: the
    gap is what an attack on membership reads, so that more weight buys privacy with likeness.
    `ema_decay` averages the network. On `device` it is trained; equal seeds give equal weights on
    the CPU alone.
    """

    name: Literal["autoregressive"] = "autoregressive"
    crowd: int = Field(10, ge=1)
    max_levels: int = Field(128, ge=2)
    steps: int = Field(800, ge=1)
    max_epochs: int = Field(200, ge=1)
    batch_size: int = Field(256, ge=2)
    hidden_size: int = Field(64, ge=1)
    blocks: int = Field(2, ge=1)
    rate: float = Field(3e-3, gt=0)
    weight_decay: float = Field(2.0, ge=0)
    ema_decay: float = Field(0.99, ge=0, lt=1)
    any_order: float = Field(0.3, ge=0, le=1)
    holdout_share: float = Field(0.1, gt=0, lt=0.5)
    gap_weight: float = Field(0.3, ge=0)
    look_every: int = Field(10, ge=1)
    patience: int = Field(10, ge=1)
    checkpoint_seconds: float = Field(5.0, ge=0)
    device: Device = Device.CPU


class TvaeConfig(Settings):
    """A variational autoencoder of rows; see `components/models/codes/tvae.py`.

    Numbers are modelled as at most `max_levels` levels, each with `crowd` training rows at least;
    so many have every category that is given out. A row is a point of `latent_size` numbers, drawn
    from one of `components` normal distributions. Training takes `steps` updates on `batch_size`
    rows, or `max_epochs` passes over the rows where that is fewer; the rate falls to 0.
    `holdout_share` of the rows (a quarter of few, 2,000 of many) are held out: every `look_every`
    steps the bound on their likelihood is measured, the best network is kept, and `patience` looks
    without a better one end training. `ema_decay` averages the network. On `device` it is trained;
    equal seeds give equal weights on the CPU alone.
    """

    name: Literal["tvae"] = "tvae"
    crowd: int = Field(10, ge=1)
    max_levels: int = Field(128, ge=2)
    steps: int = Field(2000, ge=1)
    max_epochs: int = Field(300, ge=1)
    batch_size: int = Field(256, ge=2)
    hidden_size: int = Field(128, ge=1)
    blocks: int = Field(2, ge=1)
    latent_size: int = Field(16, ge=1)
    components: int = Field(64, ge=1)
    rate: float = Field(2e-3, gt=0)
    weight_decay: float = Field(0.3, ge=0)
    ema_decay: float = Field(0.99, ge=0, lt=1)
    holdout_share: float = Field(0.1, gt=0, lt=0.5)
    look_every: int = Field(20, ge=1)
    patience: int = Field(10, ge=1)
    checkpoint_seconds: float = Field(5.0, ge=0)
    device: Device = Device.CPU


class ForestConfig(Settings):
    """An adversarial random forest; see `components/models/trees/forest.py`.

    Numbers are modelled as at most `max_levels` levels, each with `crowd` training rows at least;
    so many have every category that is given out, and five times as many (`min_leaf` at least)
    every leaf, within which columns are drawn apart. With 1 it gives out values of single rows.
    Each of the `trees` splits its leaves by the best of `cuts` cuts at random, until a judge tells
    drawn rows from training rows with an accuracy of 0.5 + `delta` or no less than before, after
    at most so many `rounds`.
    """

    name: Literal["forest"] = "forest"
    crowd: int = Field(10, ge=1)
    min_leaf: int = Field(10, ge=1)
    max_levels: int = Field(128, ge=2)
    trees: int = Field(10, ge=1)
    cuts: int = Field(20, ge=1)
    delta: float = Field(0.0, ge=0, lt=0.5)
    rounds: int = Field(10, ge=1)


class PrivateConfig(Settings):
    """A generator with a formal guarantee; see `components/models/private/model.py`.

    It is (`epsilon`, `delta`)-differentially private where one row is exchanged for another: the
    less epsilon, the less anyone's row can matter, and the less the rows tell. `delta` must be
    below one over the number of rows.
    """

    name: Literal["private"] = "private"
    epsilon: float = Field(3.0, gt=0)
    delta: float = Field(1e-6, gt=0, lt=1)


PRIVATE_TARGET = (
    "private needs a target that is named (--target COLUMN): choosing one would look at the rows "
    "without noise"
)
"""What is said where a target would be chosen for `PrivateConfig`."""


class ResampledConfig(Settings):
    """A generator of whose draws a judge picks; see `components/models/wrapped/resampled.py`.

    Each row is one of `candidates` draws of `generator`, chosen by how likely a judge finds it to
    be real. The judge is boosted in at most `rounds` rounds, until rows that it has not seen tell
    it to stop; behind every cut it makes stand `min_leaf` rows on each side. It is kept only where
    rows held out of training say that it helps, at no cost to privacy.
    """

    name: Literal["resampled"] = "resampled"
    generator: Annotated[
        CopulaConfig
        | TreesConfig
        | CtganConfig
        | TableGanConfig
        | AutoregressiveConfig
        | TvaeConfig
        | ForestConfig,
        Field(discriminator="name"),
    ] = TreesConfig(crowd=SHARING_CROWD)
    candidates: int = Field(8, ge=2, le=64)
    rounds: int = Field(100, ge=1)
    min_leaf: int = Field(50, ge=1)

    @property
    def device(self) -> Device:
        """Where the generator is trained."""
        return getattr(self.generator, "device", Device.CPU)


ModelConfig = (
    CopulaConfig
    | TreesConfig
    | CtganConfig
    | TableGanConfig
    | AutoregressiveConfig
    | TvaeConfig
    | ForestConfig
    | PrivateConfig
    | ExpressionGanConfig
    | ClassGaussianConfig
    | ResampledConfig
)


class AutoConfig(Settings):
    """The generator that does best for `purpose` on rows held out of training.

    Generators are fitted one after another, the quickest first, and judged by the default gates of
    the purpose; none is begun once `budget_seconds` are spent, and none takes longer than is left:
    seconds of a processor, so that a busy machine takes longer and finds the same winner. The
    winner is then fitted on all training rows.
    """

    name: Literal["auto"] = "auto"
    purpose: Purpose
    budget_seconds: float = Field(120.0, gt=0)
    held_out_share: float = Field(0.3, gt=0, lt=1)


Model = Annotated[
    ModelConfig | AutoConfig | ImageModelConfig | SeriesAutoencoderConfig,
    Field(discriminator="name"),
]


class TrainConfig(Settings):
    """Which generator to fit, from which seed, and on how many `threads`.

    So many candidates of a race run at once, each on one. Where anomalies are to be found,
    `calibration_share` of the training rows are held out of the fit: what the generator says of
    these is the scale of what it says of any row.
    """

    model: Model
    seed: Seed = 0
    threads: int = Field(2, ge=1)
    calibration_share: float | None = Field(
        None, gt=0, lt=1, exclude_if=lambda share: share is None
    )

    @property
    def device(self) -> Device:
        """Where the training runs: models without the setting use the CPU."""
        return getattr(self.model, "device", Device.CPU)

    @property
    def devices(self) -> int:
        """How many of them share the training: one, for models without the setting."""
        return getattr(self.model, "devices", 1)


class SynthesizeConfig(Settings):
    """How many rows the judged synthetic table has (None: as many as training rows)."""

    rows: int | None = Field(None, ge=1)
    seed: Seed = 0
