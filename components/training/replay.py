"""Past samples that a discriminator sees again (Shrivastava et al. 2017, section 2.3)."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor


class ReplayPool:
    """Keeps `slots` past samples and what they were made for, and swaps them with new ones.

    The slots are filled first, from the batches as they come. From then on the first half of each
    batch (or as many as there are slots) is swapped with slots chosen at random.
    """

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self.samples: Tensor | None = None
        self.conditions: Tensor | None = None

    def swap(
        self, samples: Tensor, conditions: Tensor, random: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """What the discriminator is to see for these samples (rows, ...), and their conditions."""
        if self.samples is None or self.conditions is None:
            self.samples, self.conditions = samples[: self.slots], conditions[: self.slots]
            return samples, conditions
        if (missing := self.slots - len(self.samples)) > 0:
            self.samples = torch.cat([self.samples, samples[:missing]])
            self.conditions = torch.cat([self.conditions, conditions[:missing]])
            return samples, conditions
        count = min(len(samples) // 2, self.slots)
        places = torch.randperm(self.slots, generator=random, device=samples.device)[:count]
        shown = torch.cat([self.samples[places], samples[count:]])
        told = torch.cat([self.conditions[places], conditions[count:]])
        self.samples = self.samples.index_copy(0, places, samples[:count])
        self.conditions = self.conditions.index_copy(0, places, conditions[:count])
        return shown, told

    def state(self) -> dict[str, Any]:
        """The samples and what they were made for."""
        return {"samples": self.samples, "conditions": self.conditions}

    def restore(self, state: Mapping[str, Any], device: torch.device) -> None:
        """Go back to what `state` gave."""
        self.samples, self.conditions = (
            None if state[name] is None else state[name].to(device)
            for name in ("samples", "conditions")
        )
