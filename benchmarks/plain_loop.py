"""The training of a GAN as a plain loop, the way one writes it for one experiment.

It has the networks, losses, penalties and optimiser settings of our games, and none of what these
do besides: no average of the generator, no lengths of gradients, no looks, no checkpoints. Random
numbers come in the same order, so that both end with the same weights (a test says so).
"""

import torch
from torch import Tensor
from torch.nn import functional

from components.config import AdversarialConfig, WassersteinLoss
from components.networks.images.growth import Growing
from components.training.adversarial import Players, RealSamples


class PlainLoop:
    """Trains `players` on `real`; `step` is one update of each.

    `tuned` takes Adam in one kernel and networks laid out as our models have them; without it both
    are as torch has them. Raises NotImplementedError for settings that it does not know.
    """

    def __init__(
        self,
        config: AdversarialConfig,
        players: Players,
        real: RealSamples,
        seed: int,
        *,
        tuned: bool,
    ) -> None:
        if config.replay or config.instance_noise or config.augmentation or config.feature_matching:
            raise NotImplementedError("replay, noise, augmentation or feature matching")
        self.config, self.players = config, players
        self.generator, self.discriminator = players.generator, players.discriminator
        if not tuned:
            for network in (self.generator, self.discriminator):
                network.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
        self.images = real.samples.float() / 127.5 - 1
        self.conditions = real.conditions
        self.random = torch.Generator().manual_seed(seed)
        betas = (config.momentum, config.scaling)
        rates = (config.generator_rate, config.discriminator_rate)
        self.generator_optimiser, self.discriminator_optimiser = (
            torch.optim.Adam(network.parameters(), lr=rate, betas=betas, fused=tuned)
            for network, rate in zip((self.generator, self.discriminator), rates, strict=True)
        )
        self.num_updates = 0

    def step(self, progress: float) -> tuple[float, float]:
        """The losses of both, after an update of each."""
        self._set_pace(progress)
        size = min(self.config.batch_size, len(self.images))
        for left in reversed(range(self.config.discriminator_steps)):
            picked = torch.randint(len(self.images), (size,), generator=self.random)
            real, condition = self.images[picked], self.conditions[picked]
            noise = torch.randn((size, self.players.noise_size), generator=self.random)
            with torch.set_grad_enabled(left == 0):
                fake = self.generator(noise, condition)
            self.discriminator_optimiser.zero_grad()
            discriminator_loss = self._discriminator_loss(real, fake.detach(), condition)
            torch.autograd.backward(discriminator_loss)
            self.discriminator_optimiser.step()
        self.generator_optimiser.zero_grad()
        self.discriminator.requires_grad_(False)
        generator_loss = self._generator_loss(real, fake, condition)
        torch.autograd.backward(generator_loss)
        self.discriminator.requires_grad_(True)
        self.generator_optimiser.step()
        return discriminator_loss.item(), generator_loss.item()

    def _set_pace(self, progress: float) -> None:
        decay_from = self.config.decay_from
        left = 1.0 if progress <= decay_from else (1 - progress) / (1 - decay_from)
        self.generator_optimiser.param_groups[0]["lr"] = self.config.generator_rate * left
        self.discriminator_optimiser.param_groups[0]["lr"] = self.config.discriminator_rate * left
        for network in (self.generator, self.discriminator):
            if isinstance(network, Growing):
                network.grow(progress)

    def _discriminator_loss(self, real: Tensor, fake: Tensor, condition: Tensor) -> Tensor:
        r1, loss = self.config.r1, self.config.loss
        pays_r1 = r1 is not None and self.num_updates % r1.every == 0
        self.num_updates += 1
        real.requires_grad_(pays_r1)
        of_real, _, real_logits = self.discriminator(real, condition)
        of_fake, _, fake_logits = self.discriminator(fake, condition)
        match loss.name:
            case "non_saturating":
                total = _sure(of_real, 1.0) + _sure(of_fake, 0.0)
            case "hinge":
                total = (1 - of_real).relu().mean() + (1 + of_fake).relu().mean()
            case "least_squares":
                total = (of_real - 1).square().mean() / 2 + of_fake.square().mean() / 2
            case "relativistic":
                total = _sure(of_real - of_fake, 1.0)
            case "wasserstein":
                total = of_fake.mean() - of_real.mean()
        if real_logits is not None:
            weight = self.players.auxiliary_weight
            total = total + weight * self._class_loss(real_logits, condition)
            if self.players.learns_from_made:
                total = total + weight * self._class_loss(fake_logits, condition)
        if r1 is not None and pays_r1:
            (slope,) = torch.autograd.grad(of_real.sum(), real, create_graph=True)
            penalty = slope.flatten(1).square().sum(dim=1).mean()
            total = total + r1.weight / 2 * r1.every * penalty
        if isinstance(loss, WassersteinLoss):
            total = total + loss.penalty * self._slope_penalty(real, fake, condition)
            total = total + loss.drift * of_real.square().mean()
        return total

    def _slope_penalty(self, real: Tensor, fake: Tensor, condition: Tensor) -> Tensor:
        share = torch.rand(len(real), generator=self.random).reshape(-1, *[1] * (real.ndim - 1))
        between = (real + share * (fake - real)).requires_grad_(True)
        values, _, _ = self.discriminator(between, condition)
        (slope,) = torch.autograd.grad(values.sum(), between, create_graph=True)
        return (slope.flatten(1).norm(dim=1) - 1).square().mean()

    def _generator_loss(self, real: Tensor, fake: Tensor, condition: Tensor) -> Tensor:
        values, _, logits = self.discriminator(fake, condition)
        match self.config.loss.name:
            case "non_saturating":
                total = _sure(values, 1.0)
            case "hinge" | "wasserstein":
                total = -values.mean()
            case "least_squares":
                total = (values - 1).square().mean() / 2
            case "relativistic":
                with torch.no_grad():
                    of_real, _, _ = self.discriminator(real, condition)
                total = _sure(values - of_real, 1.0)
        if logits is not None:
            total = total + self.players.auxiliary_weight * self._class_loss(logits, condition)
        return total

    def _class_loss(self, logits: Tensor, condition: Tensor) -> Tensor:
        return functional.cross_entropy(logits, self.players.class_of(condition))


def _sure(values: Tensor, wanted: float) -> Tensor:
    """The cross-entropy of values before the sigmoid against 0 or 1 for all."""
    return functional.binary_cross_entropy_with_logits(values, torch.full_like(values, wanted))
