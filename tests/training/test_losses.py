"""Losses against values worked out by hand."""

import math

import torch

from components.training.losses import (
    ADVERSARIAL_LOSSES,
    feature_matching_loss,
    hinge_loss,
    least_squares_loss,
    nearing_loss,
    raising_loss,
    relativistic_loss,
    unit_slope_penalty,
    wasserstein_loss,
    zero_centred_penalty,
)


def test_relativistic_loss_is_log_two_where_the_critic_cannot_tell():
    same = torch.full((4,), 7.0)
    assert math.isclose(relativistic_loss(same, same).item(), math.log(2), rel_tol=1e-6)


def test_relativistic_loss_falls_as_the_winner_leads():
    loss = relativistic_loss(torch.tensor([2.0]), torch.tensor([0.0]))
    assert math.isclose(loss.item(), math.log(1 + math.exp(-2)), rel_tol=1e-6)


def _rows(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0)).requires_grad_()


def test_zero_centred_penalty_of_a_linear_critic_is_its_squared_weights():
    rows = _rows(5, 2)
    penalty = zero_centred_penalty(rows @ torch.tensor([3.0, 4.0]), rows)
    assert math.isclose(penalty.item(), 25.0, rel_tol=1e-6)


def test_the_penalty_can_be_trained_on():
    rows, weights = _rows(3, 2), torch.tensor([1.0, 2.0], requires_grad=True)
    zero_centred_penalty(rows @ weights, rows).backward()
    assert torch.allclose(weights.grad, torch.tensor([2.0, 4.0]))


def test_hinge_losses_by_hand():
    real, fake = torch.tensor([0.5, 3.0]), torch.tensor([-2.0, 1.0])
    assert hinge_loss(real, fake).item() == (0.5 + 0.0) / 2 + (0.0 + 2.0) / 2
    assert raising_loss(fake).item() == 0.5


def test_least_squares_losses_by_hand():
    real, fake = torch.tensor([1.0, 3.0]), torch.tensor([0.0, 2.0])
    assert least_squares_loss(real, fake).item() == (0 + 4) / 2 / 2 + (0 + 4) / 2 / 2
    assert nearing_loss(fake).item() == (1 + 1) / 2 / 2


def test_the_wasserstein_loss_is_how_much_higher_made_samples_are_valued():
    assert wasserstein_loss(torch.tensor([1.0, 3.0]), torch.tensor([4.0, 6.0])).item() == 3.0


def test_the_slope_of_a_linear_critic_is_the_length_of_its_weights():
    rows = _rows(5, 2)
    penalty = unit_slope_penalty(rows @ torch.tensor([3.0, 4.0]), rows)
    assert math.isclose(penalty.item(), 16.0, rel_tol=1e-6)


def test_feature_matching_is_the_mean_squared_gap_of_means():
    real = torch.tensor([[0.0, 2.0], [2.0, 2.0]])
    fake = torch.tensor([[4.0, 2.0], [4.0, 2.0]])
    assert feature_matching_loss(real, fake).item() == (9.0 + 0.0) / 2


def test_every_game_pays_for_being_wrong():
    right, wrong = torch.full((4,), 2.0), torch.full((4,), -2.0)
    for name, loss in ADVERSARIAL_LOSSES.items():
        assert loss.discriminator(right, wrong) < loss.discriminator(wrong, right), name
        deceived, seen = (
            loss.generator(*((made, other) if loss.relative else (made,)))
            for made, other in ((right, wrong), (wrong, right))
        )
        assert deceived < seen, name
