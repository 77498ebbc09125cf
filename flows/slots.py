"""Slots: how many heavy stages a machine has at a time, whatever runs are under way."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from prefect.concurrency.sync import concurrency

from flows.services import SLOTS_VARIABLE

CPU = "mintmark-cpu"
_HEAVY = frozenset({"train", "evaluate"})
_LEASE_SECONDS = 60
"""How long a killed run keeps its slot."""


@contextmanager
def slot_for(stage: str) -> Iterator[None]:
    """Hold a slot while a heavy stage runs; wait for one where all are taken.

    Only a standing server keeps slots: one that ends with a run could not take them back from a
    run that was killed.
    """
    if stage not in _HEAVY or SLOTS_VARIABLE not in os.environ:
        yield
        return
    with concurrency(
        CPU, strict=True, lease_duration=_LEASE_SECONDS, raise_on_lease_renewal_failure=False
    ):
        yield
