"""Running means and deviations, and the information loss, against values worked out by hand."""

import math

import pytest
import torch

from components.training.losses import (
    Moments,
    deceiving_loss,
    discriminator_loss,
    information_loss,
)
from components.training.running_moments import RunningMoments


def _moments() -> RunningMoments:
    return RunningMoments(1, torch.device("cpu"))


def test_the_first_batches_count_alike_and_later_ones_a_hundredth():
    running = _moments()
    for value in (1.0, 2.0, 6.0):
        found = running.update(torch.tensor([[value - 1], [value + 1]]))
    assert found.mean.item() == pytest.approx(3.0)
    assert found.deviation.item() == pytest.approx(1.0)
    running.updates = 10_000
    assert running.update(torch.full((2, 1), 103.0)).mean.item() == pytest.approx(4.0)


def test_the_gradient_is_that_of_the_newest_batch():
    running = _moments()
    running.update(torch.full((4, 1), 9.0))
    features = torch.tensor([[1.0], [3.0]], requires_grad=True)
    running.update(features).mean.sum().backward()
    assert features.grad is not None and features.grad.flatten().tolist() == [0.5, 0.5]


def test_a_state_is_gone_back_to():
    running, other = _moments(), _moments()
    running.update(torch.randn(5, 1))
    other.restore(running.state())
    batch = torch.randn(5, 1)
    assert torch.equal(running.update(batch).mean, other.update(batch).mean)


def test_information_loss_in_units_of_the_real_deviation():
    real = Moments(torch.tensor([0.0, 0.0]), torch.tensor([3.0, 4.0]))  # of length 5
    fake = Moments(torch.tensor([2.0, 0.0]), torch.tensor([3.0, 5.0]))
    for margin, expected in ((0.0, 0.4 + 0.2), (0.1, 0.3 + 0.1), (0.3, 0.1), (0.5, 0.0)):
        assert information_loss(real, fake, margin).item() == pytest.approx(expected, abs=1e-5)


def test_information_loss_has_a_gradient_also_where_there_is_no_gap():
    mean = torch.zeros(2, requires_grad=True)
    same = Moments(torch.zeros(2), torch.ones(2))
    information_loss(same, Moments(mean, torch.ones(2)), 0.0).backward()
    assert mean.grad is not None and torch.isfinite(mean.grad).all()


def test_the_original_losses():
    real, fake = torch.tensor([0.0]), torch.tensor([0.0])
    assert discriminator_loss(real, fake).item() == pytest.approx(2 * math.log(2))
    assert deceiving_loss(fake).item() == pytest.approx(math.log(2))
    assert deceiving_loss(torch.tensor([3.0])).item() == pytest.approx(math.log(1 + math.exp(-3)))
