"""Networks for rows: shapes, independence of rows, conditioning."""

import torch

from components.networks.mlp import RowCritic, RowGenerator


def _generator() -> RowGenerator:
    torch.manual_seed(0)
    return RowGenerator(noise=4, classes=2, hidden=8, blocks=1, width=5)


def test_a_generated_row_does_not_depend_on_its_batch():
    generator, noise = _generator(), torch.randn(6, 4)
    condition = torch.eye(2)[[0, 1, 0, 1, 0, 1]]
    whole = generator(noise, condition)
    assert whole.shape == (6, 5)
    assert torch.allclose(whole[2:3], generator(noise[2:3], condition[2:3]), atol=1e-6)


def test_the_condition_changes_the_row():
    generator, noise = _generator(), torch.randn(1, 4)
    first, second = (generator(noise, torch.eye(2)[[i]]) for i in range(2))
    assert not torch.allclose(first, second)


def test_the_critic_gives_one_value_a_row():
    critic = RowCritic(width=5, classes=2, hidden=8, layers=2)
    assert critic(torch.randn(6, 5), torch.eye(2)[[0] * 6]).shape == (6,)


def test_the_critic_sees_the_condition():
    torch.manual_seed(0)
    critic, row = RowCritic(width=5, classes=2, hidden=8, layers=1), torch.randn(1, 5)
    first, second = (critic(row, torch.eye(2)[[i]]) for i in range(2))
    assert not torch.allclose(first, second)
