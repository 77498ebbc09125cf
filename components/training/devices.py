"""Where networks are trained, and whether that is there."""

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
