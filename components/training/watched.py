"""Training an adversarial game under the eyes of its monitors, stopped at the right time."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from components.config import AdversarialConfig
from components.errors import UserError
from components.training.adversarial import AdversarialGame, RealSamples
from components.training.checkpoints import CheckpointStore
from components.training.gauges import Reference, learn_reference, measure
from components.training.loop import Log, Schedule, train
from components.training.stability import StabilityGuard

MOST_REAL = 1024
"""Real samples that made ones are compared with, at most."""
FEWEST_HELD_OUT = 2
SCORE = "distance"
_SPLIT, _LOOK = 0x5EED, 0x100C


def split_held_out(
    real: RealSamples, config: AdversarialConfig, seed: int
) -> tuple[RealSamples, RealSamples | None]:
    """What is trained on and what is held out, at random; None where the settings ask for none.

    Two samples are held out at least: one has no spread. Raises UserError where none would be left.
    """
    if config.holdout is None:
        return real, None
    random = torch.Generator().manual_seed(seed ^ _SPLIT)
    order = torch.randperm(len(real), generator=random)
    count = max(FEWEST_HELD_OUT, round(config.holdout.share * len(real)))
    if count >= len(real):
        raise UserError(
            f"holdout needs {count + 1} training samples at least; there are {len(real)}"
        )
    kept, held = order[count:], order[:count]
    return real.at(kept), real.at(held)


@dataclass
class Looker:
    """Draws the same noise at each look, and gauges what the generator makes of it."""

    game: AdversarialGame
    reference: Reference
    noise: Tensor
    conditions: Tensor
    latest: Mapping[str, float] | None = None

    def gauges(self) -> Mapping[str, float]:
        """See `components/training/gauges.py`."""
        self.latest = self.game.team.agreed(self._measured)
        return self.latest

    def _measured(self) -> Mapping[str, float]:
        made = self.game.draw(self.noise, self.conditions)
        return measure(self.reference, made, self.game.players.class_of(self.conditions))

    def score(self) -> float | None:
        """The distance to real samples at the look that was gauged last; None if these are one."""
        assert self.latest is not None
        return self.latest.get(SCORE)


def train_watched(
    game: AdversarialGame,
    held_out: RealSamples | None,
    config: AdversarialConfig,
    seed: int,
    *,
    seconds: float | None,
    log: Log,
    store: CheckpointStore | None,
) -> dict[str, Tensor]:
    """The weights that training comes to by these settings; see `components.training.loop.train`.

    Gauges compare made samples with those held out, or with training samples where there are none.
    """
    schedule, watch = schedule_of(config, seconds), config.watch
    if watch is None and held_out is None:
        return train(
            game,
            schedule,
            judge=_silent,
            score_name=SCORE,
            log=log,
            store=store,
            team=game.team,
        )
    looker = look_at(game, held_out, config, seed)
    return train(
        game,
        schedule,
        judge=_silent if held_out is None else looker.score,
        score_name=SCORE,
        log=log,
        store=store,
        gauges=looker.gauges,
        guard=None if watch is None else StabilityGuard(game, watch, config.loss.name),
        team=game.team,
    )


def schedule_of(config: AdversarialConfig, seconds: float | None) -> Schedule:
    """How long to train by these settings, and how often to look."""
    return Schedule(
        num_steps=config.steps,
        look_every=config.look_every,
        patience=config.steps if config.holdout is None else config.holdout.patience,
        seconds=seconds,
        checkpoint_seconds=config.checkpoint_seconds,
    )


def _silent() -> None:
    """No score: the last weights are kept."""


def look_at(
    game: AdversarialGame, held_out: RealSamples | None, config: AdversarialConfig, seed: int
) -> Looker:
    """What is seen of this game at each look; its random numbers are not the game's own."""
    random = torch.Generator().manual_seed(seed ^ _LOOK)
    real = game.real if held_out is None else held_out
    count = config.watch.samples if config.watch is not None else min(MOST_REAL, len(real))
    some = torch.randperm(len(real), generator=random)[:MOST_REAL]
    samples, conditions = (part.cpu() for part in real.take(some.to(real.samples.device)))
    told = torch.randint(len(game.real), (count,), generator=random).to(game.device)
    return Looker(
        game,
        learn_reference(samples, game.players.class_of(conditions), count, seed),
        torch.randn((count, game.players.noise_size), generator=random),
        game.real.conditions[told].cpu(),
    )
