"""What every model promises, and the small values that pass through it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

import pandas as pd

from components.data.schema import Scalar, Schema
from components.data.table import Table

LogMetrics = Callable[[int, Mapping[str, float]], None]
"""Called with a step and the metrics at that step."""


def log_nothing(step: int, metrics: Mapping[str, float]) -> None:
    """A `LogMetrics` for callers with no one to tell."""


@dataclass(frozen=True)
class Budget:
    """How long a fit may take, in seconds; None is as long as its settings ask.

    A budget that ends a fit makes its result depend on the machine's speed; leave it None where
    runs must repeat bit for bit.
    """

    seconds: float | None = None


class TabularModel(Protocol):
    """A generator of rows.

    The same table, seed and settings give the same artifact and the same rows, bit for bit, on
    the CPU. `fit` reads the training rows only; where it stops early, it holds out rows of these.
    """

    schema_: Schema

    def fit(
        self,
        table: Table,
        *,
        seed: int,
        budget: Budget = ...,
        log: LogMetrics = ...,
        checkpoint_dir: Path | None = None,
    ) -> None:
        """Learn from `table`. With a `checkpoint_dir`, go on from the newest checkpoint in it."""
        ...

    def sample(
        self, num_rows: int, *, condition: Mapping[str, Scalar] | None = None, seed: int
    ) -> pd.DataFrame:
        """Exactly `num_rows` rows in the schema's columns and types, all meeting `condition`."""
        ...

    def save(self, directory: Path) -> None:
        """Write the fitted model as JSON and safetensors, nothing that executes when read."""
        ...

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read what `save` wrote."""
        ...
