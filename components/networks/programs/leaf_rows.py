"""Rows from uniform draws by a mixture of leaves."""

import torch
from torch import Tensor, nn

from components.networks.programs.code_values import Buffers, CodeValues
from components.networks.programs.column_range import ColumnRange

MISSING = -1


class Leaves(Buffers):
    """Leaves of rows, int64, with the codes that their columns have, as stretches of all rows.

    The column at `first` is drawn with its leaf: `lead_codes`, `lead_leaves` and where each such
    pair ends among all rows (`lead_ends`). By leaf: where its rows begin (`begins`) and how many
    there are (`sizes`). Of the other columns, `codes` has all entries end to end and `ends` says
    where each ends, each column's moved up by the rows of all before it, `offset` by column.
    `num_levels` says which of each column's codes stand for values.
    """

    lead_codes: Tensor
    lead_leaves: Tensor
    lead_ends: Tensor
    begins: Tensor
    sizes: Tensor
    codes: Tensor
    ends: Tensor
    offset: Tensor
    num_levels: Tensor


class LeafRows(nn.Module):
    """Draws a leaf with the code of its first column, the other codes apart, then their values.

    Uniform 0 picks the leaf and the code of the column at `first`, one more for each other column
    its code, and one for each column, in their order, places its value.
    """

    def __init__(
        self, leaves: Leaves, first: int, values: CodeValues, column_range: ColumnRange
    ) -> None:
        super().__init__()
        self.leaves, self.first, self.values = leaves, first, values
        self.column_range = column_range

    def forward(self, uniforms: Tensor) -> Tensor:
        """Rows, float64 of shape (rows, columns), from uniforms of shape (rows, 2 columns)."""
        leaves = self.leaves
        num_columns = len(leaves.num_levels)
        at = _place(uniforms[:, 0], leaves.lead_ends[-1])
        entry = torch.searchsorted(leaves.lead_ends, at, right=True)
        leaf = leaves.lead_leaves[entry]
        within = _place(uniforms[:, 1:num_columns], leaves.sizes[leaf][:, None])
        places = leaves.offset + leaves.begins[leaf][:, None] + within
        others = leaves.codes[torch.searchsorted(leaves.ends, places, right=True)]
        lead = leaves.lead_codes[entry][:, None]
        codes = torch.cat([others[:, : self.first], lead, others[:, self.first :]], dim=1)
        codes = torch.where(codes < leaves.num_levels, codes, MISSING)
        rows: Tensor = self.column_range(self.values(codes, uniforms[:, num_columns:]))
        return rows


def _place(uniforms: Tensor, sizes: Tensor) -> Tensor:
    """Whole numbers below the sizes, as far as the uniforms are from 0 to 1."""
    return torch.minimum((uniforms * sizes).long(), sizes - 1)
