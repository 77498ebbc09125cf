"""What recipes reached when they were run, kept as figures in a file beside the page of them."""

from pathlib import Path
from typing import Self

from filelock import FileLock
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from components.errors import UserError
from components.evaluation.evidence import Outcome as Judged
from components.recipes.recipe import Preset
from components.storage.code import git_revision
from flows.project import PROJECT
from flows.steps.outcome import Outcome


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
    preset: Preset
    seed: int
    minutes: float
    key: str
    commit: str
    gates: tuple[GateSeen, ...] = ()
    failed: str = ""

    @classmethod
    def of(cls, recipe: str, preset: Preset, seed: int, key: str, outcome: Outcome) -> Self:
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
            preset=preset,
            seed=seed,
            minutes=seconds / 60,
            key=key,
            commit=git_revision(PROJECT),
            gates=tuple(gates),
        )


RECORDS = ".json"
_LIST = TypeAdapter(list[Verified])
_Place = tuple[str, Preset, int]


class Records:
    """The records of a family by recipe, preset and seed: the newest of each.

    They lie beside the page, so that whoever has the page goes on with it.
    """

    def __init__(self, path: Path) -> None:
        """Read what the file has; raises UserError where it is not of records."""
        self._path = path
        self._known = _read(path)

    def of(self, preset: Preset) -> list[Verified]:
        """All of a preset, by recipe and seed."""
        return [each for _, each in sorted(self._known.items()) if each.preset == preset]

    def find(self, recipe: str, preset: Preset, seed: int) -> Verified | None:
        """What the recipe reached when it was run last, perhaps with other code."""
        return self._known.get((recipe, preset, seed))

    def keep(self, found: Verified) -> None:
        """Write a record down, in the place of an older one.

        What other processes wrote down in the meantime is read, and stays.
        """
        with FileLock(self._path.with_name(f".{self._path.name}.lock")):
            self._known |= {**_read(self._path), _place(found): found}
            part = self._path.with_suffix(".part")
            ordered = [self._known[place] for place in sorted(self._known)]
            part.write_bytes(_LIST.dump_json(ordered, indent=1) + b"\n")
            part.replace(self._path)


def _read(path: Path) -> dict[_Place, Verified]:
    try:
        known = _LIST.validate_json(path.read_bytes()) if path.is_file() else []
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "all of it"
        raise UserError(
            f"{path} holds no records of mintmark verify: {where}: {first['msg']}"
        ) from error
    return {_place(each): each for each in known}


def _place(found: Verified) -> _Place:
    return found.recipe, found.preset, found.seed
