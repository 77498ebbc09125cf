"""The self-tests of the metrics of detectors: do they rank scores of known worth as they must?

`python -m benchmarks.anomaly_ranks` writes `components/evaluation/anomaly/selftest.json`. Rows are
real, of two tables and of images, and one class of each is normal.
"""

from collections.abc import Iterator

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

from components.config import NORMAL, EvaluateConfig, Purpose
from components.data.table import Matrix
from components.evaluation.anomaly.case import AnomalyCase, Scored
from components.evaluation.anomaly.catalog import ANOMALY_EVALUATORS, anomaly_metrics
from components.evaluation.anomaly.selftest import (
    CONSTANT,
    GOOD,
    NOISE,
    ORACLE,
    OVERFIT,
    RECORDS,
    REVERSED,
    self_test,
)
from components.evaluation.selftest import write_self_tests
from components.evaluation.statistics import Vector
from components.models.calibration import Calibration

SETS = {
    "breast_cancer": (load_breast_cancer, (1,)),
    "digits, one in": (load_digits, (3,)),
    "digits, one out": (load_digits, (1, 2, 3, 4, 5, 6, 7, 8, 9)),
}
"""Tables with the classes that are normal."""

NEIGHBOURS = 5


def main() -> None:
    """Measure every candidate on every table and write what each metric made of them."""
    values: dict[str, dict[str, dict[str, float]]] = {}
    for table in SETS:
        for candidate, case in _cases(table):
            for evaluator in ANOMALY_EVALUATORS.values():
                for found in evaluator.run(case).measurements:
                    values.setdefault(found.name, {}).setdefault(table, {})[candidate] = found.value
    records = {name: self_test(metric, values[name]) for name, metric in anomaly_metrics().items()}
    write_self_tests(records, RECORDS)
    for name, record in records.items():
        print(f"{name}: {'passed' if record.passed else record.reason}")


def _cases(table: str) -> Iterator[tuple[str, AnomalyCase]]:
    """Every candidate's scores of the rows of a table."""
    load, normal = SETS[table]
    x, y = load(return_X_y=True)
    is_normal = np.isin(y, normal)
    rng = np.random.default_rng(0)
    places = rng.permutation(np.flatnonzero(is_normal))
    learned, aside, held = np.split(places, [len(places) // 2, 3 * len(places) // 4])
    scaler = StandardScaler().fit(x[learned])
    seen, apart = scaler.transform(x[learned]), scaler.transform(x[aside])
    others = rng.permutation(np.flatnonzero(~is_normal))[: len(held)]
    test = scaler.transform(x[np.concatenate([held, others])])
    odd = np.repeat([False, True], [len(held), len(others)])
    kinds = np.where(odd, "other", NORMAL).astype(object)
    near = NearestNeighbors().fit(seen)

    def distance(rows: Matrix, neighbours: int = NEIGHBOURS) -> Vector:
        return np.asarray(near.kneighbors(rows, neighbours)[0].mean(axis=1))

    def chance(count: int) -> Vector:
        return rng.random(count)

    good, scale = distance(test), distance(apart)
    scores = {
        ORACLE: (odd + chance(len(test)), chance(len(apart))),
        GOOD: (good, scale),
        NOISE: (chance(len(test)), chance(len(apart))),
        CONSTANT: (np.zeros(len(test)), np.zeros(len(apart))),
        REVERSED: (-good, -scale),
        OVERFIT: (distance(test, 1), distance(seen, 1)),
    }
    config = EvaluateConfig(purpose=Purpose.ANOMALY)
    for name, (oddness, held_out) in scores.items():
        yield name, AnomalyCase(kinds, Scored(oddness, Calibration.of(held_out)), config)


if __name__ == "__main__":
    main()
