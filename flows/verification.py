"""Every recipe of a family run with several seeds, and a page that says what each reached."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict

from components.errors import UserError
from components.evaluation.evidence import Outcome as Judged
from components.recipes.catalog import recipes_of
from components.recipes.recipe import Family, Preset
from components.storage.dvc import StageFailed
from components.storage.home import Home
from flows.outcome import Outcome
from flows.request import RunRequest, build_params, request_key
from flows.retrain import retrain

SEEDED = ("prepare", "train", "synthesize", "evaluate")


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class GateSeen(_Record):
    """A gate's metric and baseline, the interval it was judged by, its bar, and the outcome."""

    metric: str
    baseline: str | None
    value: float
    low: float
    high: float
    bar: float
    confidence: float
    outcome: Judged
    reason: str


class Verified(_Record):
    """What one recipe reached with one seed; `failed` says why there is nothing."""

    recipe: str
    seed: int
    minutes: float
    gates: tuple[GateSeen, ...] = ()
    failed: str = ""

    @classmethod
    def of(cls, recipe: str, seed: int, outcome: Outcome) -> Self:
        """The record of a run that ended."""
        evidence = outcome.registered.evidence
        measured = {each.name: each for each in evidence.measurements}
        gates = []
        for result in evidence.verdict.gates:
            found = measured[result.gate.metric]
            by = {each.baseline: each for each in found.comparisons}
            asked = by[result.gate.baseline] if result.gate.baseline else found
            gates.append(
                GateSeen(
                    metric=result.gate.metric,
                    baseline=result.gate.baseline,
                    value=asked.value,
                    low=asked.low,
                    high=asked.high,
                    bar=result.gate.bar,
                    confidence=result.gate.confidence,
                    outcome=result.outcome,
                    reason=result.reason,
                )
            )
        seconds = sum(stage.seconds for stage in outcome.stages.values())
        return cls(recipe=recipe, seed=seed, minutes=seconds / 60, gates=tuple(gates))


@dataclass(frozen=True)
class Planned:
    """A recipe to be run with a seed, and where the record of exactly this run lies."""

    recipe: str
    seed: int
    request: RunRequest
    path: Path

    def record(self) -> Verified | None:
        """What it reached, if it was run with this very code."""
        return Verified.model_validate_json(self.path.read_text()) if self.path.is_file() else None

    def run(self) -> Verified:
        """Run it and keep its record; one that cannot be run is recorded nowhere but here."""
        try:
            outcome = retrain(self.request.pinned(build_params(self.request)))
        except (UserError, StageFailed) as error:
            return Verified(recipe=self.recipe, seed=self.seed, minutes=0, failed=str(error))
        found = Verified.of(self.recipe, self.seed, outcome)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(found.model_dump_json(indent=1))
        return found


def plan(
    family: Family, seeds: Sequence[int], preset: Preset, home: Home, only: Sequence[str] = ()
) -> list[Planned]:
    """Every recipe of the family, or those named, with each seed: the first seed of all first.

    Every seed draws another split, trains and judges anew. Raises UserError for a name that is not
    of the family.
    """
    known = recipes_of(family)
    strange = [name for name in only if name not in known]
    if strange:
        raise UserError(f"no recipe {strange[0]!r} of {family}; there are: {', '.join(known)}")
    planned = []
    for seed in seeds:
        for name in only or known:
            overrides = tuple(f"{section}.seed={seed}" for section in SEEDED)
            request = RunRequest(recipe=name, preset=preset, overrides=overrides)
            planned.append(Planned(name, seed, request, _path(family, name, request, home)))
    return planned


def _path(family: Family, name: str, request: RunRequest, home: Home) -> Path:
    """Where the record of exactly this run lies: its settings and its code are in the name.

    What a recipe says is in the settings, so that a change of one leaves the others' records.
    """
    key = request_key(build_params(request), without=("recipes",))[:16]
    return home.verified / str(family) / f"{name}-{key}.json"
