"""What is judged where a model is to find odd rows: scores of rows of which the truth is known."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from components.config import NORMAL, EvaluateConfig
from components.evaluation.case import Findings, Metric, asked_confidence
from components.evaluation.seeds import derived_seed
from components.evaluation.statistics import Vector
from components.models.calibration import Calibration


@dataclass(frozen=True)
class Scored:
    """What one detector says: how odd each test row is, (rows,), and the scale of that."""

    oddness: Vector
    calibration: Calibration


@dataclass(frozen=True)
class AnomalyCase:
    """Test rows of which it is known what they are, and what detectors say of them.

    `kinds`, words of shape (rows,), are `NORMAL` or what is wrong. `baselines` are detectors fitted
    on the rows that the model was fitted on, by the names that gates ask for.
    """

    kinds: NDArray[np.object_]
    model: Scored
    config: EvaluateConfig
    baselines: Mapping[str, Scored] = field(default_factory=dict)

    @property
    def is_anomaly(self) -> NDArray[np.bool_]:
        """True for rows that are not normal."""
        return np.asarray(self.kinds != NORMAL, dtype=np.bool_)

    def confidence(self, metric: str) -> float:
        """The highest confidence that a gate asks of `metric`, .95 where none does."""
        return asked_confidence(self.config, metric)

    def seed(self, *labels: str | int) -> int:
        """The seed of a part of the evaluation."""
        return derived_seed(self.config.seed, *labels)


@dataclass(frozen=True)
class AnomalyEvaluator:
    """A plain function, and the metrics that it measures."""

    run: Callable[[AnomalyCase], Findings]
    metrics: tuple[Metric, ...]
