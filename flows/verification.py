"""Every recipe of a family run with several seeds, and a page that says what each reached."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
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


def verify(
    family: Family, seeds: Sequence[int], preset: Preset, home: Home, tell: Callable[[str], None]
) -> Iterator[Verified]:
    """Each recipe with each seed, as they end; one that was run with this very code is read back.

    Every seed draws another split, trains and judges anew. A recipe that cannot be run is recorded
    as failed, and the others go on.
    """
    for seed in seeds:
        for name in recipes_of(family):
            request = RunRequest(
                recipe=name,
                preset=preset,
                overrides=tuple(f"{section}.seed={seed}" for section in SEEDED),
            )
            path = _path(family, name, request, home)
            if path.is_file():
                yield Verified.model_validate_json(path.read_text())
                continue
            tell(f"{name}, seed {seed}")
            found = _run(name, seed, request)
            if not found.failed:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(found.model_dump_json(indent=1))
            yield found


def _run(name: str, seed: int, request: RunRequest) -> Verified:
    try:
        outcome = retrain(request.pinned(build_params(request)))
    except (UserError, StageFailed) as error:
        return Verified(recipe=name, seed=seed, minutes=0, failed=str(error))
    return Verified.of(name, seed, outcome)


def _path(family: Family, name: str, request: RunRequest, home: Home) -> Path:
    """Where the record of exactly this run lies: its settings and its code are in the name."""
    key = hashlib.sha256(request_key(build_params(request)).encode()).hexdigest()[:16]
    return home.verified / str(family) / f"{name}-{key}.json"
