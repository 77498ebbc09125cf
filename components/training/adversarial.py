"""The game of a generator against a discriminator, whatever they make and are told."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from components.config import AdversarialConfig, WassersteinLoss
from components.networks.images.growth import Growing
from components.networks.opinion import Opinion
from components.training.across_rows import share
from components.training.augmentation import augment
from components.training.devices import find_device
from components.training.ema import Ema
from components.training.losses import (
    ADVERSARIAL_LOSSES,
    feature_matching_loss,
    unit_slope_penalty,
    zero_centred_penalty,
)
from components.training.replay import ReplayPool
from components.training.running import check_numbers, runner
from components.training.team import ALONE, Team, find_team


@dataclass(frozen=True)
class RealSamples:
    """What the generator is to imitate: samples (rows, ...) and the condition of each (rows, ...).

    Samples are floats in -1 to 1, or bytes that stand for these: 0 for -1, 255 for 1.
    """

    samples: Tensor
    conditions: Tensor

    def __len__(self) -> int:
        """The number of samples."""
        return len(self.samples)

    def at(self, picked: Tensor) -> "RealSamples":
        """The samples at these places alone."""
        return RealSamples(self.samples[picked], self.conditions[picked])

    def take(self, picked: Tensor) -> tuple[Tensor, Tensor]:
        """The samples at these places, as floats, and their conditions."""
        samples = self.samples[picked]
        if samples.dtype == torch.uint8:
            samples = samples.to(torch.float32) / 127.5 - 1
        return samples, self.conditions[picked]


_NOTHING: Mapping[str, Tensor] = {}


def _as_it_is(condition: Tensor) -> Tensor:
    return condition


@dataclass(frozen=True)
class Players:
    """Untrained networks.

    The generator takes (noise, condition) to samples: noise (rows, noise_size), normal. The
    discriminator takes (samples, condition) to an `Opinion`. Where that has logits,
    `auxiliary_weight` is that of finding the class, which is what `class_of` a condition gives;
    `class_loss` takes logits and classes. With `learns_from_made` the discriminator learns to find
    it in made samples, too.
    """

    generator: nn.Module
    discriminator: nn.Module
    noise_size: int
    auxiliary_weight: float = 0.0
    learns_from_made: bool = True
    class_loss: Callable[[Tensor, Tensor], Tensor] = functional.cross_entropy
    class_of: Callable[[Tensor], Tensor] = _as_it_is


def noise_level(config: AdversarialConfig, progress: float) -> float:
    """The deviation of the noise on all that is judged, at this share of the steps."""
    noise = config.instance_noise
    return 0.0 if noise is None else noise.start * max(0.0, 1 - progress / noise.until)


def shown(
    samples: Tensor,
    config: AdversarialConfig,
    level: float,
    random: torch.Generator,
    team: Team = ALONE,
) -> Tensor:
    """Samples as a discriminator sees them: augmented, with noise of this level."""
    samples = augment(samples, config.augmentation, random, team)
    if level > 0:
        size = (len(samples) * team.size, *samples.shape[1:])
        noise = torch.randn(size, generator=random, device=samples.device)
        samples = samples + level * team.own(noise)
    return samples


class AdversarialGame:
    """`Game`: a discriminator learns to tell made samples from real ones, a generator to deceive.

    Everything lies on the device of the settings. Every random draw comes from one generator there,
    so that its state is all that a checkpoint needs; the global ones are left alone. Nothing waits
    for the device within a step. Where a team of processes shares the game, all of them do the same
    with other rows, and come to the same weights, those of one process but for the order of sums.
    """

    def __init__(
        self, config: AdversarialConfig, players: Players, real: RealSamples, seed: int
    ) -> None:
        check_numbers(config)
        self.config, self.players = config, players
        self.device, self.team = find_device(config.device), find_team(config.devices)
        self.random = torch.Generator(self.device).manual_seed(seed)
        self.real = RealSamples(real.samples.to(self.device), real.conditions.to(self.device))
        self.batch_size = min(config.batch_size, len(real))
        self.loss = ADVERSARIAL_LOSSES[config.loss.name]
        self.generator = self._settled(players.generator)
        self.discriminator = self._settled(players.discriminator)
        self._make = runner(self.generator, config, is_compiled=config.compile)
        self._judge = runner(self.discriminator, config, is_compiled=config.compile)
        self._judge_slopes = runner(self.discriminator, config, is_compiled=False)
        self.averaged = Ema(self.generator, config.ema_decay)
        networks = (self.generator, self.discriminator, self.averaged.module)
        self._growing = [network for network in networks if isinstance(network, Growing)]
        self.rates = {
            "generator": config.generator_rate,
            "discriminator": config.discriminator_rate,
        }
        betas = (config.momentum, config.scaling)
        self.optimisers = {
            name: torch.optim.Adam(
                getattr(self, name).parameters(), lr=rate, betas=betas, fused=True
            )
            for name, rate in self.rates.items()
        }
        self.replay = ReplayPool(config.replay.slots) if config.replay else None
        self.num_updates = 0
        self.noise_level, self.rate_factor = 0.0, 1.0

    def _settled(self, network: nn.Module) -> nn.Module:
        """The network on its device, and shared by all."""
        network.to(self.device)
        if self.team.size > 1:
            share(network, self.team, self.batch_size)
        return network

    def step(self, progress: float) -> Mapping[str, Tensor]:
        """Update the discriminator as often as the settings ask, then the generator once."""
        self._set_pace(progress)
        losses: dict[str, Tensor] = {}
        for left in reversed(range(self.config.discriminator_steps)):
            real, condition = self._real()
            with torch.set_grad_enabled(left == 0):  # the generator learns from the last ones
                fake = self._make(self._noise(), condition)
            losses = self._update_discriminator(real, fake.detach(), condition)
        losses |= self._update_generator(real, fake, condition)
        self.averaged.update(self.generator)
        return losses

    def _set_pace(self, progress: float) -> None:
        """Rates, noise on all that is judged, and sizes, at this share of the steps."""
        decay_from = self.config.decay_from
        left = 1.0 if progress <= decay_from else (1 - progress) / (1 - decay_from)
        for name, optimiser in self.optimisers.items():
            for group in optimiser.param_groups:
                group["lr"] = self.rates[name] * left * self.rate_factor
        self.noise_level = noise_level(self.config, progress)
        for network in self._growing:
            network.grow(progress)

    def _real(self) -> tuple[Tensor, Tensor]:
        size = (self.batch_size,)
        picked = torch.randint(len(self.real), size, generator=self.random, device=self.device)
        return self.real.take(self.team.own(picked))

    def _noise(self) -> Tensor:
        size = (self.batch_size, self.players.noise_size)
        return self.team.own(torch.randn(size, generator=self.random, device=self.device))

    def _shown(self, samples: Tensor) -> Tensor:
        return shown(samples, self.config, self.noise_level, self.random, self.team)

    def _update_discriminator(
        self, real: Tensor, fake: Tensor, condition: Tensor
    ) -> dict[str, Tensor]:
        told = condition
        if self.replay is not None:
            whole, all_told = self.team.whole(fake), self.team.whole(condition)
            swapped, told = self.replay.swap(whole, all_told, self.random)
            fake, told = self.team.own(swapped), self.team.own(told)
        real, fake = self._shown(real), self._shown(fake)
        pays_r1 = self.config.r1 is not None and self.num_updates % self.config.r1.every == 0
        self.num_updates += 1
        if pays_r1:
            real.requires_grad_(True)
        judge_real = self._judge_slopes if pays_r1 else self._judge
        of_real: Opinion = judge_real(real, condition)
        of_fake: Opinion = self._judge(fake, told)
        losses = {"discriminator_loss": self.loss.discriminator(of_real.values, of_fake.values)}
        if of_real.logits is not None and of_fake.logits is not None:
            weight = self.players.auxiliary_weight
            losses["real_class_loss"] = weight * self._class_loss(of_real.logits, condition)
            if self.players.learns_from_made:
                losses["fake_class_loss"] = weight * self._class_loss(of_fake.logits, told)
        if pays_r1 and self.config.r1 is not None:
            weight = self.config.r1.weight / 2 * self.config.r1.every
            losses["r1_penalty"] = weight * zero_centred_penalty(of_real.values, real)
        if isinstance(self.config.loss, WassersteinLoss):
            losses |= self._held_critic(self.config.loss, real, fake, condition, of_real.values)
        losses |= self._lesson()
        told_apart = (of_real.values > of_fake.values).float().mean()
        return self._descend("discriminator", losses, {"discriminator_accuracy": told_apart})

    def _lesson(self) -> dict[str, Tensor]:
        """Further losses of the discriminator: what else it is taught at each update."""
        return {}

    def _held_critic(
        self, loss: WassersteinLoss, real: Tensor, fake: Tensor, condition: Tensor, values: Tensor
    ) -> dict[str, Tensor]:
        """The penalty on slopes between real and made samples, and the drift."""
        way = torch.rand(self.batch_size, generator=self.random, device=self.device)
        way = self.team.own(way).reshape(-1, *[1] * (real.ndim - 1))
        between = torch.lerp(real.detach(), fake, way).requires_grad_(True)
        slope = unit_slope_penalty(self._judge_slopes(between, condition).values, between)
        losses = {"slope_penalty": loss.penalty * slope}
        return losses | ({"drift": loss.drift * values.square().mean()} if loss.drift else {})

    def _update_generator(self, real: Tensor, fake: Tensor, condition: Tensor) -> dict[str, Tensor]:
        self._let_learn("discriminator", False)
        of_fake: Opinion = self._judge(self._shown(fake), condition)
        losses: dict[str, Tensor] = {}
        if self.loss.relative or self.config.feature_matching:
            with torch.no_grad():
                of_real: Opinion = self._judge(self._shown(real), condition)
        if weight := self.config.deceiving:
            values = (of_fake.values, of_real.values) if self.loss.relative else (of_fake.values,)
            losses["generator_loss"] = weight * self.loss.generator(*values)
        if weight := self.config.feature_matching:
            features = (self._of_all(opinion.features) for opinion in (of_real, of_fake))
            losses["feature_matching_loss"] = weight * feature_matching_loss(*features)
        if of_fake.logits is not None:
            found = self._class_loss(of_fake.logits, condition)
            losses["generator_class_loss"] = self.players.auxiliary_weight * found
        told = self._descend("generator", losses)
        self._let_learn("discriminator", True)
        return told

    def _of_all(self, features: Tensor) -> Tensor:
        """Features whose mean is that of the whole batch."""
        if self.team.size == 1:
            return features
        return self.team.mean(features.mean(dim=0, keepdim=True))

    def _class_loss(self, logits: Tensor, condition: Tensor) -> Tensor:
        return self.players.class_loss(logits, self.players.class_of(condition))

    def _descend(
        self, name: str, losses: Mapping[str, Tensor], beside: Mapping[str, Tensor] = _NOTHING
    ) -> dict[str, Tensor]:
        """One step down the sum of the losses; these and what is told beside, over the whole team.

        Also told is how long the gradient was.
        """
        self.optimisers[name].zero_grad()
        torch.autograd.backward(torch.stack(list(losses.values())).sum())
        slopes = [weight.grad for weight in self._weights(name) if weight.grad is not None]
        told = {part: value.detach() for part, value in {**losses, **beside}.items()}
        self.team.average([*slopes, *told.values()])
        length = torch.stack(torch._foreach_norm(slopes)).norm()
        self.optimisers[name].step()
        return told | {f"{name}_gradient": length}

    def _weights(self, name: str) -> list[nn.Parameter]:
        """A network's weights, without a walk through its layers."""
        weights: list[nn.Parameter] = self.optimisers[name].param_groups[0]["params"]
        return weights

    def _let_learn(self, name: str, is_learning: bool) -> None:
        """Whether slopes of a network's weights are asked for."""
        for parameter in self._weights(name):
            parameter.requires_grad_(is_learning)

    def slow(self, factor: float) -> None:
        """From now on, rates are those of the settings times this."""
        self.rate_factor = factor

    @torch.no_grad()
    def draw(self, noise: Tensor, conditions: Tensor) -> Tensor:
        """What the averaged generator makes of noise (rows, noise_size), on the CPU."""
        made: Tensor = self.averaged.module(noise.to(self.device), conditions.to(self.device))
        return made.cpu()

    def weights(self) -> dict[str, Tensor]:
        """A copy of the averaged generator's weights."""
        return {name: value.clone() for name, value in self.averaged.module.state_dict().items()}

    def state(self) -> dict[str, Any]:
        """Networks, average, optimisers, past samples, random state."""
        return {name: part.state_dict() for name, part in self._stateful()} | {
            "averaged": self.averaged.state(),
            "replay": None if self.replay is None else self.replay.state(),
            "num_updates": self.num_updates,
            "rate_factor": self.rate_factor,
            "random": self.random.get_state(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go back to what `state` gave."""
        for name, part in self._stateful():
            part.load_state_dict(state[name])
        self.averaged.restore(state["averaged"])
        if self.replay is not None:
            self.replay.restore(state["replay"], self.device)
        self.num_updates, self.rate_factor = state["num_updates"], state["rate_factor"]
        self.random.set_state(state["random"])

    def _stateful(self) -> Iterator[tuple[str, Any]]:
        """Networks and optimisers, by the names of their states."""
        for name, optimiser in self.optimisers.items():
            yield name, getattr(self, name)
            yield f"{name}_optimiser", optimiser
