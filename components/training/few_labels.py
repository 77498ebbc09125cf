"""The game whose discriminator learns the classes of a few labelled samples as it goes."""

from collections.abc import Mapping
from typing import Any, cast

import torch
from torch import Tensor
from torch.nn import functional

from components.config import AdversarialConfig
from components.networks.images.outlier import OutlierDiscriminator
from components.networks.layers import share_random
from components.training.adversarial import (
    AdversarialGame,
    Players,
    RealSamples,
    noise_level,
    shown,
)
from components.training.devices import find_device
from components.training.ema import Ema

CLASSIFIER, GENERATOR = "classifier", "generator"


class Lessons:
    """Batches of labelled samples, at random, and what a classifier has yet to learn of them.

    `labelled` are samples with their classes for conditions.
    """

    def __init__(self, labelled: RealSamples, batch_size: int, random: torch.Generator) -> None:
        self.labelled = RealSamples(
            labelled.samples.to(random.device), labelled.conditions.to(random.device)
        )
        self.batch_size, self.random = batch_size, random

    def draw(self) -> tuple[Tensor, Tensor]:
        """Samples and their classes; some more than once where there are few."""
        size, device = (self.batch_size,), self.random.device
        picked = torch.randint(len(self.labelled), size, generator=self.random, device=device)
        return self.labelled.take(picked)


class FewLabelGame(AdversarialGame):
    """`AdversarialGame` of an `OutlierDiscriminator`, which is also taught labelled samples.

    Both networks are averaged; `weights` are those of the averages, named by GENERATOR and
    CLASSIFIER.
    """

    def __init__(
        self,
        config: AdversarialConfig,
        players: Players,
        real: RealSamples,
        labelled: RealSamples,
        seed: int,
    ) -> None:
        super().__init__(config, players, real, seed)
        self.classifier = Ema(self.discriminator, config.ema_decay)
        self.lessons = Lessons(labelled, config.batch_size, self.random)
        share_random(self.discriminator, self.random)

    def step(self, progress: float) -> Mapping[str, Tensor]:
        """See `AdversarialGame.step`."""
        losses = super().step(progress)
        self.classifier.update(self.discriminator)
        return losses

    def _lesson(self) -> dict[str, Tensor]:
        samples, classes = self.lessons.draw()
        network = cast(OutlierDiscriminator, self.discriminator)
        logits = network.logits(self._shown(samples))
        return {"class_loss": self.players.auxiliary_weight * self._class_loss(logits, classes)}

    def weights(self) -> dict[str, Tensor]:
        """A copy of the weights of both averages."""
        parts = {GENERATOR: self.averaged.module, CLASSIFIER: self.classifier.module}
        return {
            f"{part}.{name}": value.clone()
            for part, network in parts.items()
            for name, value in network.state_dict().items()
        }

    def state(self) -> dict[str, Any]:
        """See `AdversarialGame.state`."""
        return super().state() | {CLASSIFIER: self.classifier.state()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go back to what `state` gave."""
        super().restore(state)
        self.classifier.restore(state[CLASSIFIER])


def teach_alone(
    network: OutlierDiscriminator,
    labelled: RealSamples,
    config: AdversarialConfig,
    seed: int,
) -> OutlierDiscriminator:
    """The network taught labelled samples alone, by as many updates and the same rates and average.

    They are shown as in a game: augmented, with the same noise. What a game brings with all other
    samples is seen beside it.
    """
    random = torch.Generator(find_device(config.device)).manual_seed(seed)
    lessons = Lessons(labelled, config.batch_size, random)
    network = network.to(random.device)
    averaged = Ema(network, config.ema_decay)
    share_random(network, random)
    betas = (config.momentum, config.scaling)
    rate, decay_from = config.discriminator_rate, config.decay_from
    optimiser = torch.optim.Adam(network.parameters(), lr=rate, betas=betas, fused=True)
    for step in range(config.steps):
        progress = step / config.steps
        left = 1.0 if progress <= decay_from else (1 - progress) / (1 - decay_from)
        optimiser.param_groups[0]["lr"], level = rate * left, noise_level(config, progress)
        for _ in range(config.discriminator_steps):
            samples, classes = lessons.draw()
            logits = network.logits(shown(samples, config, level, random))
            optimiser.zero_grad()
            torch.autograd.backward(functional.cross_entropy(logits, classes))
            optimiser.step()
        averaged.update(network)
    return averaged.module.cpu()
