"""One network that learns by a falling rate, its average, and all that a checkpoint needs of it."""

from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor, nn

from components.training.ema import Ema

Network = TypeVar("Network", bound=nn.Module)

WARMING_STEPS = 50
BIGGEST_SLOPE = 5.0


class AveragedLearner(Generic[Network]):
    """A network taught by AdamW, whose average over the last steps is what is kept.

    The rate rises for 50 steps and falls to 0 as a cosine; gradients longer than 5 are shortened.
    `groups` are AdamW's groups of parameters; `random` is where the lessons' random numbers come
    from, and goes into checkpoints with all else.
    """

    def __init__(
        self,
        network: Network,
        groups: Sequence[dict[str, Any]],
        *,
        rate: float,
        ema_decay: float,
        random: torch.Generator,
    ) -> None:
        self.network, self.rate, self.random = network, rate, random
        self.averaged = Ema(network, ema_decay)
        self.optimiser = torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.99), fused=True)

    def descend(self, loss: Tensor, progress: float) -> None:
        """A step down the loss, at the rate of this share of the training."""
        warm = min(1.0, (self.averaged.updates + 1) / WARMING_STEPS)
        falling = float(0.5 * (1 + torch.cos(torch.tensor(torch.pi * progress))))
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate * warm * falling
        self.optimiser.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), BIGGEST_SLOPE)
        self.optimiser.step()
        self.averaged.update(self.network)

    def weights(self) -> dict[str, Tensor]:
        """A copy of the averaged network's weights."""
        return {name: value.clone() for name, value in self.averaged.module.state_dict().items()}

    def state(self) -> dict[str, Any]:
        """Network, average, optimiser and random state."""
        return {
            "network": self.network.state_dict(),
            "averaged": self.averaged.state(),
            "optimiser": self.optimiser.state_dict(),
            "random": self.random.get_state(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go back to what `state` gave."""
        self.network.load_state_dict(state["network"])
        self.averaged.restore(state["averaged"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.random.set_state(state["random"])
