"""Losses of the adversarial game, as plain functions of what a critic says."""

import torch
from torch import Tensor
from torch.nn import functional


def relativistic_loss(winner: Tensor, loser: Tensor) -> Tensor:
    """E[log(1 + exp(loser - winner))] over pairs of values (Jolicoeur-Martineau 2019).

    The critic minimises it with (real, fake), the generator with (fake, real). It is log 2 where
    the critic cannot tell them apart.
    """
    return functional.softplus(loser - winner).mean()


def zero_centred_penalty(values: Tensor, rows: Tensor) -> Tensor:
    """E[|grad D|^2]: R1 over real rows, R2 over fake ones (Mescheder et al. 2018).

    `values`, shape (rows,), are what the critic made of `rows`, which require a gradient.
    """
    (slope,) = torch.autograd.grad(values.sum(), rows, create_graph=True)
    return slope.flatten(1).square().sum(dim=1).mean()
