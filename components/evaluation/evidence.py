"""What an evaluation found, as values: measurements, curves, arms, gates and the verdict."""

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, computed_field, model_validator

from components.config import Gate, Purpose


class Value(BaseModel):
    """Base of everything in the evidence: frozen, written as JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Comparison(Value):
    """The paired difference of a metric to a baseline: positive where the metric is higher.

    `low` and `high` are each a one-sided bound at the confidence of the measurement.
    `probabilities`, where given, are those of the metric being lower, practically the same, and
    higher, after the Bayesian correlated t-test.
    """

    baseline: str
    value: float
    low: float
    high: float
    probabilities: tuple[float, float, float] | None = None


class Measurement(Value):
    """A metric's value, the ends of its one-sided interval, and what it says in words.

    `low` and `high` are each a one-sided bound at `confidence`. `family` groups the report.
    `bounds` are the least and greatest value the metric can take, None where it has none.
    `reference` is what real rows reach in the synthetic rows' place, None where it is not known.
    `comparisons` are its differences to baselines, by which a gate may ask.

    How the interval would narrow: `sample_size` is the rows it rests on, or the anomalies of a
    series, as `sample_of` says, `repeats` how often the
    comparison was repeated, `floor` the part of its half-width that no number of repeats removes
    (more rows do). None where it is not known.
    """

    name: str
    family: Literal["fidelity", "utility", "privacy"]
    value: float
    low: float
    high: float
    confidence: float
    goal: Literal["minimise", "maximise"]
    ideal: float
    meaning: str
    bounds: tuple[float | None, float | None] = (None, None)
    reference: float | None = None
    comparisons: tuple[Comparison, ...] = ()
    sample_size: int | None = None
    sample_of: str = Field("rows", exclude_if=lambda unit: unit == "rows")
    repeats: int | None = None
    floor: float | None = None


class Curve(Value):
    """A line to plot: `x` and `y` of equal length, titles of the axes, and its own name.

    `low` and `high` bound a band about it where both are given, each of the same length.
    """

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    x_title: str
    y_title: str
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()


class Arm(Value):
    """One way of training a learner: each metric's mean over folds, and its paired difference.

    `scores[metric]` is the mean; `difference`, `low`, `high` compare the arm's main metric with
    the arm "real" by the corrected paired test (two-sided interval).
    """

    name: str
    learner: str
    scores: dict[str, float]
    difference: float
    low: float
    high: float


class ColumnFidelity(Value):
    """How well one column is met: its shape error, and what to draw of real and synthetic."""

    column: str
    error: float
    labels: tuple[str, ...]
    real: tuple[float, ...]
    synthetic: tuple[float, ...]


class PairFidelity(Value):
    """How well two columns go together: the association in real and synthetic rows, 0 to 1."""

    first: str
    second: str
    real: float
    synthetic: float
    error: float


class GroupEffect(Value):
    """What augmentation does to one group of rows: the metric with real rows alone, and with both.

    `difference` is augmented less real, with a two-sided interval that holds for all groups at
    once; `group` is the value of `column` that its rows share. `is_harmed` says whether a loss is
    established, all groups considered; None where that was not asked.
    """

    column: str
    group: str
    num_rows: int
    metric: str
    real: float
    augmented: float
    difference: float
    low: float
    high: float
    is_harmed: bool | None = None


class Attack(Value):
    """How well one membership attack does: area under its ROC, and members found at few alarms.

    `access` says what the attacker holds: synthetic rows alone, or the model as well. Bounds are
    one-sided. `found_at_01_percent` is None where there are fewer than 1,000 non-members.
    """

    name: str
    access: Literal["rows", "model"]
    auc: float
    low: float
    high: float
    found_at_1_percent: float
    found_at_01_percent: float | None = None


class Constraint(Value):
    """A rule that real rows keep, such as "start <= end", and the shares of rows that keep it."""

    rule: str
    kind: Literal["dependency", "inequality", "sum", "product", "order"]
    real: float
    synthetic: float


class Telltale(Value):
    """Columns that give synthetic rows away: what a classifier's AUC loses without them.

    `drop` is the fall of the AUC when their values are shuffled among rows, with its two-sided
    interval. Columns that go closely together in a wide table share a record.
    """

    columns: tuple[str, ...]
    drop: float
    low: float
    high: float


class Outcome(StrEnum):
    """What a gate or a verdict says."""

    PASSED = "passed"
    REFUSED = "refused"
    UNDECIDED = "undecided"


class _Judged(Value):
    """Something with an outcome; `passed` says in its JSON, too, whether that is a pass.

    Evidence of before there was a third outcome holds `passed` alone, and loads.
    """

    outcome: Outcome

    @computed_field  # type: ignore[prop-decorator]
    @property
    def passed(self) -> bool:
        """True for a pass: neither refused nor undecided."""
        return self.outcome is Outcome.PASSED

    @model_validator(mode="before")
    @classmethod
    def _read_passed(cls, values: Any) -> Any:
        """Without `passed`, which follows from the outcome, or the outcome from it."""
        if not isinstance(values, dict) or "passed" not in values:
            return values
        passed, rest = values["passed"], {k: v for k, v in values.items() if k != "passed"}
        old = Outcome.PASSED if passed else Outcome.REFUSED
        outcome = Outcome(rest.setdefault("outcome", old))
        if (outcome is Outcome.PASSED) is not bool(passed):
            raise ValueError(f"passed is {passed}, but the outcome is {outcome}")
        return rest


class GateResult(_Judged):
    """A gate, what was measured, what follows, and why in one sentence.

    `value`, `bound` (the worse end) and `reach` (the better end; None in old evidence) are of the
    metric, or of its difference to the gate's baseline.
    """

    gate: Gate
    value: float
    bound: float
    reach: float | None = None
    reason: str


class Verdict(_Judged):
    """All gates of one purpose, and what follows from them."""

    purpose: Purpose
    gates: tuple[GateResult, ...]
    summary: str


class Evidence(Value):
    """Everything one evaluation found; the report and the registry read nothing else."""

    num_train: int
    num_test: int
    num_synthetic: int
    target: str
    test_sha256: str
    measurements: tuple[Measurement, ...]
    columns: tuple[ColumnFidelity, ...]
    pairs: tuple[PairFidelity, ...]
    arms: tuple[Arm, ...]
    curves: tuple[Curve, ...]
    verdict: Verdict
    groups: tuple[GroupEffect, ...] = ()
    attacks: tuple[Attack, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    notes: tuple[str, ...] = ()
    """What a reader should know of the rows, such as faults that were counted as missing values."""
    telltales: tuple[Telltale, ...] = ()

    def measurement(self, name: str) -> Measurement:
        """The measurement called `name`; KeyError where it was not taken."""
        for measurement in self.measurements:
            if measurement.name == name:
                return measurement
        raise KeyError(name)

    def with_curves(self, curves: Iterable[Curve]) -> "Evidence":
        """The same evidence with more curves to plot."""
        return self.model_copy(update={"curves": (*self.curves, *curves)})

    def save(self, path: Path) -> None:
        """Write as JSON."""
        path.write_text(self.model_dump_json(indent=1))

    @classmethod
    def load(cls, path: Path) -> "Evidence":
        """Read what `save` wrote."""
        return cls.model_validate_json(path.read_text())
