"""The average of weights: its first values, its limit, its state."""

import torch
from torch import nn

from components.training.ema import Ema


def _linear(value: float) -> nn.Linear:
    module = nn.Linear(1, 1)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.fill_(value)
    return module


def test_first_update_moves_by_the_warm_up_decay():
    average = Ema(_linear(0.0), decay=0.99)
    average.update(_linear(1.0))
    assert torch.allclose(average.module.weight, torch.tensor(1 - 1 / 10))


def test_it_converges_to_a_constant_network():
    average = Ema(_linear(0.0), decay=0.9)
    for _ in range(200):
        average.update(_linear(3.0))
    assert torch.allclose(average.module.bias, torch.tensor(3.0), atol=1e-4)


def test_it_is_in_eval_mode_and_not_trained():
    average = Ema(nn.Sequential(nn.Linear(1, 1), nn.Dropout()), decay=0.9)
    assert not average.module.training
    assert not any(parameter.requires_grad for parameter in average.module.parameters())


def test_restored_state_goes_on_alike():
    first, second = Ema(_linear(0.0), 0.9), Ema(_linear(5.0), 0.9)
    first.update(_linear(1.0))
    second.restore(first.state())
    for average in (first, second):
        average.update(_linear(2.0))
    assert torch.equal(first.module.weight, second.module.weight)
