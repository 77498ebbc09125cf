"""The processes that train one game together, each on its own rows of every batch.

They meet in `components/stages/together.py`. All keep the same networks and draw the same random
numbers, so that all that a process has to be told of the others is how steep the losses are there,
and what layers find that look across the rows of a batch.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor, distributed

logger = logging.getLogger(__name__)

Agreed = TypeVar("Agreed")


@dataclass(frozen=True)
class Team:
    """A process of `size` that share each batch: the `rank`-th, from 0 on."""

    rank: int = 0
    size: int = 1

    @property
    def is_first(self) -> bool:
        """True for the one that decides, logs and writes."""
        return self.rank == 0

    def own(self, rows: Tensor) -> Tensor:
        """This process's rows of a batch: every `size`-th, from the `rank`-th on.

        So rows that lie evenly apart, as the groups of `MinibatchDeviation` do, stay together.
        """
        return rows if self.size == 1 else rows[self.rank :: self.size]

    def whole(self, own: Tensor) -> Tensor:
        """The batch of which these are a process's own rows; no gradient goes through it."""
        if self.size == 1:
            return own
        parts = [torch.empty_like(own) for _ in range(self.size)]
        distributed.all_gather(parts, own.contiguous())
        return torch.stack(parts, dim=1).flatten(0, 1)

    def average(self, tensors: Sequence[Tensor]) -> None:
        """Put the mean over all processes into each tensor, by one message."""
        if self.size == 1:
            return
        flat = torch.cat([tensor.flatten() for tensor in tensors])
        distributed.all_reduce(flat)
        parts = (flat / self.size).split([tensor.numel() for tensor in tensors])
        for tensor, part in zip(tensors, parts, strict=True):
            tensor.copy_(part.view(tensor.shape))

    def mean(self, value: Tensor) -> Tensor:
        """The mean over all processes; gradients of all of them go back through it."""
        if self.size == 1:
            return value
        total: Tensor = _Sum.apply(value)  # type: ignore[no-untyped-call]
        return total / self.size

    def agreed(self, found: Callable[[], Agreed]) -> Agreed:
        """What the first process finds, in all of them."""
        if self.size == 1:
            return found()
        told: list[Any] = [found() if self.is_first else None]
        distributed.broadcast_object_list(told)
        agreed: Agreed = told[0]
        return agreed


ALONE = Team()


def find_team(devices: int) -> Team:
    """This process among those that are to share a training, where they have met; else alone."""
    if devices == 1:
        return ALONE
    if not distributed.is_initialized():
        logger.info("devices = %d share trainings of `train` alone: this one has one", devices)
        return ALONE
    return Team(distributed.get_rank(), distributed.get_world_size())


class _Sum(torch.autograd.Function):
    """The sum over all processes. What each says of its slope counts for all that went into it."""

    @staticmethod
    def forward(ctx: Any, value: Tensor) -> Tensor:
        total = value.clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> Tensor:
        total = slope.clone()
        distributed.all_reduce(total)
        return total
