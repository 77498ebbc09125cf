"""What is judged, and the records that evaluators speak in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from components.config import OF_MADE_ROWS, EvaluateConfig, Purpose
from components.data.schema import Scalar
from components.data.table import Table
from components.evaluation.evidence import (
    Arm,
    Attack,
    ColumnFidelity,
    Constraint,
    Curve,
    GroupEffect,
    Measurement,
    PairFidelity,
    Telltale,
)
from components.evaluation.seeds import derived_seed
from components.evaluation.statistics import Interval
from components.models.contract import LogMetrics

DEFAULT_CONFIDENCE = 0.95


class Sampler(Protocol):
    """Anything that draws rows: every model that can `sample`."""

    def sample(
        self, num_rows: int, *, condition: Mapping[str, Scalar] | None = None, seed: int
    ) -> pd.DataFrame:
        """`num_rows` rows, all meeting `condition`."""
        ...


class Asking(Protocol):
    """Anything judged by gates: it knows how sure they ask to be."""

    def confidence(self, metric: str) -> float:
        """The highest confidence that a gate asks of `metric`."""
        ...


def asked_confidence(config: EvaluateConfig, metric: str) -> float:
    """The highest confidence that a gate asks of `metric`, .95 where none does."""
    asked = [gate.confidence for gate in config.gates if gate.metric == metric]
    return max(asked, default=DEFAULT_CONFIDENCE)


MakeAndFit = Callable[[Table, int], Sampler]
"""Fits a fresh generator of the judged kind on a table, from a seed."""


@dataclass(frozen=True)
class Guarantee:
    """What a model says of itself: it is (epsilon, delta)-differentially private."""

    epsilon: float
    delta: float = 0.0


@dataclass(frozen=True)
class Case:
    """Everything an evaluator may look at: the rows, the settings, and a way to fit afresh.

    `make_and_fit` is None where the synthetic rows are all there is. `workers` is the number of
    processes; no result depends on it. `generator` is the model that made the
    synthetic rows, None where an attacker is to have the rows alone. Real rows with one value of
    `group_column` belong together, such as those of a patient, and none of them was drawn by
    itself; None where each row was. `is_parted_at_random` is False where training and test rows
    may differ by how they were parted, such as by time.
    """

    train: Table
    test: Table
    synthetic: Table
    config: EvaluateConfig
    make_and_fit: MakeAndFit | None
    workers: int = 1
    generator: Sampler | None = None
    guarantee: Guarantee | None = None
    group_column: str | None = None
    is_parted_at_random: bool = True

    def groups_of(self, table: Table) -> NDArray[np.int64] | None:
        """A number for each row of real ones, the same within a group; None without groups."""
        if self.group_column is None:
            return None
        return pd.factorize(table.frame[self.group_column], use_na_sentinel=False)[0]

    def confidence(self, metric: str) -> float:
        """The highest confidence that a gate asks of `metric`, .95 where none does."""
        return asked_confidence(self.config, metric)

    def seed(self, *labels: str | int) -> int:
        """The seed of a part of the evaluation."""
        return derived_seed(self.config.seed, *labels)


@dataclass(frozen=True)
class Metric:
    """The record of a metric: what it is called, which way is better, and what it says.

    `bounds` are its least and greatest value, None where it has none. `meaning` is a phrase that
    reads well before "is .53". `blind_to` names the useless generators that by its nature it
    cannot tell from a good one: "marginals" (each column drawn on its own), "noise" (each drawn
    evenly over its range). All others it must rank: a copy, a good generator, marginals, noise.
    """

    name: str
    family: Literal["fidelity", "utility", "privacy"]
    goal: Literal["minimise", "maximise"]
    bounds: tuple[float | None, float | None]
    ideal: float
    meaning: str
    blind_to: frozenset[str] = frozenset()

    def measured(
        self,
        interval: Interval,
        case: Asking,
        *,
        meaning: str | None = None,
        reference: float | None = None,
    ) -> Measurement:
        """The measurement of this metric, its interval held inside the bounds."""
        low, high = self.bounds
        least = -np.inf if low is None else low
        most = np.inf if high is None else high
        inside = [
            float(np.clip(end, least, most))
            for end in (interval.value, interval.low, interval.high)
        ]
        assert np.isfinite(inside).all(), f"{self.name} is not finite: {interval}"
        return Measurement(
            name=self.name,
            family=self.family,
            value=inside[0],
            low=inside[1],
            high=inside[2],
            confidence=case.confidence(self.name),
            goal=self.goal,
            ideal=self.ideal,
            meaning=meaning or self.meaning,
            bounds=self.bounds,
            reference=reference,
        )


@dataclass(frozen=True)
class Findings:
    """What one evaluator adds to the evidence."""

    measurements: tuple[Measurement, ...] = ()
    columns: tuple[ColumnFidelity, ...] = ()
    pairs: tuple[PairFidelity, ...] = ()
    arms: tuple[Arm, ...] = ()
    curves: tuple[Curve, ...] = ()
    groups: tuple[GroupEffect, ...] = ()
    attacks: tuple[Attack, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    telltales: tuple[Telltale, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Evaluator:
    """A plain function, the metrics it may measure, and the purposes it is run for.

    `needs` says in words what a table must have to be measured at all, None where any will do.
    """

    run: Callable[[Case, LogMetrics], Findings]
    metrics: tuple[Metric, ...]
    purposes: frozenset[Purpose] = OF_MADE_ROWS
    needs: str | None = None


def canonical(table: Table, seed: int, group_column: str | None = None) -> Table:
    """The table's rows in an order that depends on their content and `seed` alone.

    Rows are sorted by their learned columns, and their group, then shuffled: the same rows in
    another order give the same evidence, bit for bit, and no learner sees them sorted.
    """
    matrix = table.matrix
    if group_column is not None:
        group = np.unique(table.frame[group_column].astype(str), return_inverse=True)[1]
        matrix = np.column_stack([matrix, group])
    order = np.lexsort(matrix.T[::-1]) if matrix.size else np.arange(len(matrix))
    shuffle = np.random.default_rng(seed).permutation(len(order))
    return table.take(order[shuffle].astype(np.int64))


def subsample(num_rows: int, most: int, seed: int) -> NDArray[np.int64]:
    """Positions of at most `most` of `num_rows` rows, in order, drawn without replacement."""
    if num_rows <= most:
        return np.arange(num_rows, dtype=np.int64)
    drawn = np.random.default_rng(seed).choice(num_rows, size=most, replace=False)
    return np.sort(drawn).astype(np.int64)
