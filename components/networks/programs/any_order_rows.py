"""Rows from uniform draws by a network of any order."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from components.networks.any_order import AnyOrder
from components.networks.programs.code_values import CodeValues
from components.networks.programs.column_range import ColumnRange

MISSING = -1


class AnyOrderRows(nn.Module):
    """Draws column after column in `sequence`, then turns codes into values.

    Uniform k picks the code of the k-th column drawn; one more for each learned column places its
    value. The network runs in float64: sums in another order, as for another number of rows, then
    give the same rows. `num_levels` says which of each column's codes stand for values.
    """

    def __init__(
        self,
        network: AnyOrder,
        sequence: Sequence[int],
        num_levels: Sequence[int],
        values: CodeValues,
        column_range: ColumnRange,
    ) -> None:
        super().__init__()
        self.network = network.double().requires_grad_(False)
        self.sequence = tuple(sequence)
        self.num_levels = tuple(num_levels)
        self.values = values
        self.column_range = column_range

    def forward(self, uniforms: Tensor) -> Tensor:
        """Rows, float64 of shape (rows, columns), from uniforms of shape (rows, 2 columns)."""
        network = self.network
        inputs, outputs = network.inputs(), network.outputs()
        sums = torch.zeros_like(uniforms[:, :1]) * inputs[:1]
        drawn: list[Tensor] = [sums] * len(self.sequence)
        for k, i in enumerate(self.sequence):
            ends = torch.softmax(network.told(sums, outputs, i), dim=1).cumsum(dim=1)
            is_beyond = ends <= uniforms[:, k, None] * ends[:, -1:]
            code = is_beyond.sum(dim=1).clamp(max=network.sizes[i] - 1)
            drawn[i] = torch.where(code < self.num_levels[i], code, MISSING)
            sums = sums + inputs[code + network.starts[i]]
        blur = uniforms[:, len(self.sequence) :]
        rows: Tensor = self.column_range(self.values(torch.stack(drawn, dim=1), blur))
        return rows
