"""(c) Generators that hand out training rows: each must be refused for sharing."""

from typing import Any

import numpy as np
import pandas as pd

from benchmarks.calibration.generators import (
    Generator,
    bootstrap,
    copy,
    noisy_copy,
    with_few,
)
from benchmarks.calibration.tables import Parts, draw
from benchmarks.calibration.trials import Trial
from components.config import EvaluateConfig, Purpose
from components.data.table import Table
from components.evaluation.evaluate import evaluate
from components.evaluation.evidence import Outcome

MEMORISERS = ("copy", "noisy copy", "5% copies")
NEAR = "5% noisy copies"
CONTROL = "fresh rows"
SIZES = {"fair": 2000, "digits": 600, "orders": 1500, "product": 1500, "breast_cancer": 190}
"""Training rows, at most as many test rows and as many further real rows."""
SEEDS = 5
SHARE = 0.05


def trials(share: float) -> list[Trial]:
    """Every memoriser on every table; a harder one, and real rows no one trained on as control."""
    return [
        Trial("memorisers", table, generator, seed, rows)
        for table, rows in SIZES.items()
        for seed in range(max(1, round(SEEDS * share)))
        for generator in (*MEMORISERS, NEAR, CONTROL)
    ]


def run(trial: Trial) -> dict[str, Any]:
    """The verdict for sharing, and which gates refused."""
    parts = draw(trial.table, trial.rows, trial.rows, trial.rows, seed=trial.seed)

    def make_and_fit(table: Table, seed: int) -> Generator:
        return Generator(table, MADE_BY.get(trial.generator, bootstrap))

    evidence = evaluate(
        parts.train,
        parts.test,
        synthetic_rows(trial.generator, parts, trial.seed),
        make_and_fit=make_and_fit,
        config=EvaluateConfig(purpose=Purpose.SHARING, seed=trial.seed),
        workers=1,
    )
    families = {m.name: m.family for m in evidence.measurements}
    gates = evidence.verdict.gates
    refused = [gate.gate.metric for gate in gates if gate.outcome is Outcome.REFUSED]
    return {
        "passed": evidence.verdict.passed,
        "refused": evidence.verdict.outcome is Outcome.REFUSED,
        "undecided_by": [g.gate.metric for g in gates if g.outcome is Outcome.UNDECIDED],
        "refused_by": refused,
        "refused_for_privacy": any(families[name] == "privacy" for name in refused),
        "bounds": {gate.gate.metric: gate.bound for gate in evidence.verdict.gates},
        "values": {gate.gate.metric: gate.value for gate in evidence.verdict.gates},
        "num_train": evidence.num_train,
        "num_test": evidence.num_test,
    }


MADE_BY = {"copy": copy, "noisy copy": noisy_copy, "5% copies": copy, NEAR: noisy_copy}
FULL = ("copy", "noisy copy")


def synthetic_rows(generator: str, parts: Parts, seed: int) -> pd.DataFrame:
    """As many rows as there are of further real ones, by a memoriser or by the control."""
    if generator == CONTROL:
        return parts.more.frame
    rng = np.random.default_rng([seed, 0xC0])
    rows = MADE_BY[generator](parts.train, len(parts.train), rng)
    return rows if generator in FULL else with_few(rows, parts.more.frame, SHARE)
