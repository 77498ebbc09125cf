"""Looks after a game: raises alarms, and warns, stops, or goes back to where all was well."""

import copy
import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from components.config import Action, Watch
from components.training.loop import Game, Outcome
from components.training.monitors import EARLY_SIGNS, MISLED, MONITORS, SIGNS, Looks, diverged

logger = logging.getLogger(__name__)

MOST_ROLL_BACKS, SLOWER = 3, 0.5
NONE_MISLED: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Alarm:
    """What is wrong, by the name of its monitor, and in words."""

    kind: str
    said: str


def find_alarms(
    looks: Looks, num_early: int, watch: Watch, misled: frozenset[str] = NONE_MISLED
) -> tuple[Alarm, ...]:
    """What is wrong at the newest look, by all monitors but those `misled`.

    The first `num_early` looks were in the grace.
    """
    found = {"diverged": diverged(looks, watch.patience)}
    if len(looks) > num_early:
        for kind, monitor in MONITORS.items():
            if kind in misled:
                continue
            seen = looks[num_early:] if kind in EARLY_SIGNS else looks
            found[kind] = monitor(seen, watch.patience)
    return tuple(Alarm(kind, said) for kind, said in found.items() if said is not None)


def is_well(looks: Looks, num_early: int, watch: Watch, misled: frozenset[str]) -> bool:
    """True where the newest look shows no sign of what a monitor alarms for some looks later."""
    unasked = misled.union(EARLY_SIGNS) if len(looks) <= num_early else misled
    return not any(
        sign(looks, watch.patience) for kind, sign in SIGNS.items() if kind not in unasked
    )


def _is_finite(state: object) -> bool:
    """True where no tensor in nested dicts and lists holds what is no number."""
    if isinstance(state, Tensor):
        return bool(torch.isfinite(state).all())
    if isinstance(state, Mapping):
        return all(map(_is_finite, state.values()))
    return all(map(_is_finite, state)) if isinstance(state, list | tuple) else True


class SteadyGame(Game, Protocol):
    """A game that can be told to go slower."""

    def slow(self, factor: float) -> None:
        """From now on, rates are those of the settings times this."""
        ...


class StabilityGuard:
    """`Guard`: monitors the gauges of each look, and does what the settings say at an alarm.

    What it keeps to go back to is a copy of the game's whole state at the last look at which all
    was well: an alarm comes late, and the looks that lead to it are ill already. The monitors that
    the game's `loss` misleads are not asked.
    """

    def __init__(self, game: SteadyGame, watch: Watch, loss: str) -> None:
        self.game, self.watch = game, watch
        self.misled = MISLED.get(loss, NONE_MISLED)
        self.looks: list[dict[str, float]] = []
        self.raised: list[str] = []
        self.num_early = self.num_roll_backs = 0
        self.healthy = copy.deepcopy(game.state()) if self.acts else None

    @property
    def acts(self) -> bool:
        """True where an alarm changes what happens."""
        return self.watch.action is not Action.WARN

    def look(self, step: int, metrics: dict[str, float], progress: float) -> Outcome:
        """Adds `alarm_KIND` to the metrics where there is one; takes away what is no number."""
        self.looks.append(dict(metrics))
        self.num_early += progress <= self.watch.grace
        found = find_alarms(self.looks, self.num_early, self.watch, self.misled)
        state = self.game.state() if self.acts and not found else None
        if state is not None and not _is_finite(state):  # of the last step: no loss tells yet
            found = (Alarm("diverged", "a weight is no number"),)
        for alarm in found:
            if alarm.kind not in self.raised:  # an alarm that goes on is told once
                logger.warning("step %d: %s: %s", step, alarm.kind, alarm.said)
        self.raised = [alarm.kind for alarm in found]
        if found and self.acts:
            for name in [name for name, value in metrics.items() if not math.isfinite(value)]:
                del metrics[name]
        metrics |= {f"alarm_{alarm.kind}": 1.0 for alarm in found}
        if not self.acts:
            return Outcome.GOES_ON
        if not found:
            if is_well(self.looks, self.num_early, self.watch, self.misled):
                self.healthy = copy.deepcopy(state)
            return Outcome.GOES_ON
        return self._go_back(step)

    def _go_back(self, step: int) -> Outcome:
        assert self.healthy is not None
        self.game.restore(copy.deepcopy(self.healthy))
        self.looks, self.raised, self.num_early = [], [], 0
        stops = self.watch.action is Action.STOP or self.num_roll_backs == MOST_ROLL_BACKS
        if stops:
            logger.warning("step %d: training ends with what it came to while all was well", step)
            return Outcome.ENDS
        self.num_roll_backs += 1
        self.game.slow(SLOWER**self.num_roll_backs)
        logger.warning("step %d: went back to where all was well, at lower rates", step)
        return Outcome.WENT_BACK

    def state(self) -> dict[str, Any]:
        """What a checkpoint needs of it."""
        return {
            "looks": self.looks,
            "raised": self.raised,
            "num_early": self.num_early,
            "num_roll_backs": self.num_roll_backs,
            "healthy": self.healthy,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go back to what `state` gave."""
        for name, value in state.items():
            setattr(self, name, value)
