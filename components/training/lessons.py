"""A network taught by batches of samples, whose losses are a plain function."""

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor, nn

from components.training.adversarial import RealSamples
from components.training.classic import Augment
from components.training.learner import AveragedLearner

Network = TypeVar("Network", bound=nn.Module)

Losses = Callable[[Network, Tensor, Tensor, torch.Generator, float], Mapping[str, Tensor]]
"""Of a network, samples, their conditions, random numbers and the share of the steps that is done:
what adds up to the loss, by name."""


class Lessons(Generic[Network]):
    """`Game`: one player, which goes down the sum of its losses on a batch drawn at random.

    Samples and network lie on one device, and so does every random draw. Samples are varied anew
    whenever they are drawn, where `vary` says how.
    """

    def __init__(
        self,
        learner: AveragedLearner[Network],
        real: RealSamples,
        batch_size: int,
        losses: Losses[Network],
        vary: Augment | None = None,
    ) -> None:
        self.learner, self.real, self.losses, self.vary = learner, real, losses, vary
        self.batch_size = min(batch_size, len(real))

    def step(self, progress: float) -> Mapping[str, Tensor]:
        """A lesson on one batch."""
        random = self.learner.random
        picked = torch.randint(
            len(self.real), (self.batch_size,), generator=random, device=random.device
        )
        samples, conditions = self.real.take(picked)
        if self.vary is not None:
            samples = self.vary(samples, random)
        losses = self.losses(self.learner.network, samples, conditions, random, progress)
        self.learner.descend(torch.stack(list(losses.values())).sum(), progress)
        return {name: loss.detach() for name, loss in losses.items()}

    def weights(self) -> dict[str, Tensor]:
        """See `AveragedLearner`."""
        return self.learner.weights()

    def state(self) -> dict[str, Any]:
        """See `AveragedLearner`."""
        return self.learner.state()

    def restore(self, state: Mapping[str, Any]) -> None:
        """See `AveragedLearner`."""
        self.learner.restore(state)
