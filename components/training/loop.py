"""The loop of training: steps, held-out selection, checkpoints, early stopping.

It knows nothing of models. A game brings its own step; a judge says how good it is by now.
"""

import enum
import logging
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor

from components.training.checkpoints import CheckpointStore
from components.training.pace import Pace
from components.training.team import ALONE, Team

logger = logging.getLogger(__name__)


class NonFiniteLossError(RuntimeError):
    """Raised when a loss is NaN or infinite: training has diverged and nothing of it is kept.

    No UserError: which setting (if any) mends it is not known.
    """


class Game(Protocol):
    """Two players, their optimisers and their random state."""

    def step(self, progress: float) -> Mapping[str, Tensor]:
        """Update each player; the losses, detached. `progress` runs from 0 to 1."""
        ...

    def weights(self) -> dict[str, Tensor]:
        """A copy of what a model would keep if training ended now."""
        ...

    def state(self) -> dict[str, Any]:
        """Everything that the next step depends on, safe to load with weights_only=True."""
        ...

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go back to what `state` gave."""
        ...


Judge = Callable[[], float | None]
"""A score of the game as it stands, lower is better; None where there is nothing to judge by."""

Gauges = Callable[[], Mapping[str, float]]
"""What else is told of the game at each look."""

Log = Callable[[int, Mapping[str, float]], None]


class Outcome(enum.Enum):
    """What became of a look: the game goes on, was put back to an earlier state, or ends."""

    GOES_ON = enum.auto()
    WENT_BACK = enum.auto()
    ENDS = enum.auto()


class Guard(Protocol):
    """Looks after a game, and may change its state."""

    @property
    def acts(self) -> bool:
        """True where a loss that is no number is no error: the guard does something about it."""
        ...

    def look(self, step: int, metrics: dict[str, float], progress: float) -> Outcome:
        """See to the game after this step, this share of all; may change the metrics."""
        ...

    def state(self) -> dict[str, Any]:
        """What a checkpoint needs of it."""
        ...

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go back to what `state` gave."""
        ...


def no_gauges() -> Mapping[str, float]:
    """`Gauges` where nothing else is told."""
    return {}


@dataclass(frozen=True)
class Schedule:
    """How long to train, and how often to look.

    Training ends after `num_steps`, after `patience` looks without a better score, or after
    `seconds` of a processor, with a last look. `checkpoint_seconds` pass between checkpoints.
    `looks_first` looks before any step too, where what a game begins with may be the best it comes
    to.
    """

    num_steps: int
    look_every: int
    patience: int
    seconds: float | None = None
    checkpoint_seconds: float = 20.0
    looks_first: bool = False


@dataclass
class _Progress:
    """Where the loop stands: all of it is in a checkpoint."""

    step: int = 0
    spent: float = 0.0
    best_score: float = math.inf
    best_weights: dict[str, Tensor] = field(default_factory=dict)
    looks_since_best: int = 0
    sums: dict[str, Tensor] = field(default_factory=dict)
    logged: list[tuple[int, dict[str, float]]] = field(default_factory=list)
    is_ended: bool = False


@dataclass(frozen=True)
class _Lookout:
    """Who is asked at each look, and told."""

    judge: Judge
    score_name: str
    log: Log
    gauges: Gauges
    guard: Guard | None


def train(
    game: Game,
    schedule: Schedule,
    *,
    judge: Judge,
    score_name: str,
    log: Log,
    store: CheckpointStore | None = None,
    gauges: Gauges = no_gauges,
    guard: Guard | None = None,
    team: Team = ALONE,
) -> dict[str, Tensor]:
    """The weights of the best look, or the last ones where the judge is silent.

    With a `store`, goes on from its newest checkpoint, and ends as if it had never stopped (unless
    `schedule.seconds` ends it): what was logged before is logged again. Each look tells the gauges
    first, then asks the guard, then the judge. Raises NonFiniteLossError, unless a guard acts.
    Where a team trains, its first process alone logs, keeps checkpoints and watches the time. How
    far it is comes as a line every half a minute (`pace.py`).
    """
    log = log if team.is_first else _say_nothing
    lookout = _Lookout(judge, score_name, log, gauges, guard)
    progress = _resume(game, store, guard, team)
    for step, metrics in progress.logged:
        log(step, metrics)
    began, saved = time.process_time() - progress.spent, time.monotonic()
    pace = Pace(schedule.num_steps, first=progress.step, seconds=schedule.seconds)
    if schedule.looks_first and not progress.logged:
        _look(game, progress, schedule, lookout)
    while not _is_over(progress, schedule, team):
        losses = game.step(progress.step / schedule.num_steps)
        progress.step += 1
        for name, loss in losses.items():
            progress.sums[name] = loss + progress.sums.get(name, torch.zeros(()))
        if progress.step % schedule.look_every == 0 or progress.step == schedule.num_steps:
            _look(game, progress, schedule, lookout)
        progress.spent = time.process_time() - began
        if team.is_first:
            pace.tell(progress.step, progress.spent)
        is_due = time.monotonic() - saved >= schedule.checkpoint_seconds
        if store and team.is_first and is_due:
            if _is_sound(progress, schedule, guard):
                store.save(progress.step, _content(game, progress, guard))
            saved = time.monotonic()
    if progress.sums:  # time was up between two looks
        _look(game, progress, schedule, lookout)
    return progress.best_weights or game.weights()


def _content(game: Game, progress: _Progress, guard: Guard | None) -> dict[str, Any]:
    """What a checkpoint holds."""
    content = {"loop": dict(vars(progress)), "game": game.state()}
    return content if guard is None else content | {"guard": guard.state()}


def _say_nothing(step: int, metrics: Mapping[str, float]) -> None:
    """`Log` of a process that is not the first."""


def _resume(
    game: Game, store: CheckpointStore | None, guard: Guard | None, team: Team
) -> _Progress:
    checkpoint = team.agreed(store.newest) if store else None
    if checkpoint is None:
        return _Progress()
    logger.info("going on from the checkpoint of step %d", checkpoint.step)
    game.restore(checkpoint.state["game"])
    if guard is not None:
        guard.restore(checkpoint.state["guard"])
    return _Progress(**checkpoint.state["loop"])


def _is_over(progress: _Progress, schedule: Schedule, team: Team) -> bool:
    seconds = schedule.seconds
    late = seconds is not None and team.agreed(lambda: progress.spent >= seconds)
    tired = progress.looks_since_best >= schedule.patience
    return progress.step >= schedule.num_steps or progress.is_ended or tired or late


def _look(game: Game, progress: _Progress, schedule: Schedule, lookout: _Lookout) -> None:
    """Log the mean losses and the score since the last look; keep the weights if they are best."""
    guard = lookout.guard
    means = _mean_losses(progress, schedule)
    if not (guard and guard.acts):
        _check_finite(means, progress.step)
    metrics = {**means, **lookout.gauges()}
    outcome = Outcome.GOES_ON
    if guard is not None:
        outcome = guard.look(progress.step, metrics, progress.step / schedule.num_steps)
    progress.is_ended = outcome is Outcome.ENDS
    score = lookout.judge() if outcome is Outcome.GOES_ON else None
    if score is not None:
        metrics[lookout.score_name] = score
        progress.looks_since_best += 1
        if score < progress.best_score:
            progress.best_score, progress.looks_since_best = score, 0
            progress.best_weights = game.weights()
    progress.sums = {}
    progress.logged.append((progress.step, metrics))
    lookout.log(progress.step, metrics)


def _mean_losses(progress: _Progress, schedule: Schedule) -> dict[str, float]:
    """Means since the last look; a NaN or infinity anywhere in between shows in them."""
    steps = (progress.step - 1) % schedule.look_every + 1
    return {name: float(total) / steps for name, total in progress.sums.items()}


def _is_sound(progress: _Progress, schedule: Schedule, guard: Guard | None) -> bool:
    """True where a checkpoint is worth keeping; raises NonFiniteLossError unless a guard acts."""
    means = _mean_losses(progress, schedule)
    if guard and guard.acts:
        return all(map(math.isfinite, means.values()))
    _check_finite(means, progress.step)
    return True


def _check_finite(means: Mapping[str, float], step: int) -> None:
    for name, mean in means.items():
        if not math.isfinite(mean):
            raise NonFiniteLossError(
                f"{name} is {mean} near step {step}: training diverged. "
                "A lower learning rate or a heavier gradient penalty may help."
            )
