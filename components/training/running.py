"""How networks are run while they are trained: in what numbers, compiled or as they are."""

import os
import shutil
from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from components.config import AdversarialConfig, Precision
from components.errors import UserError
from components.training.devices import find_device

Said = TypeVar("Said")
Run = Callable[..., Any]


def check_numbers(config: AdversarialConfig) -> None:
    """Raise UserError where this machine cannot run networks as the settings ask."""
    device = find_device(config.device)
    if config.precision is Precision.BF16_MIXED and not _multiplies_bfloat16(device):
        raise UserError(
            f"precision = {config.precision}: the {device.type} of this machine multiplies no "
            f"bfloat16; {Precision.FLOAT32} works"
        )
    if config.compile and device.type == "cpu" and _compiler() is None:
        raise UserError("compile = true needs a C++ compiler on the CPU, and there is no g++ here")


def _multiplies_bfloat16(device: torch.device) -> bool:
    """Whether there are instructions for it: else it is emulated, and slower than float32."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def _compiler() -> str | None:
    return os.environ.get("CXX") or shutil.which("g++") or shutil.which("clang++")


def runner(network: nn.Module, config: AdversarialConfig, *, is_compiled: bool) -> Run:
    """What runs the network as the settings say; it gives float32 back.

    A gradient of a gradient cannot be taken of what is compiled: penalties on slopes need a runner
    that is not.
    """
    run: Run = torch.compile(network) if is_compiled else network
    if config.precision is Precision.FLOAT32:
        return run
    device = find_device(config.device).type

    def mixed(*inputs: Tensor) -> Any:
        with torch.autocast(device, torch.bfloat16):
            said = run(*inputs)
        return _wide(said)

    return mixed


def _wide(said: Any) -> Any:
    """Tensors in float32, also in a named tuple of some."""
    if isinstance(said, Tensor):
        return said.float()
    return type(said)(*(None if part is None else part.float() for part in said))
