"""Every recipe of a family run with several seeds, and a page that says what each reached."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict

from components.errors import UserError
from components.evaluation.evidence import Outcome as Judged
from components.recipes.catalog import recipes_of
from components.recipes.recipe import Family, Preset
from components.storage.code import git_revision
from components.storage.dvc import StageFailed
from components.storage.home import Home
from flows.outcome import Outcome
from flows.project import PROJECT
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
    """What one recipe reached with one seed; `failed` says why there is nothing.

    `key` names the settings and the code that it was run with, `commit` where these are found.
    """

    recipe: str
    seed: int
    minutes: float
    key: str
    commit: str
    gates: tuple[GateSeen, ...] = ()
    failed: str = ""

    @classmethod
    def of(cls, recipe: str, seed: int, key: str, outcome: Outcome) -> Self:
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
        return cls(
            recipe=recipe,
            seed=seed,
            minutes=seconds / 60,
            key=key,
            commit=git_revision(PROJECT),
            gates=tuple(gates),
        )


@dataclass(frozen=True)
class Planned:
    """A recipe to be run with a seed, and where the record of its last run lies."""

    recipe: str
    seed: int
    request: RunRequest
    path: Path

    @cached_property
    def key(self) -> str:
        """A name for the settings and the code that would run: what recipes say is in the settings.

        So a change of one recipe leaves the records of the others as they are.
        """
        return request_key(build_params(self.request), without=("recipes",))

    def record(self) -> Verified | None:
        """What it reached when it was run last, perhaps with other code; None if it never was."""
        return Verified.model_validate_json(self.path.read_text()) if self.path.is_file() else None

    def is_kept(self) -> bool:
        """True where a run would find again what is recorded."""
        found = self.record()
        return found is not None and found.key == self.key

    def run(self) -> Verified:
        """Run it and keep its record; one that cannot be run is recorded nowhere but here."""
        try:
            outcome = retrain(self.request.pinned(build_params(self.request)))
        except (UserError, StageFailed) as error:
            return Verified(
                recipe=self.recipe,
                seed=self.seed,
                minutes=0,
                key=self.key,
                commit=git_revision(PROJECT),
                failed=str(error),
            )
        found = Verified.of(self.recipe, self.seed, self.key, outcome)
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
            path = home.verified / str(family) / f"{name}-{preset}-{seed}.json"
            planned.append(Planned(name, seed, request, path))
    return planned
