"""Slots: how many heavy stages a machine has at a time, on its processors and on its GPUs."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from components.config import Device, Params
from flows.services.running import SLOTS_VARIABLE

MACHINE_VARIABLE = "MINTMARK_MACHINE"
"""The name of this machine where there are several: each has slots of its own."""
CPU = "mintmark-cpu"
GPU = "mintmark-gpu"
_HEAVY = frozenset({"train", "evaluate"})
_LEASE_SECONDS = 60
"""How long a killed run keeps its slot."""


@contextmanager
def slot_for(stage: str, params: Params) -> Iterator[None]:
    """Hold a slot while a heavy stage runs; wait for one where all are taken.

    A training on a GPU holds one of the GPUs' slots, everything else one of the processors'.

    Only a standing server keeps slots: one that ends with a run could not take them back from a
    run that was killed.
    """
    if stage not in _HEAVY or SLOTS_VARIABLE not in os.environ:
        yield
        return
    from prefect.concurrency.sync import concurrency  # who only asks for a name waits for nothing

    with concurrency(
        slot_name(stage, params),
        strict=True,
        lease_duration=_LEASE_SECONDS,
        raise_on_lease_renewal_failure=False,
    ):
        yield


def slot_name(stage: str, params: Params) -> str:
    """Which kind of slot of this machine a heavy stage holds."""
    kind = GPU if stage == "train" and params.train.device is Device.CUDA else CPU
    return slot_of_machine(kind, os.environ.get(MACHINE_VARIABLE, ""))


def slot_of_machine(kind: str, machine: str) -> str:
    """The name of a machine's slots; of the only machine there is, the kind alone."""
    return f"{kind}-{machine}" if machine else kind
