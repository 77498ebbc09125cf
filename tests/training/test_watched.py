"""Training under watch: what is held out, and that the generator nearest to it is kept."""

import pytest
import torch

from benchmarks.faults import CONFIG, game_with
from components.config import Holdout
from components.errors import UserError
from components.training.adversarial import RealSamples
from components.training.gauges import measure
from components.training.watched import look_at, split_held_out, train_watched

HELD = CONFIG.model_copy(
    update={"holdout": Holdout(share=0.2, patience=2), "steps": 120, "look_every": 10}
)


def _numbered(count: int) -> RealSamples:
    return RealSamples(torch.arange(count)[:, None], torch.arange(count))


def test_a_share_is_held_out_at_random_and_by_the_seed():
    kept, held = split_held_out(_numbered(50), HELD, 0)
    assert held is not None and (len(kept), len(held)) == (40, 10)
    both = torch.cat([kept.samples, held.samples]).flatten()
    assert both.sort().values.tolist() == list(range(50))
    assert torch.equal(held.samples.flatten(), held.conditions)
    again, other = (split_held_out(_numbered(50), HELD, seed)[1] for seed in (0, 1))
    assert torch.equal(held.samples, again.samples)
    assert not torch.equal(held.samples, other.samples)


def test_two_samples_are_held_out_at_least():
    assert split_held_out(_numbered(5), HELD, 0)[1].samples.shape == (2, 1)
    with pytest.raises(UserError, match="needs 3 training samples at least; there are 2"):
        split_held_out(_numbered(2), HELD, 0)


def test_nothing_is_held_out_unless_it_is_asked():
    real = _numbered(5)
    assert split_held_out(real, CONFIG, 0) == (real, None)


def test_the_generator_nearest_to_held_out_samples_is_kept_and_training_ends_in_time():
    game = game_with("none", HELD)
    real, held = split_held_out(game.real, HELD, 0)
    assert held is not None
    game.real = real
    game.rates["generator"] = 0.2  # so that it soon gets worse again
    told: list[dict[str, float]] = []
    weights = train_watched(
        game,
        held,
        HELD,
        0,
        seconds=None,
        log=lambda step, metrics: told.append({"step": step, **metrics}),
        store=None,
    )
    apart = [look["distance"] for look in told]
    best = apart.index(min(apart))
    assert len(told) == min(12, best + 1 + 2) and best < len(told) - 1
    looker = look_at(game, held, HELD, 0)
    game.averaged.module.load_state_dict(weights)
    assert looker.gauges()["distance"] == pytest.approx(min(apart), rel=1e-9)


def test_looks_leave_the_game_alone():
    game, other = game_with("none"), game_with("none")
    looker = look_at(game, None, CONFIG, 0)
    for step in range(3):
        looker.gauges()
        game.step(step / 10)
        other.step(step / 10)
    assert all(torch.equal(value, other.weights()[name]) for name, value in game.weights().items())
    found = measure(looker.reference, game.draw(looker.noise, looker.conditions), looker.conditions)
    assert found == looker.gauges()
