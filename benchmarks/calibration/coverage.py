"""(f) Intervals in simulation: how often does the truth lie inside them."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from scipy import stats
from sklearn.model_selection import RepeatedKFold

from benchmarks.calibration.generators import Generator, bootstrap
from benchmarks.calibration.tables import draw
from benchmarks.calibration.trials import Trial
from components.config import EvaluateConfig, Purpose
from components.data.table import Table
from components.evaluation.case import Case
from components.evaluation.catalog import EVALUATORS
from components.evaluation.statistics import (
    Interval,
    auc_interval,
    corrected_interval,
    share_interval,
)
from components.models.contract import log_nothing

CONFIDENCE = 0.95
BATCHES = 4

Simulate = Callable[[np.random.Generator], tuple[Interval, float]]
"""One interval, and the truth it is about."""


def auc_of_few(rng: np.random.Generator) -> tuple[Interval, float]:
    """DeLong's, of 40 positive and 80 negative normal scores a deviation apart."""
    labels = np.repeat([False, True], [80, 40])
    found = auc_interval(labels, rng.normal(labels * 1.0), confidence=CONFIDENCE)
    return found, float(stats.norm.cdf(1 / np.sqrt(2)))


def auc_near_one(rng: np.random.Generator) -> tuple[Interval, float]:
    """DeLong's, of 40 positive and 80 negative normal scores 2.5 deviations apart."""
    labels = np.repeat([False, True], [80, 40])
    found = auc_interval(labels, rng.normal(labels * 2.5), confidence=CONFIDENCE)
    return found, float(stats.norm.cdf(2.5 / np.sqrt(2)))


def rare_share(rng: np.random.Generator) -> tuple[Interval, float]:
    """Clopper and Pearson's, of a share of 3% in 200."""
    return share_interval(int(rng.binomial(200, 0.03)), 200, confidence=CONFIDENCE), 0.03


def even_share(rng: np.random.Generator) -> tuple[Interval, float]:
    """Clopper and Pearson's, of a share of 40% in 100."""
    return share_interval(int(rng.binomial(100, 0.4)), 100, confidence=CONFIDENCE), 0.4


NUM_ROWS, WIDTH, FOLDS, REPEATS = 100, 10, 5, 2
PENALTIES = (1.0, 100.0)


def folds_of_ridge(rng: np.random.Generator) -> tuple[Interval, float]:
    """The corrected one over 2 times 5 folds: two ridge regressions, a weak and a strong penalty.

    The truth is the mean difference in squared error on fresh rows, over training sets of a
    fold's size.
    """
    x, y = _regression(NUM_ROWS, rng)
    folds = RepeatedKFold(n_splits=FOLDS, n_repeats=REPEATS, random_state=int(rng.integers(2**31)))
    differences = [_difference(x[fit], y[fit], x[held], y[held]) for fit, held in folds.split(x)]
    found = corrected_interval(
        np.array(differences), test_to_train=1 / (FOLDS - 1), confidence=CONFIDENCE
    )
    return found, _true_difference()


def _regression(num_rows: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    x = rng.normal(size=(num_rows, WIDTH))
    return x, x @ np.linspace(0, 0.5, WIDTH) + rng.normal(size=num_rows)


def _difference(x: np.ndarray, y: np.ndarray, held_x: np.ndarray, held_y: np.ndarray) -> float:
    errors = []
    for penalty in PENALTIES:
        weights = np.linalg.solve(x.T @ x + penalty * np.eye(WIDTH), x.T @ y)
        errors.append(np.mean((held_y - held_x @ weights) ** 2))
    return float(errors[1] - errors[0])


@cache
def _true_difference() -> float:
    rng = np.random.default_rng(12)
    fit_rows = NUM_ROWS * (FOLDS - 1) // FOLDS
    pairs = ((_regression(fit_rows, rng), _regression(1_000, rng)) for _ in range(4_000))
    return float(np.mean([_difference(*train, *test) for train, test in pairs]))


def membership_without_leak(rng: np.random.Generator) -> tuple[Interval, float]:
    """Membership AUC where the synthetic rows are fresh ones of the process: the truth is a half.

    What stands for the best of several attacks may lean above it, the safe side.
    """
    return _measured("membership", "membership_auc", rng), 0.5


def two_sample_of_equals(rng: np.random.Generator) -> tuple[Interval, float]:
    """Two-sample AUC where the synthetic rows are fresh ones of the process: truth a half."""
    return _measured("two_sample", "two_sample_auc", rng), 0.5


def _measured(evaluator: str, metric: str, rng: np.random.Generator) -> Interval:
    seed = int(rng.integers(2**31))
    parts = draw("product", 200, 200, 200, seed=seed)
    config = EvaluateConfig(purpose=Purpose.SHARING, sharing_gates=(), seed=seed)
    case = Case(parts.train, parts.test, parts.more, config, _fit)
    measurements = EVALUATORS[evaluator].run(case, log_nothing).measurements
    found = next(m for m in measurements if m.name == metric)
    return Interval(found.value, found.low, found.high)


def _fit(table: Table, seed: int) -> Generator:
    return Generator(table, bootstrap)


SIMULATIONS: dict[str, tuple[Simulate, int]] = {
    "AUC .76 (DeLong)": (auc_of_few, 2000),
    "AUC .96 (DeLong)": (auc_near_one, 2000),
    "share .03 (Clopper-Pearson)": (rare_share, 2000),
    "share .40 (Clopper-Pearson)": (even_share, 2000),
    "difference over 2 x 5 folds (Nadeau-Bengio)": (folds_of_ridge, 2000),
    "membership AUC, nothing leaked": (membership_without_leak, 200),
    "two-sample AUC, equal distributions": (two_sample_of_equals, 200),
}
"""Each simulation and the number of intervals it makes in all."""


def trials(share: float) -> list[Trial]:
    """Each simulation in batches."""
    return [
        Trial("coverage", name, "simulation", seed, level=max(10, round(count * share / BATCHES)))
        for name, (_, count) in SIMULATIONS.items()
        for seed in range(BATCHES)
    ]


def run(trial: Trial) -> dict[str, Any]:
    """How often the lower bound lay above the truth, the upper one below it."""
    simulate, _ = SIMULATIONS[trial.table]
    place = list(SIMULATIONS).index(trial.table)
    rng = np.random.default_rng([0xC0FFEE, place, trial.seed])
    pairs = [simulate(rng) for _ in range(int(trial.level))]
    return {
        "intervals": len(pairs),
        "above": sum(found.low > truth for found, truth in pairs),
        "below": sum(found.high < truth for found, truth in pairs),
    }
