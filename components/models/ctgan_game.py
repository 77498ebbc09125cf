"""The adversarial game over coded rows: one update of the critic and one of the generator."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from components.config import CtganConfig
from components.data.gan_encoding import ColumnCode, EncodedRows
from components.networks.mlp import RowCritic, RowGenerator
from components.training.ema import Ema
from components.training.losses import (
    gradient_penalty,
    relativistic_loss,
    wasserstein_critic_loss,
    wasserstein_generator_loss,
    zero_centred_penalty,
)


@dataclass(frozen=True)
class Layout:
    """Where things stand in a network's row: all columns' slots first, then the scores.

    `groups` are the widths of the columns that have slots; `gates` holds, for each score, the slot
    that says "continuous", or `num_slots` where the score is always used.
    """

    groups: tuple[int, ...]
    gates: tuple[int, ...]

    @property
    def num_slots(self) -> int:
        """Number of places that are one-hot."""
        return sum(self.groups)

    @property
    def width(self) -> int:
        """Number of places in a row."""
        return self.num_slots + len(self.gates)


def lay_out(codes: Sequence[ColumnCode]) -> Layout:
    """The layout of rows with these columns."""
    groups = tuple(code.num_slots for code in codes if code.num_slots)
    gates, slot = [], 0
    for code in codes:
        slot += code.num_slots
        if code.is_continuous:
            gates.append(slot - 1 if code.num_slots else sum(groups))
    return Layout(groups, tuple(gates))


def build_generator(config: CtganConfig, layout: Layout, num_classes: int) -> RowGenerator:
    """An untrained generator of rows with this layout."""
    return RowGenerator(
        config.noise_size, num_classes, config.hidden_size, config.generator_blocks, layout.width
    )


def activate(
    raw: Tensor, layout: Layout, temperature: float, hard: bool, random: torch.Generator
) -> Tensor:
    """Rows from raw outputs: Gumbel-softmax slots (Jang et al. 2017), scores where they are used.

    `hard` gives exactly one-hot slots, whose gradient is that of the soft ones.
    """
    logits, scores = raw[:, : layout.num_slots], raw[:, layout.num_slots :]
    uniform = torch.rand(logits.shape, generator=random).clamp_(1e-7, 1 - 1e-7).to(raw.device)
    noisy = (logits - torch.log(-torch.log(uniform))) / temperature
    parts = [functional.softmax(part, dim=1) for part in noisy.split(layout.groups, dim=1)]
    slots = torch.cat([*parts, torch.ones_like(raw[:, :1])], dim=1)
    if hard:
        tops = [functional.one_hot(part.argmax(dim=1), part.shape[1]) for part in parts]
        exact = torch.cat([*tops, torch.ones(len(raw), 1, dtype=torch.int64)], dim=1).to(raw.dtype)
        slots = exact + slots - slots.detach()
    used = slots[:, list(layout.gates)]
    return torch.cat([slots[:, :-1], scores * used], dim=1)


class CtganGame:
    """Generator against critic on `rows`, whose target classes are `labels`."""

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
        self.random = torch.Generator().manual_seed(seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.generator = build_generator(config, layout, num_classes)
            bins = len(layout.gates) * config.bins
            self.critic: nn.Module = RowCritic(
                layout.width + bins, num_classes, config.hidden_size, config.critic_layers, config.pack
            )
        self.averaged = Ema(self.generator, config.ema_decay)
        betas = (config.beta1, config.beta2)
        self.generator_optimiser = torch.optim.Adam(
            self.generator.parameters(), lr=config.generator_rate, betas=betas, fused=True)
        self.critic_optimiser = torch.optim.Adam(
            self.critic.parameters(), lr=config.critic_rate, betas=betas, fused=True)
        self.slots, self.low, self.high, self.present = (
            torch.from_numpy(part) for part in (rows.slots, rows.low, rows.high, rows.present)
        )
        self.conditions = functional.one_hot(labels, num_classes).float()
        size = min(config.batch_size, len(labels))
        self.batch_size = max(size - size % config.pack, config.pack)
        self.count = 0
        self.centres = torch.linspace(-2, 2, config.bins) if config.bins else None

    def step(self, progress: float) -> Mapping[str, Tensor]:
        """One generator update after `critic_steps` critic updates."""
        self._anneal(progress)
        for _ in range(self.config.critic_steps):
            critic_loss = self._update_critic()
        generator_loss = self._update_generator()
        self.averaged.update(self.generator)
        return {"critic_loss": critic_loss, "generator_loss": generator_loss}

    def _anneal(self, progress: float) -> None:
        f = self.config.final_rate
        scale = f + (1 - f) * min(1.0, 2 * (1 - progress))
        for group in self.generator_optimiser.param_groups:
            group["lr"] = self.config.generator_rate * scale
        for group in self.critic_optimiser.param_groups:
            group["lr"] = self.config.critic_rate * scale

    def _real(self) -> tuple[Tensor, Tensor]:
        picked = torch.randint(len(self.slots), (self.batch_size,), generator=self.random)
        low, high = self.low[picked], self.high[picked]
        u = low + torch.rand(low.shape, generator=self.random) * (high - low)
        scores = torch.special.ndtri(u.clamp(1e-5, 1 - 1e-5)) * self.present[picked]
        return torch.cat([self.slots[picked], scores], dim=1), self.conditions[picked]

    def _fake(self, conditions: Tensor) -> Tensor:
        noise = torch.randn(len(conditions), self.config.noise_size, generator=self.random)
        raw = self.generator(noise, conditions)
        return activate(raw, self.layout, self.config.temperature, self.config.hard, self.random)

    def _features(self, rows: Tensor) -> Tensor:
        if self.centres is None:
            return rows
        s = rows[:, self.layout.num_slots:]
        b = torch.tanh((s.unsqueeze(2) - self.centres) * 2).flatten(1)
        return torch.cat([rows, b], 1)

    def _judge(self, rows: Tensor, conditions: Tensor) -> Tensor:
        return self.critic(self._features(rows), conditions)

    def _update_critic(self) -> Tensor:
        c = self.config
        real, conditions = self._real()
        with torch.no_grad():
            fake = self._fake(conditions)
        n = len(real)
        both = self._judge(torch.cat([real, fake]), torch.cat([conditions, conditions]))
        k = len(both) // 2
        dr, df = both[:k], both[k:]
        judge = lambda rows: self._judge(rows, conditions)
        lazy = self.count % c.penalty_every == 0
        self.count += 1
        w = c.penalty * c.penalty_every
        if c.loss == "wgan-gp":
            loss = wasserstein_critic_loss(dr, df)
            if lazy:
                mixing = torch.rand(n // c.pack, 1, generator=self.random).repeat_interleave(c.pack, 0)
                loss = loss + w * gradient_penalty(judge, real, fake, mixing)
        elif c.loss == "rp":
            loss = relativistic_loss(dr, df)
            if lazy:
                both_c = torch.cat([conditions, conditions])
                pen = zero_centred_penalty(lambda r: self._judge(r, both_c), torch.cat([real, fake]))
                loss = loss + w * pen
        elif c.loss == "hinge":
            loss = functional.relu(1 - dr).mean() + functional.relu(1 + df).mean()
            if lazy:
                loss = loss + w * zero_centred_penalty(judge, real)
        elif c.loss == "ns":
            loss = functional.softplus(-dr).mean() + functional.softplus(df).mean()
            if lazy:
                loss = loss + w * zero_centred_penalty(judge, real)
        self.critic_optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.critic_optimiser.step()
        return loss.detach()

    def _update_generator(self) -> Tensor:
        c = self.config
        self.critic.requires_grad_(False)
        if c.loss == "rp":
            real, conditions = self._real()
            fake = self._fake(conditions)
            both = self._judge(torch.cat([real, fake]), torch.cat([conditions, conditions]))
            k = len(both) // 2
            loss = relativistic_loss(both[k:], both[:k])
        else:
            picked = torch.randint(len(self.slots), (self.batch_size,), generator=self.random)
            conditions = self.conditions[picked]
            df = self._judge(self._fake(conditions), conditions)
            loss = functional.softplus(-df).mean() if c.loss == "ns" else -df.mean()
        self.generator_optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.generator_optimiser.step()
        self.critic.requires_grad_(True)
        return loss.detach()

    def weights(self) -> dict[str, Tensor]:
        """A copy of the averaged generator's weights."""
        return {name: value.clone() for name, value in self.averaged.module.state_dict().items()}

    def state(self) -> dict[str, Any]:
        """Networks, average, optimisers and random state."""
        return {
            "generator": self.generator.state_dict(),
            "critic": self.critic.state_dict(),
            "averaged": self.averaged.module.state_dict(),
            "averaged_updates": self.averaged.updates,
            "generator_optimiser": self.generator_optimiser.state_dict(),
            "critic_optimiser": self.critic_optimiser.state_dict(),
            "random": self.random.get_state(),
            "count": self.count,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go back to what `state` gave."""
        self.generator.load_state_dict(state["generator"])
        self.critic.load_state_dict(state["critic"])
        self.averaged.module.load_state_dict(state["averaged"])
        self.averaged.updates = state["averaged_updates"]
        self.generator_optimiser.load_state_dict(state["generator_optimiser"])
        self.critic_optimiser.load_state_dict(state["critic_optimiser"])
        self.random.set_state(state["random"])
        self.count = state["count"]
