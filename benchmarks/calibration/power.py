"""(b) A generator that helps by a known amount: how often is it promoted for augmentation."""

from typing import Any

from benchmarks.calibration.generators import Truth
from benchmarks.calibration.processes import PROCESSES
from benchmarks.calibration.tables import Parts, draw
from benchmarks.calibration.trials import Trial
from components.config import EvaluateConfig, Purpose
from components.data.table import Table
from components.evaluation.evaluate import evaluate

PROCESS = "product of ten"
NUM_TRAIN = 150
NUM_TEST = 200
RATIOS = (1.0, 4.0, 8.0, 16.0)
SEEDS = 20


def trials(share: float) -> list[Trial]:
    """Trials at every ratio of synthetic to real rows, and those that tell the true gain."""
    from benchmarks.calibration import effect

    return effect.trials(share) + [
        Trial("power", PROCESS, "truth", seed, NUM_TRAIN, ratio)
        for seed in range(max(1, round(SEEDS * share)))
        for ratio in RATIOS
    ]


def run(trial: Trial) -> dict[str, Any]:
    """The verdict for augmentation of a generator that draws from the process itself."""
    parts = draw(trial.table, trial.rows, NUM_TEST, 0, seed=trial.seed)

    def make_and_fit(table: Table, seed: int) -> Truth:
        return truth(trial.table, parts, seed)

    evidence = evaluate(
        parts.train,
        parts.test,
        make_and_fit(parts.train, 0).sample(len(parts.train), seed=trial.seed),
        make_and_fit=make_and_fit,
        config=EvaluateConfig(purpose=Purpose.AUGMENTATION, ratio=trial.level, seed=trial.seed),
        workers=1,
    )
    gain = evidence.measurement("augmentation_gain")
    return {
        "passed": evidence.verdict.passed,
        "outcome": str(evidence.verdict.outcome),
        "gain": gain.value,
        "low": gain.low,
        "high": gain.high,
    }


def truth(process: str, parts: Parts, seed: int) -> Truth:
    """The generator that has the process."""
    kinds = {column.name: column.kind for column in parts.train.schema.columns}
    assert process in PROCESSES
    return Truth(process, kinds, seed)
