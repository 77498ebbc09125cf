"""What is judged where a model finds odd steps in series, and the records of its evaluators."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from components.config import NORMAL, EvaluateConfig
from components.data.ranges import in_ranges, merged_ranges
from components.data.series import Positions
from components.evaluation.case import Findings, Metric, asked_confidence
from components.evaluation.seeds import derived_seed
from components.evaluation.statistics import Vector
from components.models.series.block_threshold import BlockThreshold


@dataclass(frozen=True)
class ScoredSteps:
    """How odd a detector finds each step, (steps,), and from where on it raises an alarm.

    `lag` steps must follow a step before its score is final.
    """

    oddness: Vector
    threshold: BlockThreshold
    lag: int = 0


@dataclass(frozen=True)
class SeriesCase:
    """Steps in order, of which it is known what they are, and what detectors say of them.

    `kinds`, words of shape (steps,), are `NORMAL` or what is wrong. In `stretches`, shape (number,
    2), each step has a score by every detector; others are not judged. Neighbours are not
    independent: what is resampled, and counted as one, is a segment of `segment` steps.
    """

    kinds: NDArray[np.object_]
    stretches: Positions
    segment: int
    model: ScoredSteps
    config: EvaluateConfig
    baselines: Mapping[str, ScoredSteps] = field(default_factory=dict)

    @cached_property
    def judged(self) -> NDArray[np.bool_]:
        """True for steps in a stretch."""
        return in_ranges(self.stretches, len(self.kinds))

    @cached_property
    def is_anomaly(self) -> NDArray[np.bool_]:
        """True for judged steps that are not normal."""
        return np.asarray((self.kinds != NORMAL) & self.judged, dtype=np.bool_)

    @cached_property
    def is_normal(self) -> NDArray[np.bool_]:
        """True for judged steps that are."""
        return np.asarray((self.kinds == NORMAL) & self.judged, dtype=np.bool_)

    @cached_property
    def events(self) -> Positions:
        """First step and end of each run of anomalous steps in one stretch, (events, 2)."""
        return self.runs_of(self.is_anomaly)

    def runs_of(self, is_true: NDArray[np.bool_]) -> Positions:
        """First step and end of each run of True, none across the border of two stretches."""
        return merged_ranges(is_true, self.stretches, closing=1)

    @cached_property
    def segments(self) -> Positions:
        """The number of each step's segment, shape (steps,)."""
        return np.arange(len(self.kinds)) // self.segment

    def confidence(self, metric: str) -> float:
        """The highest confidence that a gate asks of `metric`, .95 where none does."""
        return asked_confidence(self.config, metric)

    def seed(self, *labels: str | int) -> int:
        """The seed of a part of the evaluation."""
        return derived_seed(self.config.seed, *labels)


@dataclass(frozen=True)
class SeriesEvaluator:
    """A plain function, and the metrics that it measures."""

    run: Callable[[SeriesCase], Findings]
    metrics: tuple[Metric, ...]
