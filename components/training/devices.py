"""Where networks are trained, whether that is there, and by how many threads."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from components.config import Device
from components.errors import UserError


def find_device(device: Device) -> torch.device:
    """The torch device; raises UserError where this machine has none of the kind.

    >>> find_device(Device.CPU)
    device(type='cpu')
    """
    if device is Device.CUDA and not torch.cuda.is_available():
        raise UserError(f"device = {device}: this machine has no GPU that torch can use; cpu works")
    return torch.device(device)


@contextmanager
def one_thread() -> Iterator[None]:
    """Torch works in one thread within: for networks so small that more gain little.

    Threads that wait for each other keep their processors busy, so that where others want these too
    two threads may be ten times slower than one.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
