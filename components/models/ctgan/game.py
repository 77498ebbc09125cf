"""The adversarial game over coded rows: one update of the critic, one of the generator."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from components.config import CtganConfig
from components.data.gan_encoding import EncodedRows
from components.models.ctgan.layout import Layout, activate, one_hot_slots
from components.networks.mlp import RowCritic, RowGenerator
from components.training.devices import find_device
from components.training.ema import Ema
from components.training.losses import relativistic_loss, zero_centred_penalty

EDGE = 1e-5
"""How near to 0 or 1 a drawn probability may come: scores stay within 4.3."""


def build_generator(config: CtganConfig, layout: Layout, num_classes: int) -> RowGenerator:
    """An untrained generator of rows with this layout."""
    return RowGenerator(
        config.noise_size, num_classes, config.hidden_size, config.generator_blocks, layout.width
    )


class CtganGame:
    """Generator against critic on training rows, both told the row's target class.

    `labels` are the rows' classes, int64, shape (rows,). Everything lies on the device of the
    settings. Every random draw comes from one generator there, so that its state is all that a
    checkpoint needs; the global ones are left alone. The first weights are drawn on the CPU.
    """

    def __init__(
        self,
        config: CtganConfig,
        layout: Layout,
        rows: EncodedRows,
        labels: Tensor,
        num_classes: int,
        seed: int,
    ) -> None:
        self.config = config
        self.layout = layout
        self.device = find_device(config.device)
        self.random = torch.Generator(self.device).manual_seed(seed)
        self.slots, self.low, self.high, self.present = (
            torch.from_numpy(part).to(self.device)
            for part in (rows.slots, rows.low, rows.high, rows.present)
        )
        self.conditions = functional.one_hot(labels, num_classes).float().to(self.device)
        self.batch_size = min(config.batch_size, len(labels))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.generator = build_generator(config, layout, num_classes).to(self.device)
            self.critic = RowCritic(
                layout.width, num_classes, config.hidden_size, config.critic_layers
            ).to(self.device)
        self.averaged = Ema(self.generator, config.ema_decay)
        betas = (0.0, 0.99)
        self.generator_optimiser = torch.optim.Adam(
            self.generator.parameters(), lr=config.generator_rate, betas=betas, fused=True
        )
        self.critic_optimiser = torch.optim.Adam(
            self.critic.parameters(), lr=config.critic_rate, betas=betas, fused=True
        )

    def step(self, progress: float) -> Mapping[str, Tensor]:
        """Update the critic, then the generator. Rates fall to 0 over the second half."""
        scale = min(1.0, 2 * (1 - progress))
        _set_rate(self.critic_optimiser, self.config.critic_rate * scale)
        _set_rate(self.generator_optimiser, self.config.generator_rate * scale)
        picked = self._pick()
        real, conditions = self._real(picked), self.conditions[picked]
        fake = self._fake(conditions)
        critic_loss = self._update_critic(real, fake.detach(), conditions)
        generator_loss = self._update_generator(real, fake, conditions)
        self.averaged.update(self.generator)
        return {"critic_loss": critic_loss, "generator_loss": generator_loss}

    def _pick(self) -> Tensor:
        """The positions of a batch of rows."""
        size = (self.batch_size,)
        return torch.randint(len(self.slots), size, generator=self.random, device=self.device)

    def _update_critic(self, real: Tensor, fake: Tensor, conditions: Tensor) -> Tensor:
        rows = torch.cat([real, fake]).requires_grad_()
        values = self.critic(rows, torch.cat([conditions, conditions]))
        loss = relativistic_loss(*values.chunk(2))
        penalised = loss + self.config.penalty * zero_centred_penalty(values, rows)
        _descend(penalised, self.critic_optimiser)
        return loss.detach()

    def _update_generator(self, real: Tensor, fake: Tensor, conditions: Tensor) -> Tensor:
        self.critic.requires_grad_(False)
        loss = relativistic_loss(self.critic(fake, conditions), self.critic(real, conditions))
        _descend(loss, self.generator_optimiser)
        self.critic.requires_grad_(True)
        return loss.detach()

    def _fake(self, conditions: Tensor) -> Tensor:
        size = (self.batch_size, self.config.noise_size)
        noise = torch.randn(size, generator=self.random, device=self.device)
        raw = self.generator(noise, conditions)
        return activate(raw, self.layout, temperature=self.config.temperature, random=self.random)

    def _real(self, picked: Tensor) -> Tensor:
        """Rows at these positions, each score drawn anew between its bounds."""
        low, high = self.low[picked], self.high[picked]
        drawn = low + (high - low) * torch.rand(
            low.shape, generator=self.random, device=self.device
        )
        scores = torch.special.ndtri(drawn.clamp(EDGE, 1 - EDGE)) * self.present[picked]
        return torch.cat([one_hot_slots(self.slots[picked], self.layout), scores], dim=1)

    def weights(self) -> dict[str, Tensor]:
        """A copy of the averaged generator's weights."""
        return {name: value.clone() for name, value in self.averaged.module.state_dict().items()}

    def state(self) -> dict[str, Any]:
        """Networks, average, optimisers and random state."""
        return {
            "generator": self.generator.state_dict(),
            "critic": self.critic.state_dict(),
            "averaged": self.averaged.state(),
            "generator_optimiser": self.generator_optimiser.state_dict(),
            "critic_optimiser": self.critic_optimiser.state_dict(),
            "random": self.random.get_state(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go back to what `state` gave."""
        self.generator.load_state_dict(state["generator"])
        self.critic.load_state_dict(state["critic"])
        self.averaged.restore(state["averaged"])
        self.generator_optimiser.load_state_dict(state["generator_optimiser"])
        self.critic_optimiser.load_state_dict(state["critic_optimiser"])
        self.random.set_state(state["random"])


def _descend(loss: Tensor, optimiser: torch.optim.Optimizer) -> None:
    """One step down the loss."""
    optimiser.zero_grad()
    torch.autograd.backward(loss)
    optimiser.step()


def _set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    for group in optimiser.param_groups:
        group["lr"] = rate
