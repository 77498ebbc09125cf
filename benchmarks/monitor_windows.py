"""Populations that windows of rows are drawn from, and shifts planted in them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from components.data.description import Description
from components.data.inference import conform, infer_kinds
from components.data.schema import Schema

POOL = 60_000


@dataclass(frozen=True)
class Population:
    """Rows that windows are drawn from with replacement, so that all are independent of each other.

    `number` is a column of numbers, `pair` two that depend on each other, `category` one of
    categories: where shifts are planted.
    """

    rows: pd.DataFrame
    target: str
    number: str
    pair: tuple[str, str]
    category: str

    def draw(self, num_rows: int, rng: np.random.Generator) -> pd.DataFrame:
        """So many independent rows."""
        return self.rows.iloc[rng.integers(len(self.rows), size=num_rows)].reset_index(drop=True)

    def schema(self, rows: pd.DataFrame) -> Schema:
        """The schema of training rows."""
        kinds = infer_kinds(rows, self.target, {})
        description = Description(kinds)
        description.add(conform(rows, kinds))
        return description.schema(self.target)


def people() -> Population:
    """Made-up people: six numbers and eight categories that depend on one another."""
    rng = np.random.default_rng(11)
    wealth = rng.normal(size=POOL)
    age = np.clip(np.round(40 + 12 * rng.normal(size=POOL) + 4 * wealth), 18, 90)
    gain = np.where(rng.random(POOL) < 0.9, 0.0, np.exp(6 + wealth + rng.normal(size=POOL)))
    columns: dict[str, object] = {
        "age": age.astype(np.int64),
        "hours": np.clip(np.round(40 + 6 * wealth + 8 * rng.normal(size=POOL)), 1, 99),
        "income": np.round(np.exp(10 + 0.6 * wealth + 0.4 * rng.normal(size=POOL)), 2),
        "spending": np.round(np.exp(9 + 0.6 * wealth + 0.4 * rng.normal(size=POOL)), 2),
        "gain": np.round(gain, 2),
        "score": 0.7 * wealth + 0.7 * rng.normal(size=POOL),
    }
    for k, levels in enumerate((2, 3, 4, 5, 7, 9, 16)):
        odds = rng.normal(size=(1, levels)) + wealth[:, None] * rng.normal(size=(1, levels)) / 2
        places = (odds + rng.gumbel(size=(POOL, levels))).argmax(axis=1)
        columns[f"c{levels}"] = pd.Series(np.array([f"{k}-{i}" for i in range(levels)])[places])
    columns["score"] = np.where(rng.random(POOL) < 0.05, np.nan, columns["score"])
    columns["buys"] = np.where(wealth + rng.logistic(size=POOL) > 1, "yes", "no")
    return Population(pd.DataFrame(columns), "buys", "score", ("income", "spending"), "c5")


def adult(folder: Path) -> Population:
    """The rows of Adult in `folder`/adult/train.parquet."""
    rows = pd.read_parquet(folder / "adult" / "train.parquet")
    pair = ("education-num", "age")
    return Population(rows, "income", "hours-per-week", pair, "occupation")


def mean(population: Population, rows: pd.DataFrame, strength: float) -> pd.DataFrame:
    """A number moved by so many of its standard deviations."""
    values = rows[population.number]
    return rows.assign(**{population.number: values + strength * values.std()})


def variance(population: Population, rows: pd.DataFrame, strength: float) -> pd.DataFrame:
    """A number so many times as spread."""
    values = rows[population.number]
    return rows.assign(**{population.number: values.mean() + strength * (values - values.mean())})


def correlation(population: Population, rows: pd.DataFrame, strength: float) -> pd.DataFrame:
    """One of a pair shuffled among so many of the rows: no column changes by itself."""
    rng = np.random.default_rng(len(rows))
    moved = np.flatnonzero(rng.random(len(rows)) < strength)
    values = rows[population.pair[1]].to_numpy(copy=True)
    values[moved] = values[rng.permutation(moved)]
    return rows.assign(**{population.pair[1]: values})


def category(population: Population, rows: pd.DataFrame, strength: float) -> pd.DataFrame:
    """So many of the rows moved to the rarest of the categories."""
    values, rng = rows[population.category], np.random.default_rng(len(rows))
    rarest = population.rows[population.category].value_counts().index[-1]
    moved = rng.random(len(rows)) < strength
    return rows.assign(**{population.category: values.mask(moved, rarest)})


def missingness(population: Population, rows: pd.DataFrame, strength: float) -> pd.DataFrame:
    """A number missing in so many more of the rows."""
    gone = np.random.default_rng(len(rows)).random(len(rows)) < strength
    return rows.assign(**{population.number: rows[population.number].mask(gone)})


Plant = Callable[[Population, pd.DataFrame, float], pd.DataFrame]
SHIFTS: dict[str, tuple[Plant, tuple[float, ...]]] = {
    "mean": (mean, (0.25, 0.5, 1.0)),
    "variance": (variance, (1.25, 1.5, 2.0)),
    "correlation": (correlation, (0.3, 0.6, 1.0)),
    "category": (category, (0.1, 0.2, 0.4)),
    "missingness": (missingness, (0.1, 0.2, 0.4)),
}
"""Each kind of shift with its strengths."""
