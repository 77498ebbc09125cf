"""Losses of the adversarial game, as plain functions of what a critic says."""

from collections.abc import Callable
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


def hinge_loss(real: Tensor, fake: Tensor) -> Tensor:
    """E[max(0, 1 - D(real))] + E[max(0, 1 + D(fake))] (Lim and Ye 2017)."""
    return functional.relu(1 - real).mean() + functional.relu(1 + fake).mean()


def raising_loss(fake: Tensor) -> Tensor:
    """-E[D(fake)]: the generator's loss against a hinge or a Wasserstein critic."""
    return -fake.mean()


def least_squares_loss(real: Tensor, fake: Tensor) -> Tensor:
    """E[(D(real) - 1)^2] / 2 + E[D(fake)^2] / 2 (Mao et al. 2017, eq. 9)."""
    return (real - 1).square().mean() / 2 + fake.square().mean() / 2


def nearing_loss(fake: Tensor) -> Tensor:
    """E[(D(fake) - 1)^2] / 2, the generator's loss against least squares (Mao et al. 2017)."""
    return (fake - 1).square().mean() / 2


def wasserstein_loss(real: Tensor, fake: Tensor) -> Tensor:
    """E[D(fake)] - E[D(real)] (Arjovsky et al. 2017)."""
    return fake.mean() - real.mean()


def unit_slope_penalty(values: Tensor, samples: Tensor) -> Tensor:
    """E[(|grad D| - 1)^2] over samples, which require a gradient (Gulrajani et al. 2017, eq. 3)."""
    (slope,) = torch.autograd.grad(values.sum(), samples, create_graph=True)
    lengths = (slope.flatten(1).square().sum(dim=1) + _TINY).sqrt()
    return (lengths - 1).square().mean()


def feature_matching_loss(real: Tensor, fake: Tensor) -> Tensor:
    """|E[f(real)] - E[f(fake)]|^2 / features, of features (rows, features).

    Salimans et al. (2016, section 3.1); the mean over features gives the weight one meaning for
    discriminators of any size.
    """
    return (real.mean(dim=0) - fake.mean(dim=0)).square().mean()


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


@dataclass(frozen=True)
class AdversarialLoss:
    """Both sides of a game, of values of shape (rows,).

    The discriminator's loss is of (real, made) values, the generator's of made ones alone; or,
    where it is `relative`, of (made, real).
    """

    discriminator: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[..., Tensor]
    relative: bool = False


ADVERSARIAL_LOSSES = {
    "non_saturating": AdversarialLoss(discriminator_loss, deceiving_loss),
    "hinge": AdversarialLoss(hinge_loss, raising_loss),
    "least_squares": AdversarialLoss(least_squares_loss, nearing_loss),
    "wasserstein": AdversarialLoss(wasserstein_loss, raising_loss),
    "relativistic": AdversarialLoss(relativistic_loss, relativistic_loss, relative=True),
}
"""Every adversarial loss by name."""
