"""Where the rows come from, what their columns are, how they are split."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from components.config.settings import Settings


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


Split = Annotated[RandomSplit | TimeSplit | GroupSplit, Field(discriminator="method")]


class PrepareConfig(Settings):
    """Where the rows come from, what their columns are, how they are split.

    `data` is a bundled table (`sklearn:breast_cancer`), a path, folder or glob of CSV or Parquet
    files, or an `s3://` URI of either.
    `data_sha256` pins the content (runs fill it in): other content is refused. `train_rows` keeps
    only that many training rows, to study scarcity; the rest is put aside, unused. Without it, so
    it is of more than `max_train_rows`, as the log says: memory and time of all that follows then
    no longer grow with the rows (`docs/scale.md`).
    """

    data: str
    data_sha256: str | None = None
    target: str
    drop: tuple[str, ...] = ()
    kinds: dict[str, ColumnKind] = Field({})
    split: Split = RandomSplit()
    test_share: float = Field(0.3, gt=0, lt=1)
    train_rows: int | None = Field(None, ge=20)
    max_train_rows: int = Field(1_000_000, ge=20)
    seed: int = Field(0, ge=0)
