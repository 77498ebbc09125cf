"""A network that knows the distribution of any column given any others."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import torch
from torch import Tensor, nn

from components.networks.mlp import ResidualBlock

NUM_WAVES = 12
"""How many cosines of an ordered column's codes have weights of their own."""
SPREAD = 0.3


@dataclass(frozen=True)
class Coded:
    """A column of codes: how many there are, and how many of the first stand in an order."""

    num_codes: int
    num_ordered: int = 0


class AnyOrder(nn.Module):
    """What each column is like, given the codes of whichever columns are known.

    The known codes' embeddings are added up: a sum knows no order and needs no place for what is
    unknown, so one network serves all subsets (as in Uria, Murray and Larochelle 2014, A deep and
    tractable density estimator, section 3). A query for the asked column is added, residual blocks
    follow, then logits over its codes. Codes of an ordered column, as inputs and as outputs, have
    weights that are smooth in their place (cosines, the finer the weaker) plus a part of their own,
    so that neighbours learn from one another and spikes still stand out.
    """

    smooth: Tensor
    offset: Tensor

    def __init__(self, columns: Sequence[Coded], width: int, blocks: int) -> None:
        super().__init__()
        self.sizes = [column.num_codes for column in columns]
        self.starts = [0, *accumulate(self.sizes[:-1])]
        self.is_ordered = [column.num_ordered > 0 for column in columns]
        ordered = [column for column in columns if column.num_ordered]
        num_ordered = sum(column.num_codes for column in ordered)
        num_slots = sum(self.sizes)
        self.level_in = nn.Parameter(torch.randn(num_slots - num_ordered, width) * SPREAD)
        self.level_out = nn.Parameter(torch.zeros(num_slots - num_ordered, width))
        self.own_in = nn.Parameter(torch.zeros(num_ordered, width))
        self.own_out = nn.Parameter(torch.zeros(num_ordered, width))
        self.bias = nn.Parameter(torch.zeros(num_slots))
        waves = (len(ordered), NUM_WAVES, width)
        self.waves_in = nn.Parameter(torch.randn(waves) * SPREAD)
        self.waves_out = nn.Parameter(torch.zeros(waves))
        self.query = nn.Parameter(torch.randn(len(columns), width) * SPREAD)
        self.blocks = nn.Sequential(*(ResidualBlock(width) for _ in range(blocks)))
        self.norm = nn.LayerNorm(width)
        cosines = [_cosines(column) for column in ordered]
        empty = torch.empty(0, NUM_WAVES)
        self.register_buffer("smooth", torch.cat([empty, *cosines]), persistent=False)
        self.register_buffer("offset", torch.tensor(self.starts), persistent=False)

    def inputs(self) -> Tensor:
        """The embedding of every code of every column, end to end, shape (codes, width)."""
        return self._weights(self.level_in, self.own_in, self.waves_in)

    def outputs(self) -> Tensor:
        """What every code's logit is read with, in the same form."""
        return self._weights(self.level_out, self.own_out, self.waves_out)

    def _weights(self, level: Tensor, own: Tensor, waves: Tensor) -> Tensor:
        """The weights of every code: free, or smooth plus own where the column has an order."""
        sizes: dict[bool, list[int]] = {True: [], False: []}
        for size, is_ordered in zip(self.sizes, self.is_ordered, strict=True):
            sizes[is_ordered].append(size)
        smooth = zip(own.split(sizes[True]), self.smooth.split(sizes[True]), waves, strict=True)
        parts = {
            True: iter([part + basis @ wave for part, basis, wave in smooth]),
            False: iter(level.split(sizes[False])),
        }
        return torch.cat([next(parts[is_ordered]) for is_ordered in self.is_ordered])

    def embedded(self, codes: Tensor, inputs: Tensor) -> Tensor:
        """The embeddings of rows of codes, shape (rows, columns), as (rows, columns, width)."""
        return inputs[codes + self.offset]

    def told(self, known: Tensor, outputs: Tensor, column: int) -> Tensor:
        """The logits of one column's codes, from sums of known ones' embeddings: (rows, codes)."""
        return self.logits(self.hidden(known, column), outputs, column)

    def hidden(self, known: Tensor, asked: Tensor | int) -> Tensor:
        """Features for the asked columns, from sums of known codes' embeddings.

        `known` has shape (rows, asked, width), `asked` holds the positions of columns; or
        (rows, width), and one position.
        """
        features: Tensor = self.norm(self.blocks(known + self.query[asked]))
        return features

    def logits(self, hidden: Tensor, outputs: Tensor, column: int) -> Tensor:
        """The logits of a column's codes, from its features, shape (rows, width)."""
        codes = slice(self.starts[column], self.starts[column] + self.sizes[column])
        found: Tensor = hidden @ outputs[codes].T + self.bias[codes]
        return found


def _cosines(column: Coded) -> Tensor:
    """Cosines of each ordered code's place, damped as they get finer; 0 for the other codes."""
    waves = torch.arange(NUM_WAVES)
    places = (torch.arange(column.num_ordered) + 0.5) / column.num_ordered
    cosines = torch.cos(torch.pi * places[:, None] * waves) / (1 + waves) ** 0.5
    cosines = cosines * (waves < column.num_ordered)
    unordered = torch.zeros(column.num_codes - column.num_ordered, NUM_WAVES)
    return torch.cat([cosines, unordered])
