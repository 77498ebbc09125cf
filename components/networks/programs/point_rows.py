"""Rows from uniform draws by a variational autoencoder."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from components.networks.programs.code_values import CodeValues
from components.networks.programs.column_range import ColumnRange
from components.networks.table_vae import TableVae

MISSING = -1
FURTHEST = 1e-9
"""Uniforms are kept so far from 0 and 1 where they stand for normal numbers."""


class PointRows(nn.Module):
    """Draws the target, a component of the prior, a point, and every column from that.

    Uniform 0 picks the target's code by where its stretch `ends`, uniform 1 the component, one for
    each of the latent numbers its noise, one for each column its code (the target's is idle), and
    one for each column places its value. The network runs in float64: sums in another order, as for
    another number of rows, then give the same rows. `num_levels` says which of each column's codes
    stand for values.
    """

    ends: Tensor

    def __init__(
        self,
        network: TableVae,
        ends: Tensor,
        num_levels: Sequence[int],
        values: CodeValues,
        column_range: ColumnRange,
    ) -> None:
        super().__init__()
        self.network = network.double().requires_grad_(False)
        self.register_buffer("ends", ends)
        self.num_levels = tuple(num_levels)
        self.values, self.column_range = values, column_range

    def forward(self, uniforms: Tensor) -> Tensor:
        """Rows, float64 of shape (rows, columns), from uniforms (rows, 2 + latent + 2 columns)."""
        network, num_columns = self.network, len(self.num_levels)
        target = (self.ends <= uniforms[:, :1]).sum(dim=1).clamp(max=len(self.ends) - 1)
        component = _picked(network.choice[target], uniforms[:, 1])
        middle = uniforms[:, 2 : 2 + network.latent].clamp(FURTHEST, 1 - FURTHEST)
        noise = torch.erfinv(2 * middle - 1) * 2**0.5
        logits = network.told(network.point(component, noise), target)
        picks = uniforms[:, 2 + network.latent :]
        codes = [
            target if i == network.target else _picked(logits[i], picks[:, i])
            for i in range(num_columns)
        ]
        drawn = [
            torch.where(code < num_levels, code, MISSING)
            for code, num_levels in zip(codes, self.num_levels, strict=True)
        ]
        rows: Tensor = self.column_range(
            self.values(torch.stack(drawn, dim=1), picks[:, num_columns:])
        )
        return rows


def _picked(logits: Tensor, uniforms: Tensor) -> Tensor:
    """The code that each uniform picks by its row's logits."""
    ends = torch.softmax(logits, dim=1).cumsum(dim=1)
    is_beyond = ends <= uniforms[:, None] * ends[:, -1:]
    return is_beyond.sum(dim=1).clamp(max=logits.shape[1] - 1)
