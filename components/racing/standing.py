"""Where each generator of a race stands: what it was judged, and which ones none beats."""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from components.config import Gate, ModelConfig
from components.evaluation.evidence import Measurement, Outcome, Verdict

_ORDER = (Outcome.PASSED, Outcome.UNDECIDED, Outcome.REFUSED)


class Record(BaseModel):
    """Base of what a race leaves behind: frozen, an unknown key refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Gated(Record):
    """A gated metric of a runner. `spent` is the part of what the gate allows that it used up.

    The way from the ideal to the bar is 1; below 0 is better than ideal. Of a gate whose bar is the
    ideal (a gain above 0) it is the distance to the bar, in the metric's own units.
    """

    metric: str
    value: float
    low: float
    high: float
    spent: float


class Runner(Record):
    """A generator that took part: how long it took, and what its rows were judged."""

    model: ModelConfig = Field(discriminator="name")
    seconds: float
    outcome: Outcome
    gates: tuple[Gated, ...]
    reasons: tuple[str, ...]
    is_unbeaten: bool = False

    @property
    def name(self) -> str:
        """See `title_of`."""
        return title_of(self.model)

    @property
    def rank(self) -> tuple[int, float]:
        """Sorts the best first: by outcome, then by the gate that spends most."""
        return _ORDER.index(self.outcome), max(gate.spent for gate in self.gates)


def title_of(model: ModelConfig) -> str:
    """A generator's name, with its crowd where it has one."""
    crowd = getattr(model, "crowd", 1)
    return f"{model.name}, crowd {crowd}" if crowd > 1 else str(model.name)


class Race(Record):
    """A race's course and result, the winner first; who did not run, and why."""

    num_train: int
    num_held_out: int
    runners: tuple[Runner, ...]
    left_out: dict[str, str] = {}

    @property
    def winner(self) -> Runner:
        """The runner that is fitted on all rows."""
        return self.runners[0]

    def save(self, path: Path) -> None:
        """Write as JSON."""
        path.write_text(self.model_dump_json(indent=1))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote."""
        return cls.model_validate_json(path.read_text())


def runner_of(
    model: ModelConfig, seconds: float, measurements: Sequence[Measurement], verdict: Verdict
) -> Runner:
    """The record of a generator by what was found of its rows."""
    known = {found.name: found for found in measurements}
    gates = []
    for result in verdict.gates:
        found = known[result.gate.metric]
        gates.append(
            Gated(
                metric=found.name,
                value=found.value,
                low=found.low,
                high=found.high,
                spent=spent(found.value, found.goal, result.gate),
            )
        )
    return Runner(
        model=model,
        seconds=seconds,
        outcome=verdict.outcome,
        gates=tuple(gates),
        reasons=tuple(result.reason for result in verdict.gates),
    )


def spent(value: float, goal: str, gate: Gate) -> float:
    """How much of what `gate` allows a value uses up; see `Gated`.

    >>> gate = Gate(metric="membership_auc", better_than=0.5, margin=0.05)
    >>> round(spent(0.52, "minimise", gate), 6)
    0.4
    >>> spent(0.03, "maximise", Gate(metric="augmentation_gain", better_than=0.0))
    -0.03
    """
    sign = 1.0 if goal == "minimise" else -1.0
    ideal = 0.0 if isinstance(gate.better_than, str) else gate.better_than
    used, allowed = sign * (value - ideal), abs(gate.margin)
    return used / allowed if allowed else used


def standing(runners: Sequence[Runner]) -> tuple[Runner, ...]:
    """The runners, the best first, each marked whether another beats it.

    One is beaten where another is no worse by any gate and better by one (Pareto).
    """
    marked = [
        runner.model_copy(update={"is_unbeaten": not any(_beats(o, runner) for o in runners)})
        for runner in runners
    ]
    return tuple(sorted(marked, key=lambda runner: runner.rank))


def _beats(one: Runner, other: Runner) -> bool:
    pairs = [(a.spent, b.spent) for a, b in zip(one.gates, other.gates, strict=True)]
    return all(a <= b for a, b in pairs) and any(a < b for a, b in pairs)
