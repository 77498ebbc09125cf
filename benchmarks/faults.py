"""Games of digits that are healthy, or that something is wrong with from a step on."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from components.config import DcganNetworks, ImageGanConfig, Watch
from components.data.images.bundled import load_bundled_images
from components.data.images.schema import schema_of
from components.models.images.networks import build_players
from components.training.adversarial import AdversarialGame, Players, RealSamples
from components.training.loop import train
from components.training.stability import StabilityGuard
from components.training.watched import look_at, schedule_of

CONFIG = ImageGanConfig(
    steps=400,
    look_every=20,
    batch_size=32,
    noise_size=16,
    networks=DcganNetworks(width=12),
    watch=Watch(samples=128),
)


class _OneSample(nn.Module):
    """A generator that is given the same noise whatever is asked for."""

    def __init__(self, generator: nn.Module) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, noise: Tensor, labels: Tensor) -> Tensor:
        made: Tensor = self.generator(torch.zeros_like(noise), labels)
        return made


class Broken(AdversarialGame):
    """A game in which something happens to the networks, or to their rates."""

    fault = "none"
    whole: RealSamples
    """What made samples are compared with."""
    broken_at, happens = 200, 1_000_000
    """When a fault of one step happens, and how often it may."""

    def step(self, progress: float) -> dict[str, Tensor]:
        """See `Game.step`; then the fault, where one is due."""
        if self.fault == "oscillation":  # from look to look, one of them alone learns
            turn = self.num_updates // CONFIG.look_every % 2
            self.rates = {"generator": 4e-3 * turn, "discriminator": 4e-3 * (1 - turn)}
        losses = dict(super().step(progress))
        if self.num_updates == self.broken_at and self.happens:
            self.happens -= 1
            self._break_once()
        return losses

    def _break_once(self) -> None:
        if self.fault == "nan":
            with torch.no_grad():
                next(self.generator.parameters()).fill_(torch.nan)
        if self.fault == "explosion":
            self._scale(1e4)

    @torch.no_grad()
    def _scale(self, factor: float) -> None:
        for layer in (self.discriminator.value, self.discriminator.projection):
            for parameter in layer.parameters():
                parameter.mul_(factor)


NUM_IMAGES = 1000

RATES = {
    "strong_discriminator": {"generator_rate": 1e-9},
    "stuck": {"generator_rate": 1e-9, "discriminator_rate": 1e-9},
    "oscillation": {"decay_from": 1.0},
}
FAULTS = {
    "one_sample": "collapsed",
    "three_classes": "collapsed",
    "nan": "diverged",
    "strong_discriminator": "overpowered",
    "explosion": "exploded",
    "oscillation": "oscillating",
    "stuck": "stuck",
}
"""The monitor that must find each fault."""


def game_with(fault: str, config: ImageGanConfig = CONFIG, seed: int = 0) -> Broken:
    """A game of 1,000 digits with this fault, or with "none"."""
    config = config.model_copy(update=RATES.get(fault, {}))
    images = load_bundled_images("sklearn:digits").take(np.arange(NUM_IMAGES))
    players = build_players(config, schema_of(images), seed)
    if fault == "one_sample":
        players = Players(_OneSample(players.generator), players.discriminator, players.noise_size)
    samples = torch.from_numpy(images.images.copy()).permute(0, 3, 1, 2)
    whole = RealSamples(samples, torch.from_numpy(images.labels))
    few = whole.at(whole.conditions < 3) if fault == "three_classes" else whole
    game = Broken(config, players, few, seed)
    game.fault, game.whole = fault, whole
    return game


def play(
    game: Broken, seed: int = 0, **options: Any
) -> tuple[dict[str, Tensor], list[dict[str, float]], StabilityGuard]:
    """Train; the weights, the metrics of each look, and the guard."""
    told: list[dict[str, float]] = []
    looker = look_at(game, game.whole, game.config, seed)
    guard = StabilityGuard(game, game.config.watch, game.config.loss.name)
    weights = train(
        game,
        schedule_of(game.config, None),
        judge=lambda: None,
        score_name="none",
        log=lambda step, metrics: told.append({"step": step, **metrics}),
        gauges=looker.gauges,
        guard=guard,
        **options,
    )
    return weights, told, guard


def alarms_in(told: list[dict[str, float]]) -> set[str]:
    """The kinds of alarms that were raised."""
    return {name.removeprefix("alarm_") for look in told for name in look if name[:5] == "alarm"}
