"""The self-tests of the metrics of detectors in series: do they rank scores of known worth?

`python -m benchmarks.series_ranks` writes `components/evaluation/anomaly/series_selftest.json`.
Scores are procedural, and so are the anomalies: what is odd is known.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

from components.config import NORMAL, EvaluateConfig, Purpose
from components.evaluation.anomaly.selftest import CONSTANT, GOOD, NOISE, ORACLE, REVERSED
from components.evaluation.anomaly.series_case import ScoredSteps, SeriesCase
from components.evaluation.anomaly.series_catalog import SERIES_EVALUATORS, series_metrics
from components.evaluation.anomaly.series_selftest import LOW, RECORDS, self_test
from components.evaluation.selftest import write_self_tests
from components.evaluation.statistics import Vector
from components.models.calibration import Calibration
from components.models.series.block_threshold import BlockThreshold, block_maxima, threshold_at

BLOCK, NUM_STEPS, SHARE = 50, 20_000, 0.05


@dataclass(frozen=True)
class Kind:
    """How a score's steps depend on those before, and what anomalies are."""

    memory: float
    num_events: int
    length: int
    shift: float


SERIES = {
    "short events": Kind(memory=0.0, num_events=40, length=5, shift=3.0),
    "long events": Kind(memory=0.9, num_events=25, length=100, shift=1.5),
    "slow scores": Kind(memory=0.98, num_events=30, length=40, shift=2.0),
}


def main() -> None:
    """Measure every candidate on every series and write what each metric made of them."""
    values: dict[str, dict[str, dict[str, float]]] = {}
    for name, kind in SERIES.items():
        for candidate, case in _cases(kind):
            for evaluator in SERIES_EVALUATORS.values():
                for found in evaluator.run(case).measurements:
                    values.setdefault(found.name, {}).setdefault(name, {})[candidate] = found.value
    records = {name: self_test(metric, values[name]) for name, metric in series_metrics().items()}
    write_self_tests(records, RECORDS)
    for name, record in records.items():
        print(f"{name}: {'passed' if record.passed else record.reason}")


def _cases(kind: Kind) -> Iterator[tuple[str, SeriesCase]]:
    """Every candidate's scores of the steps of a series."""
    rng = np.random.default_rng(0)
    every = NUM_STEPS // kind.num_events
    is_odd = np.arange(NUM_STEPS) % every >= every - kind.length

    def chance() -> Vector:
        drawn = lfilter([1.0], [1.0, -kind.memory], rng.normal(size=NUM_STEPS + BLOCK * 10))
        return np.asarray(drawn[BLOCK * 10 :] * np.sqrt(1 - kind.memory**2))

    good, scale = chance() + kind.shift * is_odd * rng.uniform(0.3, 1.0, NUM_STEPS), chance()
    same = np.zeros(NUM_STEPS)
    lowered = np.quantile(scale, 0.8)
    scores = {
        ORACLE: (chance() + 50.0 * is_odd, _threshold(chance())),
        GOOD: (good, _threshold(scale)),
        NOISE: (chance(), _threshold(chance())),
        CONSTANT: (same, _threshold(same)),
        REVERSED: (-good, _threshold(-scale)),
        LOW: (good, BlockThreshold(float(lowered), 1.0, BLOCK)),
    }
    kinds = np.where(is_odd, "odd", NORMAL).astype(object)
    config = EvaluateConfig(purpose=Purpose.ANOMALY)
    for name, (oddness, threshold) in scores.items():
        stretches = np.array([[0, NUM_STEPS]])
        yield name, SeriesCase(kinds, stretches, 4 * BLOCK, ScoredSteps(oddness, threshold), config)


def _threshold(scale: Vector) -> BlockThreshold:
    maxima = block_maxima(scale, np.array([[0, NUM_STEPS]]), BLOCK)
    return threshold_at(Calibration.of(maxima), BLOCK, SHARE * 1_000 / BLOCK)


if __name__ == "__main__":
    main()
