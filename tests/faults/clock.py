"""A clock of a worker's own, that can be moved while its processes run (Linux, with a compiler).

`libfaketime` does the same, and fails Python's `time.sleep`: hence `clock.c`.
"""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_SOURCE = Path(__file__).with_name("clock.c")
SECONDS_UNTIL_SEEN = 1.0


@dataclass(frozen=True)
class Clock:
    """A clock that is as many seconds ahead as its file says, for whoever runs with `variables`."""

    library: Path
    file: Path

    @property
    def variables(self) -> dict[str, str]:
        """What a process needs to live by this clock, and what it starts."""
        return {"LD_PRELOAD": str(self.library), "MOVED_CLOCK": str(self.file)}

    def set(self, seconds: int) -> None:
        """Move it so far ahead of the system's, or behind it where negative."""
        draft = self.file.with_suffix(".part")
        draft.write_text(f"{seconds}\n")
        draft.replace(self.file)

    @contextmanager
    def moved(self, seconds: int) -> Iterator[None]:
        """Ahead during the block, then as the system's again."""
        self.set(seconds)
        try:
            yield
        finally:
            self.set(0)


def why_no_clocks() -> str:
    """What is missing for clocks that can be moved, empty where nothing is."""
    return "" if shutil.which("gcc") else "there is no gcc to build a clock with"


def build_clock(folder: Path) -> Clock:
    """A clock that keeps its files in `folder`, as the system's at first."""
    folder.mkdir(parents=True, exist_ok=True)
    library = folder / "clock.so"
    build = ["gcc", "-shared", "-fPIC", "-O2", "-o", str(library), str(_SOURCE)]
    subprocess.run(build, check=True)
    clock = Clock(library, folder / "clock")
    clock.set(0)
    return clock
