"""Generators whose worth is known beforehand: useless ones, memorisers, and the truth itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.calibration.processes import PROCESSES
from components.config import ColumnKind
from components.data.inference import conform
from components.data.schema import Scalar
from components.data.table import Table, decode, encode


@dataclass(frozen=True)
class Generator:
    """A way to make rows of a table's rows, as a `Sampler`."""

    table: Table
    make: Callable[[Table, int, np.random.Generator], pd.DataFrame]

    def sample(
        self, num_rows: int, *, condition: Mapping[str, Scalar] | None = None, seed: int
    ) -> pd.DataFrame:
        """`num_rows` rows; no condition is taken, since no evaluator asks for one."""
        assert not condition
        return self.make(self.table, num_rows, np.random.default_rng([seed, 0xCA1]))


def bootstrap(table: Table, num_rows: int, rng: np.random.Generator) -> pd.DataFrame:
    """Training rows, drawn again."""
    return table.take(rng.integers(len(table), size=num_rows)).frame


def marginals(table: Table, num_rows: int, rng: np.random.Generator) -> pd.DataFrame:
    """Each column drawn on its own."""
    columns = {
        name: values.iloc[rng.integers(len(table), size=num_rows)].reset_index(drop=True)
        for name, values in table.frame.items()
    }
    return pd.DataFrame(columns)


def noise(table: Table, num_rows: int, rng: np.random.Generator) -> pd.DataFrame:
    """Numbers anywhere in their range, categories all alike."""
    parts = []
    for column in table.schema.learned:
        if column.is_discrete:
            parts.append(rng.integers(len(column.categories), size=num_rows).astype(np.float64))
        else:
            assert column.minimum is not None and column.maximum is not None
            parts.append(rng.uniform(column.minimum, column.maximum, num_rows))
    return decode(np.column_stack(parts), table.schema, seed=int(rng.integers(2**31)))


def shuffled(table: Table, num_rows: int, rng: np.random.Generator) -> pd.DataFrame:
    """A copy of the training rows whose targets are permuted."""
    frame = copy(table, num_rows, rng)
    target = table.schema.target
    moved = frame[target].iloc[rng.permutation(num_rows)].reset_index(drop=True)
    return frame.assign(**{target: moved})


def copy(table: Table, num_rows: int, rng: np.random.Generator) -> pd.DataFrame:
    """The training rows, as often as it takes."""
    return table.take(np.resize(rng.permutation(len(table)), num_rows)).frame


def collapsed(table: Table, num_rows: int, rng: np.random.Generator) -> pd.DataFrame:
    """The same twentieth of the training rows over and over."""
    few = rng.permutation(len(table))[: max(2, len(table) // 20)]
    return table.take(np.resize(few, num_rows)).frame


def noisy_copy(table: Table, num_rows: int, rng: np.random.Generator) -> pd.DataFrame:
    """The training rows, 5% of a deviation of noise on numbers, 2% of categories drawn anew."""
    matrix = encode(copy(table, num_rows, rng), table.schema)
    for place, column in enumerate(table.schema.learned):
        values = matrix[:, place]
        if column.is_discrete:
            others = rng.integers(len(column.categories), size=num_rows)
            matrix[:, place] = np.where(rng.random(num_rows) < 0.02, others, values)
        else:
            matrix[:, place] = values + rng.normal(0, 0.05 * np.nanstd(values), num_rows)
    return decode(matrix, table.schema, seed=int(rng.integers(2**31)))


USELESS = {"bootstrap": bootstrap, "marginals": marginals, "noise": noise, "shuffled": shuffled}


def with_few(copies: pd.DataFrame, fresh: pd.DataFrame, share: float) -> pd.DataFrame:
    """`fresh` real rows, a `share` of which gives way to the first of `copies`."""
    count = max(1, round(share * len(fresh)))
    return pd.concat([copies.iloc[:count], fresh.iloc[count:]], ignore_index=True)


@dataclass(frozen=True)
class Truth:
    """The process itself: fresh rows of the true distribution, whatever it was fitted on."""

    process: str
    kinds: dict[str, ColumnKind]
    seed: int

    def sample(
        self, num_rows: int, *, condition: Mapping[str, Scalar] | None = None, seed: int
    ) -> pd.DataFrame:
        """`num_rows` rows that no one has seen."""
        assert not condition
        fresh = PROCESSES[self.process].frame(num_rows, seed=[seed, self.seed, 0x7247])
        return conform(fresh, self.kinds)
