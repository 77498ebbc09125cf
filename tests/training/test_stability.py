"""The guard of a game: faults are found, and it warns, stops, or goes back as the settings say."""

from pathlib import Path

import pytest
import torch

from benchmarks.faults import CONFIG, FAULTS, Broken, alarms_in, game_with, play
from components.config import Action, ImageGanConfig, Watch
from components.training.checkpoints import CheckpointStore
from components.training.loop import NonFiniteLossError, Outcome
from components.training.losses import ADVERSARIAL_LOSSES
from components.training.monitors import MISLED
from components.training.stability import MOST_ROLL_BACKS, StabilityGuard
from tests.training.test_monitors import WELL

LOOK, BROKEN_AT = CONFIG.look_every, 40
SHORT = CONFIG.model_copy(update={"steps": 80, "watch": Watch(samples=128, grace=0.99)})
"""Only what is no number alarms."""


def acting(action: Action, config: ImageGanConfig = SHORT) -> ImageGanConfig:
    watch = config.watch.model_copy(update={"action": action})
    return config.model_copy(update={"watch": watch, "checkpoint_seconds": 0})


def broken(action: Action, happens: int = 1, config: ImageGanConfig = SHORT) -> Broken:
    """A game that is given a weight that is no number at step 40, so often."""
    game = game_with("nan", acting(action, config))
    game.broken_at, game.happens = BROKEN_AT, happens
    return game


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_is_found(fault):
    _, told, _ = play(game_with(fault, acting(Action.STOP, CONFIG) if fault == "nan" else CONFIG))
    assert FAULTS[fault] in alarms_in(told)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_nothing_is_found_in_a_healthy_game(seed):
    _, told, _ = play(game_with("none", seed=seed), seed)
    assert len(told) == 20 and alarms_in(told) == set()


def test_no_number_is_an_error_unless_something_is_done_about_it():
    with pytest.raises(NonFiniteLossError, match="diverged"):
        play(broken(Action.WARN))


def test_it_stops_with_what_it_had_come_to(caplog):
    weights, told, guard = play(broken(Action.STOP))
    assert told[-1]["step"] == BROKEN_AT and told[-1]["alarm_diverged"] == 1
    assert "training ends" in caplog.text and guard.num_roll_backs == 0
    healthy = game_with("none", SHORT)
    for step in range(BROKEN_AT - LOOK):
        healthy.step(step / SHORT.steps)
    assert all(torch.equal(value, weights[name]) for name, value in healthy.weights().items())


def test_it_goes_back_goes_on_at_lower_rates_and_ends_well(caplog):
    game = broken(Action.ROLL_BACK)
    weights, told, guard = play(game)
    assert guard.num_roll_backs == 1 and game.rate_factor == 0.5
    assert "went back" in caplog.text and told[-1]["step"] == SHORT.steps
    assert alarms_in(told) == {"diverged"} and "alarm_diverged" not in told[-1]
    assert all(torch.isfinite(value).all() for value in weights.values())


def test_it_goes_back_no_more_than_three_times():
    config = SHORT.model_copy(update={"steps": 400})
    weights, told, guard = play(broken(Action.ROLL_BACK, happens=99, config=config))
    assert guard.num_roll_backs == MOST_ROLL_BACKS and told[-1]["step"] < 400
    assert all(torch.isfinite(value).all() for value in weights.values())


class Counted:
    """A game whose state is the number of the look."""

    look, rate = 0, 1.0

    def state(self):
        return {"look": self.look}

    def restore(self, state):
        self.look = state["look"]

    def slow(self, factor):
        self.rate = factor


ILL = {
    "collapsed": lambda look: {"different_bins": 0.9},
    "overpowered": lambda look: {"discriminator_accuracy": 1.0},
    "stuck": lambda look: {"distance": 0.8},
    "oscillating": lambda look: {"generator_loss": 2.0 if look % 2 else 0.5},
    "exploded": lambda look: {"generator_gradient": 1e3},
}


@pytest.mark.parametrize("kind", ILL)
@pytest.mark.parametrize("action", [Action.STOP, Action.ROLL_BACK])
def test_it_goes_back_to_before_the_first_sign(kind: str, action: Action):
    game = Counted()
    guard = StabilityGuard(game, Watch(action=action), "non_saturating")
    for look in range(1, 30):
        game.look, metrics = look, {**WELL, **(ILL[kind](look) if look > 12 else {})}
        outcome = guard.look(look, metrics, look / 30)
        if outcome is not Outcome.GOES_ON:
            break
    assert f"alarm_{kind}" in metrics
    # one swing alone is none yet
    assert game.look == (13 if kind == "oscillating" else 12)


@pytest.mark.parametrize("loss", ADVERSARIAL_LOSSES)
def test_monitors_that_a_loss_misleads_are_not_asked(loss: str):
    raised = set()
    for kind in ("overpowered", "oscillating", "stuck"):
        guard = StabilityGuard(Counted(), Watch(), loss)
        for look in range(1, 30):
            metrics = {**WELL, **(ILL[kind](look) if look > 12 else {})}
            guard.look(look, metrics, look / 30)
            raised |= {name.removeprefix("alarm_") for name in metrics if "alarm_" in name}
    assert raised == {"overpowered", "oscillating", "stuck"} - MISLED.get(loss, set())
    assert MISLED.keys() <= ADVERSARIAL_LOSSES.keys()


class Interrupted(Exception):
    """Stands for a kill between two looks."""


def test_what_was_interrupted_after_going_back_ends_as_if_it_had_not_been(tmp_path: Path):
    store = CheckpointStore(tmp_path, "same")
    game = broken(Action.ROLL_BACK)
    inner = game.step

    def step(progress: float) -> dict[str, torch.Tensor]:
        if round(progress * SHORT.steps) == BROKEN_AT + 10:
            raise Interrupted
        return inner(progress)

    game.step = step  # type: ignore[method-assign]
    with pytest.raises(Interrupted):
        play(game, store=store)
    resumed, again, guard = play(broken(Action.ROLL_BACK, happens=0), store=store)
    whole, told, _ = play(broken(Action.ROLL_BACK))
    assert guard.num_roll_backs == 1 and again == told
    assert all(torch.equal(value, resumed[name]) for name, value in whole.items())
