"""An exponential moving average of a network's weights."""

import copy
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor, nn

Network = TypeVar("Network", bound=nn.Module)


class Ema(Generic[Network]):
    """Keeps `module`, an averaged copy in eval mode (Yazici et al. 2019; Karras et al. 2018).

    The decay grows from 0 as (1 + n) / (10 + n) up to `decay`, so that the first weights are soon
    forgotten.
    """

    def __init__(self, module: Network, decay: float) -> None:
        self.module = copy.deepcopy(module).eval().requires_grad_(False)
        self.decay = decay
        self.updates = 0

    @torch.no_grad()
    def update(self, module: Network) -> None:
        """Move the average towards `module`; buffers are copied."""
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        averaged: list[Tensor] = list(self.module.parameters())
        torch._foreach_lerp_(averaged, list(module.parameters()), 1 - decay)
        for mine, other in zip(self.module.buffers(), module.buffers(), strict=True):
            mine.copy_(other)
        self.updates += 1

    def state(self) -> dict[str, Any]:
        """The averaged weights and how many updates made them."""
        return {"weights": self.module.state_dict(), "updates": self.updates}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go back to what `state` gave."""
        self.module.load_state_dict(state["weights"])
        self.updates = state["updates"]
