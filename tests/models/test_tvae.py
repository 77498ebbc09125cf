"""The tabular autoencoder: its bound, its learned prior, and rows that are drawn, not averaged."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from pandas.testing import assert_frame_equal

from components.config import TvaeConfig
from components.errors import UserError
from components.models.codes.tvae import Tvae
from components.models.codes.tvae_learning import bound
from components.networks.any_order import Coded
from components.networks.table_vae import TableVae, log_normal
from components.training.loop import NonFiniteLossError
from tests.models.test_autoregressive import chain

SMALL = TvaeConfig(
    hidden_size=48,
    blocks=1,
    latent_size=2,
    components=8,
    rate=1e-2,
    steps=500,
    look_every=50,
    patience=10,
    crowd=5,
)

TOLD: list[float] = []
"""The held-out bounds of `learned`'s training."""


@cache
def learned() -> Tvae:
    model = Tvae(SMALL)
    model.fit(chain(1_000, 0), seed=0, log=lambda step, told: TOLD.append(told["held_out_bound"]))
    return model


def untaught() -> TableVae:
    torch.manual_seed(0)
    return TableVae(
        [Coded(2), Coded(3)], target=0, width=8, blocks=1, latent=2, components=4
    ).requires_grad_(False)


def test_a_normal_density_is_that_computed_by_hand() -> None:
    found = log_normal(torch.tensor([[1.0, 0.0]]), torch.tensor([0.0, 0.0]), torch.zeros(2))
    assert float(found) == pytest.approx(-0.5 - np.log(2 * np.pi))
    wide = log_normal(torch.tensor([2.0]), torch.tensor([0.0]), torch.tensor([np.log(2.0)]))
    assert float(wide) == pytest.approx(-0.5 - 0.5 * np.log(2 * np.pi) - np.log(2))


def test_the_prior_is_the_mixture_whose_points_are_drawn() -> None:
    network = untaught()
    network.choice[1] = torch.log(torch.tensor([0.7, 0.3, 1e-9, 1e-9]))
    random = torch.Generator().manual_seed(0)
    component = (torch.rand(40_000, generator=random) < 0.3).long()
    points = network.point(component, torch.randn(40_000, 2, generator=random))
    grid = torch.cartesian_prod(*[torch.linspace(-6, 6, 121)] * 2)
    density = network.prior(grid, torch.ones(len(grid), dtype=torch.int64)).exp() * 0.1**2
    assert float(density.sum()) == pytest.approx(1.0, abs=0.01)
    mean = (density[:, None] * grid).sum(dim=0)
    np.testing.assert_allclose(points.mean(dim=0).numpy(), mean.numpy(), atol=0.03)


def test_the_bound_is_no_more_than_the_likelihood() -> None:
    """The likelihood of each row by summing over a grid of points, against its bound's mean."""
    network = untaught()
    codes = torch.tensor([[0, 0], [0, 2], [1, 1]])
    grid = torch.cartesian_prod(*[torch.linspace(-6, 6, 121)] * 2)
    for row in codes:
        target = row[:1].expand(len(grid))
        told = torch.log_softmax(network.told(grid, target)[1], dim=1)[:, row[1]]
        likelihood = ((network.prior(grid, target) + told).exp() * 0.1**2).sum().log()
        noise = torch.randn(4_000, 2, generator=torch.Generator().manual_seed(1))
        surprise, divergence = bound(network, row.expand(4_000, 2), noise)
        assert float(-(surprise + divergence).mean()) < float(likelihood) < 0


def test_the_target_is_given_to_the_decoder_and_not_told() -> None:
    network = untaught()
    surprise, _ = bound(network, torch.tensor([[0, 1]]), torch.zeros(1, 2))
    mean, _ = network.encoded(torch.tensor([[0, 1]]))
    logits = network.told(mean, torch.tensor([0]))[1]
    assert float(surprise) == pytest.approx(-float(torch.log_softmax(logits, dim=1)[0, 1]))


def test_points_tell_of_rows_and_columns_go_together() -> None:
    truth, rows = chain(4_000, 9).frame, learned().sample(4_000, seed=0)
    spread = []
    for frame in (truth, rows):
        assert (frame["a"] == frame["b"]).mean() == pytest.approx(0.9, abs=0.03)
        near_ten = frame["x"][frame["b"] == "yes"]
        assert (near_ten > 5).mean() > 0.9  # a third of all rows
        spread.append(near_ten.quantile(0.9) - near_ten.quantile(0.5))
    assert spread[1] == pytest.approx(spread[0], abs=0.3)  # drawn: means would have none


def test_training_lowers_the_held_out_bound_and_keeps_its_best() -> None:
    learned()
    assert min(TOLD) < TOLD[0] - 0.5 and len(TOLD) == 11


def test_equal_seeds_give_equal_networks() -> None:
    config = SMALL.model_copy(update={"steps": 20, "look_every": 10})
    first, second, third = Tvae(config), Tvae(config), Tvae(config)
    for model, seed in ((first, 0), (second, 0), (third, 1)):
        model.fit(chain(200, 0), seed=seed)
    assert_frame_equal(first.sample(50, seed=0), second.sample(50, seed=0))
    assert not first.sample(50, seed=0).equals(third.sample(50, seed=0))


def test_only_the_target_can_be_asked_for() -> None:
    rows = learned().sample(3_000, condition={"a": "yes"}, seed=1)
    assert (rows["a"] == "yes").all()
    assert (rows["b"] == "yes").mean() == pytest.approx(0.9, abs=0.05)
    with pytest.raises(UserError, match="only a discrete target can be asked for"):
        learned().sample(10, condition={"b": "yes"}, seed=1)


def test_first_rows_are_the_same_however_many_follow() -> None:
    many = learned().sample(5_000, seed=4)
    assert_frame_equal(learned().sample(7, seed=4), many[:7])
    assert_frame_equal(learned().sample(3_000, seed=4), many[:3_000])


def test_likelier_rows_score_higher() -> None:
    rows = pd.DataFrame({"a": ["yes", "yes", "no"], "b": ["yes", "no", "no"], "x": [10.0, 10, 0]})
    found = learned().score(rows)
    assert found[1] < found[0] - 1 and found[1] < found[2] - 1


def test_killed_training_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    config = SMALL.model_copy(update={"steps": 60, "look_every": 10, "checkpoint_seconds": 0.0})
    whole = Tvae(config)
    whole.fit(chain(300, 1), seed=0)

    class Killed(Exception):
        pass

    def kill(step: int, metrics: object) -> None:
        if step >= 40:
            raise Killed

    with pytest.raises(Killed):
        Tvae(config).fit(chain(300, 1), seed=0, log=kill, checkpoint_dir=tmp_path)
    resumed = Tvae(config)
    resumed.fit(chain(300, 1), seed=0, checkpoint_dir=tmp_path)
    assert_frame_equal(resumed.sample(200, seed=0), whole.sample(200, seed=0))


def test_divergence_is_told() -> None:
    config = SMALL.model_copy(update={"rate": 1e30, "steps": 80})
    with pytest.raises(NonFiniteLossError):
        Tvae(config).fit(chain(300, 1), seed=0)
