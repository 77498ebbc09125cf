"""Losses of the adversarial game, as plain functions of what a critic says."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

_TINY = 1e-12


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


def discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """E[-log D(real)] + E[-log(1 - D(fake))] of values before the sigmoid (Goodfellow 2014)."""
    return functional.softplus(-real).mean() + functional.softplus(fake).mean()


def deceiving_loss(fake: Tensor) -> Tensor:
    """E[-log D(fake)], the generator's loss that does not saturate (Goodfellow et al. 2014)."""
    return functional.softplus(-fake).mean()


@dataclass(frozen=True)
class Moments:
    """The mean and the standard deviation of each feature, shape (features,)."""

    mean: Tensor
    deviation: Tensor


def information_loss(real: Moments, fake: Moments, margin: float) -> Tensor:
    """max(0, |mean gap| - margin) + max(0, |deviation gap| - margin) (Park et al. 2018, eq. 4).

    Both gaps are Euclidean lengths, measured in that of the real deviations. The paper measures
    them as they are; but its features are normalised over the batch, and ours are not: only so has
    a margin one meaning for discriminators of any size.
    """
    unit = real.deviation.detach().norm() + _TINY
    gaps = (real.mean - fake.mean, real.deviation - fake.deviation)
    lengths = [((gap / unit).square().sum() + _TINY).sqrt() for gap in gaps]
    return functional.relu(lengths[0] - margin) + functional.relu(lengths[1] - margin)
