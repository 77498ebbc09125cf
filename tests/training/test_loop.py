"""The loop, with a game so small that its results are known."""

import math

import pytest
import torch

from components.training.checkpoints import CheckpointStore
from components.training.loop import NonFiniteLossError, Schedule, train


class Counter:
    """A game whose weight is the number of steps taken."""

    def __init__(self, diverges_at: int | None = None) -> None:
        self.count = 0
        self.diverges_at = diverges_at

    def step(self, progress):
        self.count += 1
        loss = math.nan if self.count == self.diverges_at else float(self.count)
        return {"critic_loss": torch.tensor(loss)}

    def weights(self):
        return {"count": torch.tensor(self.count)}

    def state(self):
        return {"count": self.count}

    def restore(self, state):
        self.count = state["count"]


def _train(game, schedule, scores=None, log=lambda step, metrics: None, store=None):
    judge = (lambda: None) if scores is None else (lambda: scores[game.count])
    return train(game, schedule, judge=judge, score_name="score", log=log, store=store)


def test_the_best_look_is_kept_and_patience_ends_training():
    game, scores = Counter(), {2: 0.9, 4: 0.6, 6: 0.7, 8: 0.8, 10: 0.1}
    weights = _train(game, Schedule(num_steps=10, look_every=2, patience=2), scores)
    assert weights["count"] == 4
    assert game.count == 8


def test_without_a_score_the_last_weights_are_kept():
    weights = _train(Counter(), Schedule(num_steps=7, look_every=3, patience=1))
    assert weights["count"] == 7


def test_the_log_gets_means_since_the_last_look():
    seen = {}
    _train(Counter(), Schedule(num_steps=5, look_every=2, patience=9), log=seen.__setitem__)
    assert seen == {2: {"critic_loss": 1.5}, 4: {"critic_loss": 3.5}, 5: {"critic_loss": 5.0}}


def test_a_loss_that_is_not_finite_stops_training():
    schedule = Schedule(num_steps=9, look_every=3, patience=9)
    with pytest.raises(NonFiniteLossError, match="critic_loss is nan near step 6"):
        _train(Counter(diverges_at=5), schedule)


def test_a_diverged_state_is_never_saved(tmp_path):
    store = CheckpointStore(tmp_path, "a")
    schedule = Schedule(num_steps=9, look_every=9, patience=9, checkpoint_seconds=0)
    with pytest.raises(NonFiniteLossError):
        _train(Counter(diverges_at=5), schedule, store=store)
    assert store.newest().step == 4


def test_the_budget_ends_training():
    game = Counter()
    _train(game, Schedule(num_steps=10**9, look_every=10**6, patience=1, seconds=0.05))
    assert 0 < game.count < 10**9


def test_what_the_budget_ends_is_looked_at():
    class Scores(dict):
        def __missing__(self, count):
            return 1 / count

    game, seen = Counter(), {}
    schedule = Schedule(num_steps=10**9, look_every=10**6, patience=1, seconds=0.05)
    weights = _train(game, schedule, Scores(), log=seen.__setitem__)
    assert weights["count"] == game.count
    mean = pytest.approx((game.count + 1) / 2, rel=1e-3)  # sums of thousands are rounded
    assert seen == {game.count: {"critic_loss": mean, "score": 1 / game.count}}
    with pytest.raises(NonFiniteLossError, match="critic_loss is nan"):
        _train(Counter(diverges_at=5), schedule)


def test_a_resumed_run_goes_on_from_the_checkpoint(tmp_path):
    store = CheckpointStore(tmp_path, "a")
    scores = {2: 0.5, 4: 0.7, 6: 0.8, 8: 0.2}
    kwargs = {"look_every": 2, "patience": 2, "checkpoint_seconds": 0}
    _train(Counter(), Schedule(num_steps=3, **kwargs), scores | {3: 0.6}, store=store)
    game, seen = Counter(), {}
    schedule = Schedule(num_steps=8, **kwargs)
    weights = _train(game, schedule, scores, log=seen.__setitem__, store=store)
    assert list(seen) == [2, 3, 4]  # what was logged before the kill is logged again
    assert game.count == 4  # looks at 3 and 4 were both worse than the one at 2
    assert weights["count"] == 2


def test_it_says_how_far_it_is(monkeypatch, caplog):
    monkeypatch.setattr("components.training.pace.EVERY", 0.0)
    caplog.set_level("INFO", "components.training")
    _train(Counter(), Schedule(num_steps=4, look_every=2, patience=9))
    assert [text.partition(",")[0] for text in caplog.messages] == [
        f"training: step {step} of 4" for step in (1, 2, 3)
    ]
