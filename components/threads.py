"""How many threads numerical libraries use: those that are loaded, and those that will be."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

VARIABLE = "OMP_NUM_THREADS"


@contextmanager
def limited_threads(number: int) -> Iterator[None]:
    """At most `number` threads inside the context, also in a torch that is only loaded inside.

    Torch is loaded where a network is needed, and takes what `VARIABLE` says at that moment, all
    cores without it: sums, and so weights, would depend on the machine. Threads of a torch that was
    loaded inside are what they would be without the context once it ends.
    """
    from threadpoolctl import threadpool_limits  # not needed to sample

    outside, before = os.environ.get(VARIABLE), _torch_threads()
    os.environ[VARIABLE] = str(number)
    _set_torch_threads(number)
    try:
        with threadpool_limits(number):
            yield
    finally:
        if outside is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = outside
        _set_torch_threads(before or _num_threads(outside))


def _torch_threads() -> int | None:
    """The threads of torch, None where it is not loaded."""
    torch = sys.modules.get("torch")
    return None if torch is None else int(torch.get_num_threads())


def _set_torch_threads(number: int) -> None:
    """Set those of torch where it is loaded: it has a library inside that nobody else reaches."""
    if (torch := sys.modules.get("torch")) is not None:
        torch.set_num_threads(number)


def _num_threads(said: str | None) -> int:
    """The threads that the variable's value stands for; all cores where it says nothing."""
    first = (said or "").split(",")[0].strip()
    return int(first) if first.isdecimal() and int(first) else os.cpu_count() or 1
