"""(d) Rows of known worth: does every metric of the catalog rank them as it must."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.calibration.generators import Generator, Truth, bootstrap, copy, marginals, noise
from benchmarks.calibration.tables import Parts, draw
from benchmarks.calibration.trials import Result, Trial
from components.config import EvaluateConfig, Purpose
from components.data.table import Table
from components.evaluation.case import Sampler
from components.evaluation.catalog import EVALUATORS
from components.evaluation.evaluate import evaluate
from components.evaluation.selftest import CANDIDATES, GOOD, SelfTest, self_test

SIZES = {"orders": 600, "breast_cancer": 190, "fair": 800}
"""Training rows, at most as many test rows and as many further real rows: the good candidate."""
BENEFIT_TABLE, BENEFIT_ROWS, RATIO = "product", 150, 4.0
MAKES = {"copy": copy, "marginals": marginals, "noise": noise}


def trials(share: float) -> list[Trial]:
    """Every candidate on every table; all of them, whatever the share."""
    tables = {**SIZES, BENEFIT_TABLE: BENEFIT_ROWS}
    return [
        Trial("ranks", table, candidate, 0, rows)
        for table, rows in tables.items()
        for candidate in CANDIDATES
    ]


def run(trial: Trial) -> dict[str, Any]:
    """Every measurement of the candidate; benefit on the table whose process is known."""
    parts = draw(trial.table, trial.rows, trial.rows, trial.rows, seed=trial.seed)
    for_benefit = trial.table == BENEFIT_TABLE

    def make_and_fit(table: Table, seed: int) -> Sampler:
        if for_benefit and trial.generator == GOOD:
            kinds = {column.name: column.kind for column in table.schema.columns}
            return Truth(trial.table, kinds, seed)
        return Generator(table, MAKES.get(trial.generator, bootstrap))

    config = EvaluateConfig(
        purpose=Purpose.AUGMENTATION if for_benefit else Purpose.SHARING,
        ratio=RATIO,
        augmentation_gates=(),
        sharing_gates=(),
        seed=trial.seed,
    )
    evidence = evaluate(
        parts.train,
        parts.test,
        rows_of_candidate(trial.generator, parts, trial.seed),
        make_and_fit=make_and_fit,
        config=config,
        workers=1,
    )
    return {"values": {m.name: m.value for m in evidence.measurements}}


def rows_of_candidate(candidate: str, parts: Parts, seed: int) -> pd.DataFrame:
    """A copy, further real rows, independent columns, or noise: as many as real rows."""
    if candidate == GOOD:
        return parts.more.frame
    return MAKES[candidate](parts.train, len(parts.train), np.random.default_rng([seed, 0xD]))


def self_tests(results: Sequence[Result]) -> dict[str, SelfTest]:
    """The self-test of every metric of the catalog that was measured of all candidates.

    A metric that takes no part in a verdict for sharing is tested on the benefit table alone;
    every other one on the tables for sharing.
    """
    found: dict[str, dict[str, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
    for result in results:
        for name, value in result.found["values"].items():
            found[name][result.trial.table][result.trial.generator] = value
    tests = {}
    for evaluator in EVALUATORS.values():
        sharing = Purpose.SHARING in evaluator.purposes
        for metric in evaluator.metrics:
            values = {
                table: by_candidate
                for table, by_candidate in found[metric.name].items()
                if len(by_candidate) == len(CANDIDATES) and (table != BENEFIT_TABLE) == sharing
            }
            tests[metric.name] = self_test(metric, values)
    return tests
