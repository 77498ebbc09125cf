"""Trials of the calibration study: what each one is, and a file of results that survives a kill."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
STUDY_FILES = ("tables.py", "generators.py", "processes.py")


@dataclass(frozen=True)
class Trial:
    """One trial: the study it belongs to, the table, the generator, its size and its seed.

    `rows` is the number of training rows, 0 where the study has its own; `level` is what the study
    varies besides: the ratio of synthetic to real rows, the number of simulations.
    """

    study: str
    table: str
    generator: str
    seed: int
    rows: int = 0
    level: float = 0.0

    @property
    def name(self) -> str:
        """The trial in words, for the progress line."""
        size = f" {self.rows} rows" if self.rows else ""
        return f"{self.study}: {self.table}{size}, {self.generator}, seed {self.seed}"

    def key(self) -> str:
        """The trial together with the code that decides its result."""
        said = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(f"{said}{code_hash(self.study)}".encode()).hexdigest()[:20]


@dataclass(frozen=True)
class Result:
    """What a trial found, and the seconds it took."""

    trial: Trial
    found: dict[str, Any]
    seconds: float


@cache
def code_hash(study: str) -> str:
    """The SHA-256 of the evaluation, of its settings and of what the study itself is made of."""
    here = Path(__file__).parent
    evaluation = sorted((ROOT / "components" / "evaluation").rglob("*.py"))
    own = [here / name for name in (*STUDY_FILES, f"{study}.py")]
    digest = hashlib.sha256()
    for path in [*evaluation, ROOT / "components" / "config" / "evaluate.py", *own]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


@dataclass
class ResultFile:
    """Results as JSON lines, one a trial, appended as they come.

    A line that a kill cut short is cut off when the file is opened; its trial runs again.
    """

    path: Path
    known: dict[str, Result] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Read what there is."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        text = self.path.read_bytes() if self.path.exists() else b""
        whole = text[: text.rfind(b"\n") + 1]
        if len(whole) < len(text):
            self.path.write_bytes(whole)
        for line in whole.splitlines():
            said = json.loads(line)
            trial = Trial(**said["trial"])
            self.known[said["key"]] = Result(trial, said["found"], said["seconds"])

    def add(self, result: Result) -> None:
        """Append one result, at once on disk."""
        key = result.trial.key()
        said = {"key": key, **asdict(result)}
        with self.path.open("a") as file:
            file.write(json.dumps(said, sort_keys=True) + "\n")
        self.known[key] = result

    def missing(self, trials: Iterable[Trial]) -> list[Trial]:
        """Those of `trials` that have no result by the code as it is."""
        return [trial for trial in trials if trial.key() not in self.known]

    def of(self, trials: Iterable[Trial]) -> list[Result]:
        """The results there are of `trials`, by the code as it is."""
        return [self.known[key] for trial in trials if (key := trial.key()) in self.known]
