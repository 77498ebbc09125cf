"""A variational autoencoder of rows of codes, given the code of one of their columns."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from components.networks.any_order import AnyOrder, Coded
from components.networks.mlp import ResidualBlock

NARROWEST, WIDEST = -5.0, 2.0
"""Log deviations of a normal distribution stay between these."""
SPREAD = 0.3


class TableVae(nn.Module):
    """An encoder of rows, a prior of their points for each code of the target, and a decoder.

    After Kingma and Welling 2014 and, for tables, Xu et al. 2019 (TVAE). The prior is a mixture of
    normal distributions, learned with the rest (after Tomczak and Welling 2018), its weights
    depending on the target's code; so points drawn from it lie where the encoder puts those of
    rows, which a single normal distribution does not reach. Codes are read and told by weights that
    are smooth along ordered columns (`AnyOrder`). At first points tell nothing, and columns are
    independent.
    """

    def __init__(
        self,
        columns: Sequence[Coded],
        target: int,
        *,
        width: int,
        blocks: int,
        latent: int,
        components: int,
    ) -> None:
        super().__init__()
        self.target, self.latent = target, latent
        self.decoder = AnyOrder(columns, width, blocks)
        leave = nn.Linear(width, 2 * latent)
        encoding = (ResidualBlock(width) for _ in range(blocks))
        self.encoder = nn.Sequential(*encoding, nn.LayerNorm(width), leave)
        self.enter = nn.Linear(latent, width)
        self.choice = nn.Parameter(torch.zeros(columns[target].num_codes, components))
        self.centre = nn.Parameter(torch.randn(components, latent) * SPREAD)
        self.log_scale = nn.Parameter(torch.zeros(components, latent))
        nn.init.zeros_(leave.weight)
        nn.init.zeros_(leave.bias)

    def encoded(self, codes: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log deviation of each row's point, shape (rows, latent), from its codes."""
        summed = self.decoder.embedded(codes, self.decoder.inputs()).sum(dim=1)
        mean, log_scale = self.encoder(summed).chunk(2, dim=1)
        return mean, log_scale.clamp(NARROWEST, WIDEST)

    def prior(self, points: Tensor, target: Tensor) -> Tensor:
        """The log density of points, (rows, latent), given the target's codes: shape (rows,)."""
        each = log_normal(points[:, None, :], self.centre, self.log_scale.clamp(NARROWEST, WIDEST))
        weights = torch.log_softmax(self.choice, dim=1)[target]
        found: Tensor = torch.logsumexp(each + weights, dim=1)
        return found

    def point(self, component: Tensor, noise: Tensor) -> Tensor:
        """The point of each row's component that its standard normal noise stands for."""
        scale = self.log_scale.clamp(NARROWEST, WIDEST).exp()
        found: Tensor = self.centre[component] + scale[component] * noise
        return found

    def told(self, points: Tensor, target: Tensor) -> list[Tensor]:
        """The logits of each column's codes given points and the target's codes."""
        decoder = self.decoder
        given = decoder.inputs()[decoder.starts[self.target] + target]
        hidden = decoder.hidden(self.enter(points) + given, self.target)
        logits = hidden @ decoder.outputs().T + decoder.bias
        return list(logits.split(decoder.sizes, dim=1))


def log_normal(points: Tensor, mean: Tensor, log_scale: Tensor) -> Tensor:
    """The log density of normal distributions that are independent along the last dimension."""
    away = (points - mean) * torch.exp(-log_scale)
    each = -0.5 * (away**2 + math.log(2 * math.pi)) - log_scale
    return each.sum(dim=-1)
