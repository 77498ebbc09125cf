"""(d) Rows of known worth: does every metric of the catalog rank them as it must."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.calibration.generators import Generator, Truth, collapsed, copy, marginals, noise
from benchmarks.calibration.tables import Parts, draw
from benchmarks.calibration.trials import Result, Trial
from components.config import EvaluateConfig, Protocol, Purpose, TreesConfig
from components.data.table import Table
from components.evaluation.case import Case, Sampler
from components.evaluation.catalog import EVALUATORS
from components.evaluation.evaluate import evaluate
from components.evaluation.evidence import Evidence
from components.evaluation.fidelity.markers import MARKER_COLUMNS
from components.evaluation.selftest import CANDIDATES, GOOD, SelfTest, self_test
from components.models.contract import log_nothing
from components.models.trees.trees import Trees

SIZES = {"orders": 600, "breast_cancer": 190, "fair": 1000, "visits": 600}
"""Training rows, at most as many test rows and as many further real rows: the good candidate."""
WIDE_TABLE, WIDE_ROWS = "digits", 600
"""What is measured of wide tables alone is ranked on this one, and nothing else is."""
BENEFIT_TABLE, BENEFIT_ROWS = "product", 150
BENEFIT = {
    Protocol.QUICK: {"ratio": 4.0},
    Protocol.THOROUGH: {"ratios": (1.0, 4.0), "repeats": 1},
}
"""How benefit is measured, by each protocol."""
MAKES = {"copy": copy, "marginals": marginals, "noise": noise, "collapsed": collapsed}


def trials(share: float) -> list[Trial]:
    """Every candidate on every table; all of them, whatever the share."""
    return [
        Trial("ranks", table, candidate, 0, rows)
        for table, rows in [*SIZES.items(), (WIDE_TABLE, WIDE_ROWS)]
        for candidate in CANDIDATES
    ] + [
        Trial("ranks", f"{BENEFIT_TABLE}, {protocol}", candidate, 0, BENEFIT_ROWS)
        for protocol in BENEFIT
        for candidate in CANDIDATES
    ]


def run(trial: Trial) -> dict[str, Any]:
    """Every measurement of the candidate; benefit on the table whose process is known."""
    name, _, protocol = trial.table.partition(", ")
    parts = draw(name, trial.rows, trial.rows, trial.rows, seed=trial.seed)
    rows = rows_of_candidate(trial.generator, parts, trial.seed)
    if name == WIDE_TABLE:
        return {"values": _of_wide(trial, parts, rows)}
    evidence = (_benefit if protocol else _sharing)(trial, parts, rows)
    return {"values": {m.name: m.value for m in evidence.measurements}}


def _of_wide(trial: Trial, parts: Parts, rows: pd.DataFrame) -> dict[str, float]:
    """What is measured of wide tables alone."""
    config = EvaluateConfig(purpose=Purpose.SHARING, seed=trial.seed)
    synthetic = Table(rows, parts.train.schema)
    case = Case(parts.train, parts.test, synthetic, config, make_and_fit=None)
    found = MARKER_COLUMNS.run(case, log_nothing)
    return {measured.name: measured.value for measured in found.measurements}


def _benefit(trial: Trial, parts: Parts, rows: pd.DataFrame) -> Evidence:
    """The evidence for augmentation, by the protocol that the trial names."""
    name, _, protocol = trial.table.partition(", ")

    def make_and_fit(table: Table, seed: int) -> Sampler:
        if trial.generator == GOOD:
            kinds = {column.name: column.kind for column in table.schema.columns}
            return Truth(name, kinds, seed)
        return Generator(table, MAKES[trial.generator])

    config = EvaluateConfig(
        purpose=Purpose.AUGMENTATION,
        protocol=Protocol(protocol),
        augmentation_gates=(),
        seed=trial.seed,
        **BENEFIT[Protocol(protocol)],
    )
    return evaluate(
        parts.train, parts.test, rows, make_and_fit=make_and_fit, config=config, workers=1
    )


def _sharing(trial: Trial, parts: Parts, rows: pd.DataFrame) -> Evidence:
    """The evidence for sharing; the model in hand is one of trees, fitted to the candidate."""
    config = EvaluateConfig(purpose=Purpose.SHARING, sharing_gates=(), seed=trial.seed)
    return evaluate(
        parts.train,
        parts.test,
        rows,
        make_and_fit=_trees,
        config=config,
        workers=1,
        generator=_trees(Table(rows, parts.train.schema), trial.seed),
    )


def _trees(table: Table, seed: int) -> Trees:
    trees = Trees(TreesConfig())
    trees.fit(table, seed=seed)
    return trees


def rows_of_candidate(candidate: str, parts: Parts, seed: int) -> pd.DataFrame:
    """What the candidate hands out, as many rows as there are training rows."""
    if candidate == GOOD:
        return parts.more.frame
    return MAKES[candidate](parts.train, len(parts.train), np.random.default_rng([seed, 0xD]))


def self_tests(results: Sequence[Result]) -> dict[str, SelfTest]:
    """The self-test of every metric of the catalog that was measured of all candidates.

    A metric that takes no part in a verdict for sharing is tested on the benefit table alone, by
    each protocol that measures it; every other one on the tables for sharing.
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
                if len(by_candidate) == len(CANDIDATES) and ("," not in table) == sharing
            }
            tests[metric.name] = self_test(metric, values)
    return tests
