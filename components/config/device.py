"""Where networks are trained, and in what numbers."""

from enum import StrEnum


class Device(StrEnum):
    """Where a network is trained."""

    CPU = "cpu"
    CUDA = "cuda"


class Precision(StrEnum):
    """The numbers that networks compute with; weights, losses and penalties are float32 in both.

    `bf16_mixed` multiplies in bfloat16, on devices that can.
    """

    FLOAT32 = "float32"
    BF16_MIXED = "bf16_mixed"
