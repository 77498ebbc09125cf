"""The settings of a run: what `params.yaml` may say. Frozen, extra keys refused, no torch."""

import math
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from components.errors import UserError


class Settings(BaseModel):
    """Base of every section: frozen, and a key it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ColumnKind(StrEnum):
    """How a column is modelled. Identifiers and constants are never learned."""

    NUMERICAL = "numerical"
    INTEGER = "integer"
    CATEGORICAL = "categorical"
    BOOLEAN = "boolean"
    DATETIME = "datetime"
    IDENTIFIER = "identifier"
    CONSTANT = "constant"


class Purpose(StrEnum):
    """What a generator is judged for."""

    AUGMENTATION = "augmentation"
    SHARING = "sharing"


class Protocol(StrEnum):
    """How much goes into measuring benefit: a first answer, or one to rely on."""

    QUICK = "quick"
    THOROUGH = "thorough"


class RandomSplit(Settings):
    """Test rows drawn at random, stratified by a discrete target."""

    method: Literal["random"] = "random"


class TimeSplit(Settings):
    """Test rows are the latest by `column`."""

    method: Literal["time"] = "time"
    column: str


class GroupSplit(Settings):
    """Rows with the same value of `column` stay on one side."""

    method: Literal["group"] = "group"
    column: str


Split = Annotated[RandomSplit | TimeSplit | GroupSplit, Field(discriminator="method")]


class PrepareConfig(Settings):
    """Where the rows come from, what their columns are, how they are split.

    `data` is a bundled table (`sklearn:breast_cancer`), a path, folder or glob of CSV or Parquet
    files, or an `s3://` URI of either.
    `data_sha256` pins the content (runs fill it in): other content is refused. `train_rows` keeps
    only that many training rows, to study scarcity; the rest is put aside, unused.
    """

    data: str
    data_sha256: str | None = None
    target: str
    drop: tuple[str, ...] = ()
    kinds: dict[str, ColumnKind] = {}
    split: Split = RandomSplit()
    test_share: float = Field(0.3, gt=0, lt=1)
    train_rows: int | None = Field(None, ge=20)
    seed: int = Field(0, ge=0)


class Device(StrEnum):
    """Where a network is trained."""

    CPU = "cpu"
    CUDA = "cuda"


class CopulaConfig(Settings):
    """A Gaussian copula for each class of the target."""

    name: Literal["copula"] = "copula"
    shrinkage: float = Field(0.02, ge=0, le=1)


SHARING_CROWD = 25
"""Rows behind every number that trees give out, unless told otherwise, where rows of one's own are
to be shared; `docs/tables.md` says what other numbers cost and hide."""


class TreesConfig(Settings):
    """One decision tree a column, each column given those before it, the target first.

    `crowd` trades likeness for privacy: behind every number given out stand so many training rows,
    and five times as many behind every combination of values (a leaf, which has `min_leaf` rows
    at least). With 1 trees remember their rows; see `docs/tables.md` for what more costs and hides.
    """

    name: Literal["trees"] = "trees"
    min_leaf: int = Field(10, ge=1)
    crowd: int = Field(1, ge=1)


class CtganConfig(Settings):
    """A conditional tabular GAN; see `components/models/ctgan.py`.

    Training takes `steps` updates of each network on `batch_size` rows, or `max_epochs` passes
    over the rows where that is fewer; rates fall to 0 over the second half. Where `holdout_share`
    comes to 100 rows, these are held out: every `look_every` steps they are compared with sampled
    ones, the best generator is kept, and `patience` looks without a better one end training.
    `penalty` weighs the critic's squared slope, `ema_decay` averages the generator, `temperature`
    is that of the softmax behind each drawn level. On `device` the networks are trained; equal
    seeds give equal weights on the CPU alone. A numeric column of at most `max_levels` values
    is modelled as levels; of any other, the values with `spike_share` of the rows are.
    """

    name: Literal["ctgan"] = "ctgan"
    steps: int = Field(5000, ge=1)
    max_epochs: int = Field(150, ge=1)
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
    spike_share: float = Field(0.01, gt=0, le=1)
    max_levels: int = Field(20, ge=2)
    holdout_share: float = Field(0.1, ge=0, lt=0.5)
    look_every: int = Field(500, ge=1)
    patience: int = Field(4, ge=1)
    checkpoint_seconds: float = Field(5.0, ge=0)
    device: Device = Device.CPU


ModelConfig = CopulaConfig | TreesConfig | CtganConfig
Model = Annotated[ModelConfig, Field(discriminator="name")]


class TrainConfig(Settings):
    """Which generator to fit, and from which seed."""

    model: Model
    seed: int = Field(0, ge=0)
    threads: int = Field(2, ge=1)

    @property
    def device(self) -> Device:
        """Where the training runs: models without the setting use the CPU."""
        return getattr(self.model, "device", Device.CPU)


class SynthesizeConfig(Settings):
    """How many rows the judged synthetic table has (None: as many as training rows)."""

    rows: int | None = Field(None, ge=1)
    seed: int = Field(0, ge=0)


class Gate(Settings):
    """A bar for a metric's interval, each end at `confidence`, one-sided.

    `better_than` is a number, and the bar `better_than + margin`; or it names a baseline, and the
    bar for the paired difference to that baseline is `margin`. The bar is cleared where the worse
    end of the interval is above it (below it, for a metric to be minimised); a tie does not clear
    it. `worthwhile` is the smallest difference beyond the bar that would matter: where even the
    better end does not reach it, the gate refuses; in between the evidence is too thin to decide.
    """

    metric: str
    better_than: float | str
    margin: float = Field(0.0, allow_inf_nan=False)
    confidence: float = Field(0.95, gt=0.5, lt=1)
    worthwhile: float = Field(0.0, ge=0, allow_inf_nan=False)

    @field_validator("better_than")
    @classmethod
    def _is_a_bar(cls, value: float | str) -> float | str:
        """A finite number, also where it came as text, or the name of a baseline."""
        try:
            number = float(value)
        except ValueError:
            if isinstance(value, str) and value.strip():
                return value
            raise ValueError("a finite number or the name of a baseline is accepted") from None
        if not math.isfinite(number):
            raise ValueError("a finite number or the name of a baseline is accepted")
        return number

    @property
    def baseline(self) -> str | None:
        """The baseline that the metric is compared with, None where the bar is a number."""
        return self.better_than if isinstance(self.better_than, str) else None

    @property
    def bar(self) -> float:
        """What the worse end must clear: of the metric, or of its difference to the baseline."""
        return self.margin if isinstance(self.better_than, str) else self.better_than + self.margin


AUGMENTATION_GATES = (Gate(metric="augmentation_gain", better_than=0.0, worthwhile=0.01),)
SHARING_GATES = (
    Gate(metric="tstr_loss", better_than=0.0, margin=0.05, worthwhile=0.01),
    Gate(metric="membership_auc", better_than=0.5, margin=0.05, worthwhile=0.01),
    Gate(metric="copy_excess", better_than=0.0, margin=0.01, worthwhile=0.002),
    Gate(metric="near_copy_excess", better_than=0.0, margin=0.02, worthwhile=0.004),
    Gate(metric="two_sample_auc", better_than=0.5, margin=0.3, worthwhile=0.06),
)


RATIOS = (0.5, 1.0, 2.0, 4.0)


class EvaluateConfig(Settings):
    """What the synthetic rows are judged for, and how often each comparison is repeated.

    Benefit is measured by `repeats` times `folds`-fold cross-validation over the training rows,
    the generator fitted anew inside every fold. The protocol `quick` adds `ratio` synthetic rows
    for each real one and does 2 repeats where none are asked for, 4 below 500 training rows.
    `thorough` tries every one of `ratios`, tunes its learners for each way of training, looks into
    groups of rows (by the columns `subgroups`; None: up to three with few levels), and stops early
    once its gates are decided: `repeats` are the most it does, where none are asked for 8, or 3
    above 10,000 rows.
    """

    purpose: Purpose
    protocol: Protocol = Protocol.QUICK
    folds: int = Field(5, ge=2)
    repeats: int | None = Field(None, ge=1)
    ratio: float = Field(1.0, gt=0)
    ratios: tuple[Annotated[float, Field(gt=0)], ...] = Field(RATIOS, min_length=1)
    subgroups: tuple[str, ...] | None = None
    augmentation_gates: tuple[Gate, ...] = AUGMENTATION_GATES
    sharing_gates: tuple[Gate, ...] = SHARING_GATES
    seed: int = Field(0, ge=0)

    @model_validator(mode="after")
    def _takes_effect(self) -> Self:
        """Refuses settings of the other protocol: they would change nothing."""
        if len(set(self.ratios)) < len(self.ratios):
            raise ValueError(f"ratios = {self.ratios} names one twice")
        if self.protocol is Protocol.THOROUGH:
            if self.ratio != 1.0:
                raise ValueError("ratio is of the protocol quick; the protocol thorough has ratios")
        elif self.ratios != RATIOS or self.subgroups is not None:
            raise ValueError("ratios and subgroups need protocol = thorough")
        return self

    @property
    def gates(self) -> tuple[Gate, ...]:
        """The gates of the purpose that is asked for."""
        sharing = self.purpose is Purpose.SHARING
        return self.sharing_gates if sharing else self.augmentation_gates


class AncestryConfig(Settings):
    """How much released synthetic data may be trained on.

    Real rows have depth 0, a release of a model trained on them depth 1, and so on; `max_depth` is
    the deepest release that may be trained on, `max_share` the largest share of such rows.
    """

    max_depth: int = Field(1, ge=0)
    max_share: float = Field(1.0, ge=0, le=1)


class Approval(StrEnum):
    """Who decides on a promotion once both doors are passed."""

    AUTOMATIC = "automatic"
    PERSON = "person"


class PromoteConfig(Settings):
    """Whether a person is asked before a version becomes champion, and for how long."""

    approval: Approval = Approval.AUTOMATIC
    expires_hours: int = Field(72, ge=1)


class Params(Settings):
    """The whole of `params.yaml`: a section for each stage, and the name to register under."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$")
    prepare: PrepareConfig
    train: TrainConfig
    synthesize: SynthesizeConfig = SynthesizeConfig()
    evaluate: EvaluateConfig
    ancestry: AncestryConfig = AncestryConfig()
    promote: PromoteConfig = PromoteConfig()

    @property
    def content(self) -> dict[str, Any]:
        """The settings that shape what a run makes, as JSON values: not who may approve it."""
        return self.model_dump(mode="json", exclude={"ancestry", "promote"})


def read_params(path: Path) -> Params:
    """The settings in a YAML file; raises UserError naming each setting that is wrong."""
    if not path.is_file():
        raise UserError(f"no settings at {path}")
    try:
        raw = yaml.safe_load(path.read_text())
    except yaml.YAMLError as error:
        raise UserError(f"{path} is not YAML: {error}") from error
    return parse_params(raw, str(path))


def parse_params(raw: Any, origin: str) -> Params:
    """The settings in a plain mapping; raises UserError naming each setting that is wrong."""
    try:
        return Params.model_validate(raw)
    except ValidationError as error:
        raise UserError(_explain(error, origin)) from error


def parse_evaluate(raw: Any, origin: str) -> EvaluateConfig:
    """The section `evaluate` in a plain mapping; raises UserError naming what is wrong."""
    try:
        return EvaluateConfig.model_validate(raw)
    except ValidationError as error:
        raise UserError(_explain(error, origin)) from error


def override(base: dict[str, Any], text: str) -> None:
    """Set `section.key=value` in place; the value is read as YAML.

    Raises UserError for another form, or where the section is a value.
    """
    path, equals, value = text.partition("=")
    if not equals or not path:
        raise UserError(f"setting {text!r} is not of the form section.key=value")
    *sections, key = path.split(".")
    place = base
    for section in sections:
        if not isinstance(place.setdefault(section, {}), dict):
            raise UserError(f"setting {text!r}: {section!r} is a value, not a section")
        place = place[section]
    try:
        place[key] = yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise UserError(f"setting {text!r}: the value is not YAML") from error


def _explain(error: ValidationError, origin: str) -> str:
    """One line a wrong setting: where it stands, what it is, what was expected."""
    lines = []
    for item in error.errors():
        place = ".".join(str(part) for part in item["loc"])
        lines.append(f"{place or 'settings'} = {item['input']!r}: {item['msg']}")
    return f"wrong settings in {origin}: " + "; ".join(lines)
