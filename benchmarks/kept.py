"""What a benchmark has measured so far, as JSON lines in a file, so that a killed run goes on."""

import json
import resource
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any


class Kept:
    """The entries of a file by their key; a new one is written as soon as it is measured."""

    def __init__(self, path: Path) -> None:
        """Read what there is."""
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = path.read_text().splitlines() if path.is_file() else []
        self._path = path
        self._known: dict[str, dict[str, Any]] = {
            entry["key"]: entry for entry in map(json.loads, lines)
        }

    @property
    def entries(self) -> Mapping[str, dict[str, Any]]:
        """All that was measured, by key."""
        return self._known

    def __contains__(self, key: str) -> bool:
        """Whether it was measured."""
        return key in self._known

    def entry(self, key: str, measure: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """The entry of `key`, measured now where it is not there."""
        if key not in self._known:
            self._known[key] = {"key": key} | measure()
            with self._path.open("a") as file:
                file.write(json.dumps(self._known[key]) + "\n")
            print(key, self._known[key], flush=True)
        return self._known[key]


def processor_seconds() -> float:
    """What this process and those of its own that have ended took of a processor so far."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)
