"""(a) Generators that are worth nothing: how often is one promoted for augmentation."""

from typing import Any

from benchmarks.calibration.generators import USELESS, Generator
from benchmarks.calibration.tables import draw
from benchmarks.calibration.trials import Trial
from components.config import EvaluateConfig, Purpose
from components.data.table import Table
from components.evaluation.evaluate import evaluate

MAX_TEST = 200
SIZES = {
    ("fair", 100): 9,
    ("fair", 200): 6,
    ("fair", 400): 3,
    ("diabetes", 100): 9,
    ("diabetes", 200): 6,
    ("breast_cancer", 100): 6,
    ("breast_cancer", 200): 3,
    ("wine", 100): 4,
    ("iris", 100): 3,
    ("digits", 150): 1,
}
"""Trials of each generator, by table and number of training rows."""


def trials(share: float) -> list[Trial]:
    """All trials, or the first seeds of each size where `share` is less than 1."""
    return [
        Trial("useless", table, generator, seed, rows)
        for (table, rows), count in SIZES.items()
        for seed in range(max(1, round(count * share)))
        for generator in USELESS
    ]


def run(trial: Trial) -> dict[str, Any]:
    """The verdict for augmentation, by the entry point that judges every model."""
    parts = draw(trial.table, trial.rows, MAX_TEST, 0, seed=trial.seed)
    make = USELESS[trial.generator]

    def make_and_fit(table: Table, seed: int) -> Generator:
        return Generator(table, make)

    evidence = evaluate(
        parts.train,
        parts.test,
        make_and_fit(parts.train, 0).sample(len(parts.train), seed=trial.seed),
        make_and_fit=make_and_fit,
        config=EvaluateConfig(purpose=Purpose.AUGMENTATION, seed=trial.seed),
        workers=1,
    )
    gain = evidence.measurement("augmentation_gain")
    return {
        "passed": evidence.verdict.passed,
        "outcome": str(evidence.verdict.outcome),
        "gain": gain.value,
        "low": gain.low,
        "high": gain.high,
        "num_train": evidence.num_train,
        "num_test": evidence.num_test,
    }
