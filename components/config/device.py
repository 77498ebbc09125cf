"""Where networks are trained."""

from enum import StrEnum


class Device(StrEnum):
    """Where a network is trained."""

    CPU = "cpu"
    CUDA = "cuda"
