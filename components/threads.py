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

    outside, had_torch = os.environ.get(VARIABLE), "torch" in sys.modules
    os.environ[VARIABLE] = str(number)
    try:
        with threadpool_limits(number):
            yield
    finally:
        if outside is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = outside
        if "torch" in sys.modules and not had_torch:
            sys.modules["torch"].set_num_threads(_num_threads(outside))


def _num_threads(said: str | None) -> int:
    """The threads that the variable's value stands for; all cores where it says nothing."""
    first = (said or "").split(",")[0].strip()
    return int(first) if first.isdecimal() and int(first) else os.cpu_count() or 1
