"""What the steps of a run hand on: what was registered, what was decided, where to look."""

from dataclasses import dataclass
from pathlib import Path

from components.evaluation.evidence import Evidence
from components.registry.packaging.door import DoorResult
from components.reporting.lineage import Lineage


@dataclass(frozen=True)
class StageDone:
    """How long a stage took, and whether its outputs were there from the same work before."""

    seconds: float
    was_cached: bool


@dataclass(frozen=True)
class Registered:
    """A version in the registry with its evidence; `reused` where the same content was there."""

    model: str
    version: str
    run_id: str
    evidence: Evidence
    lineage: Lineage
    reused: bool


@dataclass(frozen=True)
class Decision:
    """What both doors said, and what follows.

    `undecided` where nothing refused it, but the evidence is too thin for a gate: it is not
    promoted. `champion` is the champion it was taken against; `waits` says how a person may
    answer, empty where none is asked. `is_unlike`: champion and version cannot be compared, so
    that a person is asked.
    """

    promote: bool
    is_champion: bool
    reason: str
    door: DoorResult
    champion: str | None
    waits: str = ""
    undecided: bool = False
    is_unlike: bool = False


@dataclass(frozen=True)
class Outcome:
    """A finished run; `pages` is where its version can be looked at, empty without a server."""

    registered: Registered
    decision: Decision
    report: Path
    workspace: Path
    registry: str
    pages: str
    stages: dict[str, StageDone]
