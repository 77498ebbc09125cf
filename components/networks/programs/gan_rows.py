"""Rows from uniform draws by a trained generator network."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from components.networks.mlp import RowGenerator
from components.networks.programs.column_range import ColumnRange
from components.networks.programs.piecewise_linear import PiecewiseLinear

TINY = 2.0**-53


@dataclass(frozen=True)
class GanColumns:
    """How the network's slots and scores become columns; each tensor has an element a column.

    The first `num_levels` slots of the column's `group` (the number of groups where it has no
    slots) stand for the values at `levels[base:]`; beyond, the score numbered `score` is used,
    rounded where `is_whole`.
    """

    group: Tensor
    base: Tensor
    num_levels: Tensor
    score: Tensor
    is_whole: Tensor
    levels: Tensor


class GanRows(nn.Module):
    """The first uniform chooses the class, then come noise, and one uniform a group of slots.

    The generator runs in float64 and what it gives is cut to float32: sums in another order, as
    for another number of rows, then give the same rows.

    `class_ends` and `class_codes` (NaN: missing), shape (classes,); `bias`, shape (slots,), is
    added to logits; `places` has a curve a score, to its place in the distribution of scores, and
    `quantiles` one from there to values. `learned_from` says where each learned column stands among
    the free ones and, last, the target.
    """

    class_ends: Tensor
    class_codes: Tensor
    bias: Tensor
    learned_from: Tensor
    group: Tensor
    base: Tensor
    num_levels: Tensor
    score: Tensor
    is_whole: Tensor
    levels: Tensor
    places: PiecewiseLinear | None
    quantiles: PiecewiseLinear | None

    def __init__(
        self,
        generator: RowGenerator,
        noise_size: int,
        groups: tuple[int, ...],
        classes: tuple[Tensor, Tensor],
        bias: Tensor,
        scores: tuple[PiecewiseLinear, PiecewiseLinear] | None,
        columns: GanColumns,
        learned_from: Tensor,
        column_range: ColumnRange,
    ) -> None:
        super().__init__()
        self.generator, self.noise_size, self.groups = generator, noise_size, groups
        self.places, self.quantiles = scores if scores is not None else (None, None)
        self.column_range = column_range
        self.register_buffer("class_ends", classes[0])
        self.register_buffer("class_codes", classes[1])
        # one more, unused: a tensor without elements is not written by `torch.export.save`
        self.register_buffer("bias", torch.cat([bias, bias.new_zeros(1)]))
        self.register_buffer("learned_from", learned_from)
        for name, tensor in vars(columns).items():
            self.register_buffer(name, tensor)

    def forward(self, uniforms: Tensor) -> Tensor:
        """Rows, float64 of shape (rows, columns), from uniforms (rows, 1 + noise + groups)."""
        which = torch.searchsorted(self.class_ends, uniforms[:, :1].contiguous(), right=True)
        which = which.squeeze(1)
        noise = torch.special.ndtri(uniforms[:, 1 : 1 + self.noise_size].clamp(TINY, 1 - TINY))
        condition = nn.functional.one_hot(which, len(self.class_ends)).double()
        raw = self.generator(noise, condition).float().double()
        free = self._columns(raw, uniforms[:, 1 + self.noise_size :])
        rows = torch.cat([free, self.class_codes[which][:, None]], dim=1)
        finished: Tensor = self.column_range(rows.index_select(1, self.learned_from))
        return finished

    def _columns(self, raw: Tensor, uniforms: Tensor) -> Tensor:
        num_slots = len(self.bias) - 1
        slot = self._slots(raw[:, :num_slots] + self.bias[:-1], uniforms)
        number = self._numbers(raw[:, num_slots:])
        chosen = slot.index_select(1, self.group)
        is_level = chosen < self.num_levels
        level = self.levels[torch.where(is_level, self.base + chosen, 0)]
        return torch.where(is_level, level, number)

    def _slots(self, logits: Tensor, uniforms: Tensor) -> Tensor:
        """The slot drawn in each group, and last a column of zeros for columns without slots."""
        drawn = [torch.zeros(logits.shape[0], dtype=torch.int64)]
        for i, part in enumerate(logits.split(self.groups, dim=1) if self.groups else ()):
            below = torch.softmax(part, dim=1).cumsum(dim=1)[:, :-1]
            drawn.insert(-1, (below <= uniforms[:, i : i + 1]).sum(dim=1))
        return torch.stack(drawn, dim=1)

    def _numbers(self, scores: Tensor) -> Tensor:
        """Each column's value if it is continuous, shape (rows, columns)."""
        if self.places is None or self.quantiles is None:
            return scores.new_zeros((scores.shape[0], len(self.score)))
        curve = torch.arange(scores.shape[1])
        values = self.quantiles(self.places(scores, curve), curve).index_select(1, self.score)
        return torch.where(self.is_whole, torch.round(values), values)
