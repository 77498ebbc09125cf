"""Losses of the adversarial game, as plain functions of what a critic says."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

Critic = Callable[[Tensor], Tensor]


def wasserstein_critic_loss(real: Tensor, fake: Tensor) -> Tensor:
    """E[D(fake)] - E[D(real)], to be minimised by the critic (Arjovsky et al. 2017)."""
    return fake.mean() - real.mean()


def wasserstein_generator_loss(fake: Tensor) -> Tensor:
    """-E[D(fake)], to be minimised by the generator (Arjovsky et al. 2017)."""
    return -fake.mean()


def relativistic_loss(winner: Tensor, loser: Tensor) -> Tensor:
    """E[log(1 + exp(-(winner - loser)))]: the pairing loss (Jolicoeur-Martineau 2019).

    The critic minimises it with (real, fake), the generator with (fake, real).
    """
    return functional.softplus(loser - winner).mean()


def gradient_penalty(critic: Critic, real: Tensor, fake: Tensor, mixing: Tensor) -> Tensor:
    """Mean of (|grad D| - 1)^2 between pairs (Gulrajani et al. 2017, equation 3).

    `mixing`, broadcast over the rows, holds draws from U(0, 1): 1 is real, 0 is fake.
    """
    between = (mixing * real + (1 - mixing) * fake).detach().requires_grad_()
    return ((_squared_slope(critic, between) + 1e-12).sqrt() - 1).square().mean()


def zero_centred_penalty(critic: Critic, rows: Tensor) -> Tensor:
    """Mean of |grad D|^2 at `rows` (R1 at real, R2 at fake rows: Mescheder et al. 2018)."""
    return _squared_slope(critic, rows.detach().requires_grad_()).mean()


def _squared_slope(critic: Critic, rows: Tensor) -> Tensor:
    """|grad D|^2 for each value the critic gives; a pack's rows count as one input."""
    values = critic(rows)
    (slope,) = torch.autograd.grad(values.sum(), rows, create_graph=True)
    return slope.reshape(len(values), -1).square().sum(dim=1)
