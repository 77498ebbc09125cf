"""Running means and deviations of features, of rows that are real or made."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from components.training.losses import Moments

KEPT = 0.99
"""How much of the average each batch leaves (Park et al. 2018, section 4.2.2)."""
_TINY = 1e-12


class RunningMoments:
    """The mean and the standard deviation of features over batches, shape (features,).

    The weight of what came before grows from 0 as n / (n + 1) up to .99, so that the first batches
    are soon forgotten.
    """

    def __init__(self, num_features: int, device: torch.device) -> None:
        self.mean = torch.zeros(num_features, device=device)
        self.deviation = torch.zeros(num_features, device=device)
        self.updates = 0

    def update(self, features: Tensor) -> Moments:
        """The averages with this batch, shape (rows, features), in them.

        Their values are those of the averages, their gradient is that of the batch: a hundredth of
        it, the batch's own share, would teach a generator nothing.
        """
        kept = min(KEPT, self.updates / (self.updates + 1))
        mean = features.mean(dim=0)
        deviation = (features.var(dim=0, correction=0) + _TINY).sqrt()
        self.mean = torch.lerp(mean.detach(), self.mean, kept)
        self.deviation = torch.lerp(deviation.detach(), self.deviation, kept)
        self.updates += 1
        return Moments(
            mean + (self.mean - mean.detach()), deviation + (self.deviation - deviation.detach())
        )

    def state(self) -> dict[str, Any]:
        """The averages and how many batches made them."""
        return dict(vars(self))

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go back to what `state` gave."""
        self.mean = state["mean"].to(self.mean.device)
        self.deviation = state["deviation"].to(self.deviation.device)
        self.updates = state["updates"]
