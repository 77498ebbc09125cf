"""Generators whose worth is known, and cases to judge them on."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from components.config import EvaluateConfig, Purpose
from components.data.schema import Column, ColumnKind, Scalar, Schema
from components.data.table import Table
from components.evaluation.case import Case, Findings, MakeAndFit
from components.evaluation.catalog import EVALUATORS
from components.models.contract import log_nothing
from tests.procedural import mixed_table


@dataclass(frozen=True)
class Bootstrap:
    """Rows of the table, drawn again: adds nothing."""

    table: Table

    def sample(
        self, num_rows: int, *, condition: Mapping[str, Scalar] | None = None, seed: int
    ) -> pd.DataFrame:
        drawn = np.random.default_rng(seed).integers(len(self.table), size=num_rows)
        return self.table.take(drawn).frame


@dataclass(frozen=True)
class Marginals(Bootstrap):
    """Each column drawn on its own: knows nothing of how columns go together."""

    def sample(
        self, num_rows: int, *, condition: Mapping[str, Scalar] | None = None, seed: int
    ) -> pd.DataFrame:
        rng = np.random.default_rng(seed)
        frame = self.table.frame
        return pd.DataFrame(
            {
                name: frame[name]
                .iloc[rng.integers(len(frame), size=num_rows)]
                .reset_index(drop=True)
                for name in frame
            }
        )


@dataclass(frozen=True)
class Truth:
    """The process that made the real rows of `process_table`."""

    schema: Schema

    def sample(
        self, num_rows: int, *, condition: Mapping[str, Scalar] | None = None, seed: int
    ) -> pd.DataFrame:
        return process_frame(num_rows, seed)


def process_frame(num_rows: int, seed: int) -> pd.DataFrame:
    """Ten numbers of which two tell the class, by their product: easy with many rows alone."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(num_rows, 10))
    score = x[:, 0] * x[:, 1] + rng.normal(0, 0.1, num_rows)
    frame = pd.DataFrame(x, columns=[f"x{i}" for i in range(10)])
    return frame.assign(label=np.where(score > 0.2, "yes", "no"))


def process_table(num_rows: int, seed: int) -> Table:
    """`process_frame` with its schema."""
    numbers = [
        Column(name=f"x{i}", kind=ColumnKind.NUMERICAL, dtype="float64", minimum=-9, maximum=9)
        for i in range(10)
    ]
    label = Column(name="label", kind=ColumnKind.CATEGORICAL, dtype="str", categories=("no", "yes"))
    schema = Schema(columns=(*numbers, label), target="label")
    return Table(process_frame(num_rows, seed), schema)


def fit_bootstrap(table: Table, seed: int) -> Bootstrap:
    return Bootstrap(table)


def fit_marginals(table: Table, seed: int) -> Marginals:
    return Marginals(table)


def fit_truth(table: Table, seed: int) -> Truth:
    return Truth(table.schema)


def mixed_split(
    num_train: int = 240, num_test: int = 160, *, target: str = "outcome", extra: int = 0
) -> tuple[Table, Table, Table]:
    """Training rows, test rows and further real rows of one mixed table."""
    table = mixed_table(num_train + num_test + extra, target=target)
    ends = [0, num_train, num_train + num_test, num_train + num_test + extra]
    parts = [table.take(np.arange(a, b)) for a, b in pairwise(ends)]
    return parts[0], parts[1], parts[2]


def case_of(
    train: Table,
    test: Table,
    synthetic: Table,
    *,
    purpose: Purpose = Purpose.SHARING,
    make_and_fit: MakeAndFit = fit_bootstrap,
    **settings: object,
) -> Case:
    """A case with short cross-validation."""
    config = EvaluateConfig.model_validate(
        {"purpose": purpose, "folds": 2, "repeats": 1, **settings}
    )
    return Case(train, test, synthetic, config, make_and_fit)


def measure(evaluator: str, case: Case) -> Findings:
    """What an evaluator of the catalog finds."""
    return EVALUATORS[evaluator].run(case, log_nothing)


def values(findings: Findings) -> dict[str, float]:
    """Each measurement's value by name."""
    return {found.name: found.value for found in findings.measurements}
