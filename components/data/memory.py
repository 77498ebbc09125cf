"""Reading no more than there is memory for: a small file may promise gigabytes."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from components.errors import UserError


@contextmanager
def within_free_memory(what: str) -> Iterator[None]:
    """Raise UserError, naming `what` is read, where more memory is asked for than is free.

    Linux would grant it, and end the process, or another, once it is used. The limit is the whole
    process's, while any such context lasts.
    """
    try:
        with _LIMIT:
            yield
    except MemoryError as error:
        raise UserError(f"cannot read {what}: it takes more memory than is free") from error


class _Limit:
    """What this process may take more, set by the first who enters, taken back by the last."""

    def __init__(self) -> None:
        self._lock, self._num_inside, self._before = Lock(), 0, (-1, -1)

    def __enter__(self) -> None:
        with self._lock:
            if sys.platform == "linux" and not self._num_inside:
                self._before = _limit_to_free_memory()
            self._num_inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._num_inside -= 1
            if sys.platform == "linux" and not self._num_inside:
                import resource

                resource.setrlimit(resource.RLIMIT_DATA, self._before)


_LIMIT = _Limit()


def _limit_to_free_memory() -> tuple[int, int]:
    """Let this process have no more than it has and is free; the limits that held before."""
    import resource

    import psutil

    before = soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    free = _data_bytes() + psutil.virtual_memory().available
    limits = [each for each in (free, soft) if each != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_DATA, (min(limits), hard))
    return before


def _data_bytes() -> int:
    """What this process has of memory of its own, as the kernel counts it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmData:"))
