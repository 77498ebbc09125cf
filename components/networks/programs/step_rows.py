"""Rows from uniform draws by tables of shares."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from components.networks.programs.code_values import CodeValues
from components.networks.programs.column_range import ColumnRange

MISSING = -1


class StepRows(nn.Module):
    """Draws column after column, each given one or two before it, then turns codes into values.

    Uniform k picks the code of the k-th column drawn; one more for each learned column places its
    value. `ends`, one for each step: shape (lines, codes), each line moved up by its number; lines
    are those of the given columns' `groups`, shape (codes,) for each column.
    `num_levels` says which of each column's codes stand for values.
    """

    def __init__(
        self,
        positions: Sequence[int],
        given: Sequence[Sequence[int]],
        ends: Sequence[Tensor],
        groups: Sequence[Tensor],
        num_levels: Sequence[int],
        values: CodeValues,
        column_range: ColumnRange,
    ) -> None:
        super().__init__()
        self.positions, self.given = tuple(positions), tuple(map(tuple, given))
        self.num_groups = tuple(int(of.max()) + 1 for of in groups)
        self.num_levels = tuple(num_levels)
        self.values, self.column_range = values, column_range
        for k, table in enumerate(ends):
            self.register_buffer(f"ends_{k}", table)
        for i, of in enumerate(groups):
            self.register_buffer(f"groups_{i}", of)

    def forward(self, uniforms: Tensor) -> Tensor:
        """Rows, float64 of shape (rows, columns), from uniforms of shape (rows, 2 columns)."""
        nothing = torch.zeros_like(uniforms[:, 0], dtype=torch.int64)
        codes = [nothing] * len(self.positions)
        for k, (i, given) in enumerate(zip(self.positions, self.given, strict=True)):
            ends: Tensor = getattr(self, f"ends_{k}")
            line = nothing
            for j in given:
                line = line * self.num_groups[j] + getattr(self, f"groups_{j}")[codes[j]]
            at = torch.searchsorted(ends.reshape(-1), uniforms[:, k] + line, right=True)
            codes[i] = (at - line * ends.shape[1]).clamp(0, ends.shape[1] - 1)
        drawn = [
            torch.where(code < num_levels, code, MISSING)
            for code, num_levels in zip(codes, self.num_levels, strict=True)
        ]
        blur = uniforms[:, len(self.positions) :]
        rows: Tensor = self.column_range(self.values(torch.stack(drawn, dim=1), blur))
        return rows
