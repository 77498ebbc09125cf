"""What synthetic rows are judged for, by which gates, and how thoroughly."""

import math
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from components.config.settings import Seed, Settings


class Purpose(StrEnum):
    """What a generator is judged for."""

    AUGMENTATION = "augmentation"
    SHARING = "sharing"
    ANOMALY = "anomaly"
    CLASSIFICATION = "classification"


OF_MADE_ROWS = frozenset({Purpose.AUGMENTATION, Purpose.SHARING})
"""Purposes for which it is made rows that are judged, not what a model says of real ones."""


class Protocol(StrEnum):
    """How much goes into measuring benefit: a first answer, or one to rely on."""

    QUICK = "quick"
    THOROUGH = "thorough"


class Gate(Settings):
    """A bar for a metric's interval, each end at `confidence`, one-sided.

    `better_than` is a number, and the bar `better_than + margin`; or it names a baseline, and the
    bar for the paired difference to that baseline is `margin`. The bar is cleared where the worse
    end of the interval is above it (below it, for a metric to be minimised); a tie does not clear
    it. `worthwhile` is the smallest difference beyond the bar that would matter: where even the
    better end does not reach it, the gate refuses; in between the evidence is too thin to decide.
    """

    metric: str
    better_than: float | str
    margin: float = Field(0.0, allow_inf_nan=False)
    confidence: float = Field(0.95, gt=0.5, lt=1)
    worthwhile: float = Field(0.0, ge=0, allow_inf_nan=False)

    @field_validator("better_than")
    @classmethod
    def _is_a_bar(cls, value: float | str) -> float | str:
        """A finite number, also where it came as text, or the name of a baseline."""
        try:
            number = float(value)
        except ValueError:
            if isinstance(value, str) and value.strip():
                return value
            raise ValueError("a finite number or the name of a baseline is accepted") from None
        if not math.isfinite(number):
            raise ValueError("a finite number or the name of a baseline is accepted")
        return number

    @property
    def baseline(self) -> str | None:
        """The baseline that the metric is compared with, None where the bar is a number."""
        return self.better_than if isinstance(self.better_than, str) else None

    @property
    def bar(self) -> float:
        """What the worse end must clear: of the metric, or of its difference to the baseline."""
        return self.margin if isinstance(self.better_than, str) else self.better_than + self.margin


AUGMENTATION_GATES = (Gate(metric="augmentation_gain", better_than=0.0, worthwhile=0.01),)
SHARING_GATES = (
    Gate(metric="tstr_loss", better_than=0.0, margin=0.05, worthwhile=0.01),
    Gate(metric="membership_auc", better_than=0.5, margin=0.05, worthwhile=0.01),
    Gate(metric="copy_excess", better_than=0.0, margin=0.01, worthwhile=0.002),
    Gate(metric="near_copy_excess", better_than=0.0, margin=0.02, worthwhile=0.004),
    Gate(metric="two_sample_auc", better_than=0.5, margin=0.3, worthwhile=0.06),
)
ANOMALY_GATES = (Gate(metric="anomaly_auroc", better_than="pca", worthwhile=0.01),)
"""Above what principal components find: an isolation forest is the easier one to beat."""

SERIES_GATES = (
    Gate(metric="event_auroc", better_than=0.5, worthwhile=0.01),
    Gate(metric="event_auroc", better_than="moving_z_score", worthwhile=0.01),
)
"""The same for series: above chance, which some baselines are not, and above what a step's distance
from those just before it finds."""

CLASSIFICATION_GATES = tuple(
    Gate(metric="few_label_accuracy", better_than=baseline, worthwhile=0.01)
    for baseline in ("svc", "label_spreading", "labels_alone")
)
"""Of a model that classifies, against what the same labels teach others in the same run."""

RATIOS = (0.5, 1.0, 2.0, 4.0)


FALSE_ALARMS = 0.05


class EvaluateConfig(Settings):
    """What the synthetic rows are judged for, and how often each comparison is repeated.

    Benefit is measured by `repeats` times `folds`-fold cross-validation over the training rows,
    the generator fitted anew inside every fold. The protocol `quick` adds `ratio` synthetic rows
    for each real one and does 2 repeats where none are asked for, 4 below 500 training rows.
    `thorough` tries every one of `ratios`, tunes its learners for each way of training, looks into
    groups of rows (by the columns `subgroups`; None: up to three with few levels), and stops early
    once its gates are decided: `repeats` are the most it does, where none are asked for 8, or 3
    above 10,000 rows.

    For `anomaly` rows are flagged that are odder than all but the share `false_alarms` of the
    normal rows held out of the fit (`docs/finding_anomalies.md`). A series has other gates unless
    some are named, `SERIES_GATES`.

    `stands_in` says that nobody named the target (`components/data/stand_in.py`).
    """

    purpose: Purpose
    protocol: Protocol = Protocol.QUICK
    folds: int = Field(5, ge=2)
    repeats: int | None = Field(None, ge=1)
    ratio: float = Field(1.0, gt=0)
    ratios: tuple[Annotated[float, Field(gt=0)], ...] = Field(RATIOS, min_length=1)
    subgroups: tuple[str, ...] | None = None
    augmentation_gates: tuple[Gate, ...] = AUGMENTATION_GATES
    sharing_gates: tuple[Gate, ...] = SHARING_GATES
    classification_gates: tuple[Gate, ...] = CLASSIFICATION_GATES
    anomaly_gates: tuple[Gate, ...] = Field(
        ANOMALY_GATES, exclude_if=lambda gates: gates == ANOMALY_GATES
    )
    false_alarms: float = Field(
        FALSE_ALARMS, gt=0, lt=0.5, exclude_if=lambda rate: rate == FALSE_ALARMS
    )
    stands_in: bool = Field(False, exclude_if=lambda found: not found)
    seed: Seed = 0

    @model_validator(mode="after")
    def _takes_effect(self) -> Self:
        """Refuses settings of the other protocol: they would change nothing."""
        if len(set(self.ratios)) < len(self.ratios):
            raise ValueError(f"ratios = {self.ratios} names one twice")
        if self.protocol is Protocol.THOROUGH:
            if self.ratio != 1.0:
                raise ValueError("ratio is of the protocol quick; the protocol thorough has ratios")
        elif self.ratios != RATIOS or self.subgroups is not None:
            raise ValueError("ratios and subgroups need protocol = thorough")
        if self.purpose is not Purpose.ANOMALY and self.false_alarms != FALSE_ALARMS:
            raise ValueError("false_alarms needs purpose = anomaly")
        if self.purpose is Purpose.ANOMALY and self.protocol is Protocol.THOROUGH:
            raise ValueError("protocol = thorough is for purposes that train learners")
        return self

    @property
    def gates(self) -> tuple[Gate, ...]:
        """The gates of the purpose that is asked for."""
        by_purpose = {
            Purpose.AUGMENTATION: self.augmentation_gates,
            Purpose.SHARING: self.sharing_gates,
            Purpose.ANOMALY: self.anomaly_gates,
            Purpose.CLASSIFICATION: self.classification_gates,
        }
        return by_purpose[self.purpose]
