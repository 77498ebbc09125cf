"""Losses against values worked out by hand."""

import math

import torch

from components.training.losses import relativistic_loss, zero_centred_penalty


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
