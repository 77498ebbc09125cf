"""How many threads numerical libraries use: those that are loaded, and those that will be."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

THREADS_VARIABLE = "OMP_NUM_THREADS"
WAITING = "OMP_WAIT_POLICY"


@contextmanager
def limited_threads(number: int) -> Iterator[None]:
    """At most `number` threads inside the context, also in a torch that is only loaded inside.

    Torch is loaded where a network is needed, and takes what `THREADS_VARIABLE` says at that
    moment, all cores without it: sums, and so weights, would depend on the machine. Threads of
    a torch that was loaded inside are what they would be without the context once it ends. Its
    threads sleep while they wait, unless `WAITING` says otherwise: those that spin keep others
    from working, and beside another training that made one five times slower.
    """
    from threadpoolctl import threadpool_limits  # not needed to sample

    before, outside = _torch_threads(), _num_threads(os.environ.get(THREADS_VARIABLE))
    inside = {THREADS_VARIABLE: str(number), WAITING: os.environ.get(WAITING, "passive")}
    _set_torch_threads(number)
    try:
        with _environment(inside), threadpool_limits(number):
            yield
    finally:
        _set_torch_threads(before or outside)


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """The variables inside the context, and what they were after it."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


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
