"""Where each generator of a race stands: what it was judged, and which ones none beats."""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from components.config import (
    AutoregressiveConfig,
    Gate,
    ModelConfig,
    ResampledConfig,
    TreesConfig,
)
from components.data.records import read_record
from components.evaluation.evidence import Measurement, Outcome, Verdict

ORDER = (Outcome.PASSED, Outcome.UNDECIDED, Outcome.REFUSED)
"""Outcomes, the best first."""

LIKENESS = "two_sample_auc"
"""The gated metric of how like real ones the rows are, where a purpose has it."""

AT_THE_BAR = 1.0
NARROW = 0.9
"""Who spends more than this of what a gate allows has passed narrowly."""


class Record(BaseModel):
    """Base of what a race leaves behind: frozen, an unknown key refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Gated(Record):
    """A gated metric of a runner. `spent` is the part of what the gate allows that it used up.

    The way from the ideal to the bar is 1; below 0 is better than ideal. Of a gate whose bar is the
    ideal (a gain above 0) it is the distance to the bar, in the metric's own units. `least_spent`
    and `most_spent` are those of the interval's better and worse end; older records have none.
    """

    metric: str
    value: float
    low: float
    high: float
    spent: float
    least_spent: float | None = None
    most_spent: float | None = None


class Runner(Record):
    """A generator that took part: what it took of a processor, and what its rows were judged."""

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
    def worst(self) -> Gated:
        """The gate that spends most."""
        return max(self.gates, key=lambda gate: gate.spent)

    @property
    def has_likeness(self) -> bool:
        """Whether one of its gates is that of likeness."""
        return any(gate.metric == LIKENESS for gate in self.gates)

    @property
    def unlikeness(self) -> float:
        """What the gate of likeness spends; of a purpose without one, the gate that spends most."""
        found = [gate.spent for gate in self.gates if gate.metric == LIKENESS]
        return found[0] if found else self.worst.spent


def title_of(model: ModelConfig) -> str:
    """A generator's name, with its crowd, trees and price on the gap where they are its own."""
    if isinstance(model, ResampledConfig):
        return f"{title_of(model.generator)}, resampled"
    crowd = getattr(model, "crowd", 1)
    title = f"{model.name}, crowd {crowd}" if crowd > 1 else str(model.name)
    if isinstance(model, TreesConfig) and model.num_trees > 1:
        title += f", {model.num_trees} trees"
    usual = AutoregressiveConfig().gap_weight
    if isinstance(model, AutoregressiveConfig) and model.gap_weight != usual:
        title += f", gap weight {model.gap_weight:g}"
    return title


class Race(Record):
    """A race's course and result, the winner first; who was left out, and why."""

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
        return read_record(cls, path)


def runner_of(
    model: ModelConfig, seconds: float, measurements: Sequence[Measurement], verdict: Verdict
) -> Runner:
    """The record of a generator by what was found of its rows."""
    known = {found.name: found for found in measurements}
    gates = []
    for result in verdict.gates:
        found = known[result.gate.metric]
        value, low, high = (
            spent(each, found.goal, result.gate) for each in (found.value, found.low, found.high)
        )
        gates.append(
            Gated(
                metric=found.name,
                value=found.value,
                low=found.low,
                high=found.high,
                spent=value,
                least_spent=min(low, high),
                most_spent=max(low, high),
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

    The best outcome wins, and among equals the rows most like real ones: all of those that passed
    are equals, of others those whose worst gate the evidence cannot tell from the least bad one's.
    Where the one that would win has passed narrowly, who is undecided is its equal if its worst
    gate spends no more. One is beaten where another is no worse by any gate and better by one
    (Pareto).
    """
    marked = [
        runner.model_copy(update={"is_unbeaten": not any(_beats(o, runner) for o in runners)})
        for runner in runners
    ]
    passed, undecided, refused = (
        _of_one_outcome([one for one in marked if one.outcome is outcome]) for outcome in ORDER
    )
    as_good = [one for one in undecided if passed and _spends_no_more(one, passed[0])]
    left = [one for one in undecided if one not in as_good]
    return (*sorted([*passed, *as_good], key=_by_likeness), *left, *refused)


def _spends_no_more(one: Runner, first: Runner) -> bool:
    """Whether its worst gate spends no more than that of `first`, which passed narrowly.

    That is asked where there is a gate of likeness: one that is just reached on few rows is not on
    more, which tell more; a gain would be.
    """
    is_narrow = first.worst.spent > NARROW
    return one.has_likeness and is_narrow and one.worst.spent <= first.worst.spent


def _by_likeness(runner: Runner) -> tuple[float, float]:
    return runner.unlikeness, runner.worst.spent


def _of_one_outcome(runners: Sequence[Runner]) -> list[Runner]:
    """Runners of the same outcome, the best first: equals by likeness, then by the worst gate."""
    if not runners:
        return []
    least = min(runner.worst.spent for runner in runners)
    equals = [
        one
        for one in runners
        if one.outcome is Outcome.PASSED
        or (one.worst.spent <= max(AT_THE_BAR, least) and _reaches(one, least))
    ]
    others = [one for one in runners if one not in equals]
    return sorted(equals, key=_by_likeness) + sorted(others, key=lambda one: one.worst.spent)


def _reaches(runner: Runner, spent: float) -> bool:
    """Whether the intervals of all its gates reach down to so little spent."""
    reached = [
        gate.spent if gate.least_spent is None else gate.least_spent for gate in runner.gates
    ]
    return max(reached) <= spent


def _beats(one: Runner, other: Runner) -> bool:
    pairs = [(a.spent, b.spent) for a, b in zip(one.gates, other.gates, strict=True)]
    return all(a <= b for a, b in pairs) and any(a < b for a, b in pairs)
