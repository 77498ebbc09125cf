"""One at a time, also across machines: who decides on a model, or registers for it, takes turns.

File locks keep the runs of one machine apart. Between machines, Prefect keeps a limit of one for
each kind of turn and model; its lease ends by itself where the holder's machine is lost.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from flows.services.slots import MACHINE_VARIABLE

_LEASE_SECONDS = 60


def on_one_of_several() -> bool:
    """Whether this process is a worker's that shares its models with other machines."""
    return bool(os.environ.get(MACHINE_VARIABLE))


def told_of_a_server() -> bool:
    """Whether an operator's shell names a Prefect server, which other machines use too."""
    return bool(os.environ.get("PREFECT_API_URL"))


@contextmanager
def turn(kind: str, model: str, *, is_shared: bool | None = None) -> Iterator[None]:
    """Hold the turn `kind` for `model` during the block; where nobody shares it, nothing.

    It is shared where this process is `on_one_of_several` machines, unless the caller knows. The
    model's own file lock is still to be taken inside.
    """
    if not (on_one_of_several() if is_shared is None else is_shared):
        yield
        return
    from prefect.client.orchestration import get_client  # takes seconds, and writes to its home
    from prefect.concurrency.sync import concurrency

    name = f"mintmark-{kind}-{model}"
    with get_client(sync_client=True) as client:
        client.upsert_global_concurrency_limit_by_name(name, 1)
    with concurrency(
        name, strict=True, lease_duration=_LEASE_SECONDS, raise_on_lease_renewal_failure=False
    ):
        yield
