"""What a reader of damaged files may not do: run code, write elsewhere, hang, take all memory.

Python tells its audit hooks of every file that is opened and every program that is started
(PEP 578); pickles tell of every name that they look up.
"""

import os
import resource
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from components.errors import UserError

MOST_SECONDS = 20
MOST_BYTES = 1536 * 1024**2
"""What a reader may take of the address space beyond what the process has."""

_STARTED = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.spawn")
_CODE = ("pickle.find_class", "marshal.loads", "socket.connect")
_CHANGED = ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.symlink", "os.link", "os.chmod")
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Forbidden(BaseException):
    """Raised where a reader does what it may not; no handler of errors stops it."""


_allowed: list[Path] = []


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if not _allowed:
        return
    if event in _STARTED or (event in _CODE and not _is_import()):
        raise Forbidden(f"{event} {arguments!r}")
    is_below_another = event in _CHANGED and isinstance(arguments[-1], int) and arguments[-1] >= 0
    if event in _CHANGED or (event == "open" and _is_written(arguments)):
        path = None if is_below_another else arguments[0]
        if isinstance(path, str | bytes | os.PathLike) and not _is_within(os.fsdecode(path)):
            raise Forbidden(f"{event} {arguments!r}")


def _is_import() -> bool:
    """Whether a module is being imported, which reads its code by marshal."""
    frame = sys._getframe()
    while frame.f_back is not None:
        if "importlib" in frame.f_code.co_filename:
            return True
        frame = frame.f_back
    return False


def _is_written(arguments: tuple[Any, ...]) -> bool:
    _, mode, flags = arguments
    if isinstance(mode, str):
        return any(sign in mode for sign in "wax+")
    return bool(flags & _WRITES)


def _is_within(path: str) -> bool:
    place = Path(path).absolute()
    is_cache = "__pycache__" in place.parts or place.is_relative_to("/dev")
    return is_cache or any(place.is_relative_to(folder) for folder in _allowed)


sys.addaudithook(_hear)


@contextmanager
def watched(folder: Path, most_bytes: int = MOST_BYTES) -> Iterator[None]:
    """Raise `Forbidden` where anything is written outside `folder`, run, or takes too long.

    More memory than `most_bytes` beyond what the process has is not given.
    """

    def too_long(number: int, frame: FrameType | None) -> None:
        raise Forbidden(f"it takes longer than {MOST_SECONDS} s")

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    in_use = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    before = signal.signal(signal.SIGALRM, too_long)
    _allowed[:] = [folder.absolute(), Path(tempfile.gettempdir()) / "torchinductor"]
    resource.setrlimit(resource.RLIMIT_AS, (in_use + most_bytes, hard))
    signal.setitimer(signal.ITIMER_REAL, MOST_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
        _allowed.clear()


def refuses_clearly(act: Callable[[], object]) -> bool:
    """Whether `act` raises a UserError to be read; False where it returns. All else is raised."""
    try:
        act()
    except UserError as error:
        assert 0 < len(str(error)) < 4_000, f"not to be read: {str(error)[:200]!r}"
        return True
    return False
