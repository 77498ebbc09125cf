"""Several processes that train one model: how they start, and meet.

Lightning Fabric starts one for each device of this machine, by running the command again, and gives
each its device; those that `torchrun` started, here and on other machines, only meet.
"""

import logging
import os

from components.config import Device, TrainConfig
from components.errors import UserError


def gather(config: TrainConfig) -> None:
    """Have the processes of a training meet, where there are several; only the first says more.

    Call it where running this process's command again does the same. Raises UserError where there
    are fewer devices than the settings ask for, or `torchrun` started another number of processes.
    """
    total = int(os.environ.get("WORLD_SIZE", config.devices))
    if total != config.devices:
        raise UserError(
            f"{total} processes were started to train, but train.model.devices = {config.devices}"
        )
    if total == 1:
        return
    here = int(os.environ.get("LOCAL_WORLD_SIZE", total))
    _check_devices(config.device, here)
    from lightning_fabric import Fabric  # takes seconds, which most trainings need not wait

    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    fabric = Fabric(
        accelerator=config.device, devices=here, num_nodes=total // here, strategy="ddp"
    )
    fabric.launch()
    if not fabric.is_global_zero:
        _hush()


def writes(config: TrainConfig) -> bool:
    """True in the one process of a training that writes for all; they have met before."""
    if config.devices == 1:
        return True
    from components.training.team import find_team  # with torch, which takes seconds

    return find_team(config.devices).is_first


def _check_devices(device: Device, here: int) -> None:
    import torch

    there_are = torch.cuda.device_count()
    if device is Device.CUDA and there_are < here:
        raise UserError(f"train.model.devices = {here}: torch finds {there_are} GPUs here")


def _hush() -> None:
    """From now on, what is printed or logged goes nowhere; tracebacks still do."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
