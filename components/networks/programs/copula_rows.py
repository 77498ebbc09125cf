"""Rows from uniform draws by one Gaussian copula a class."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn, while_loop

from components.networks.programs.column_range import ColumnRange
from components.networks.programs.piecewise_linear import PiecewiseLinear

TINY = 2.0**-53
HALF = 0.5


@dataclass(frozen=True)
class CopulaClasses:
    """By class: the end of its stretch of the first uniform, the group that draws it, its code.

    The code is NaN where rows of the class have no target.
    """

    ends: Tensor
    group: Tensor
    code: Tensor


@dataclass(frozen=True)
class CodePlaces:
    """Discrete columns come out as places in an order; `code[base + place]` is the code.

    `base`, shape (drawn columns,), is -1 for a column that is a number.
    """

    base: Tensor
    code: Tensor


class CopulaRows(nn.Module):
    """The first uniform chooses the class, the others become correlated normal scores.

    `roots`, float64 of shape (groups, columns, columns), are Cholesky roots; `marginals` has a
    curve for each group and column, in that order, and `missing_below` a score for each of these.
    Where `says_missing` names another drawn column (it is -1 where none), a value is missing unless
    that is 0. `learned_from` says where each learned column stands among the drawn ones and, last,
    the target.
    """

    class_ends: Tensor
    class_groups: Tensor
    class_codes: Tensor
    root_columns: Tensor
    missing_below: Tensor
    place_base: Tensor
    place_codes: Tensor
    learned_from: Tensor
    says_missing: Tensor

    def __init__(
        self,
        classes: CopulaClasses,
        roots: Tensor,
        marginals: PiecewiseLinear | None,
        missing_below: Tensor,
        places: CodePlaces,
        learned_from: Tensor,
        says_missing: Tensor,
        column_range: ColumnRange,
    ) -> None:
        super().__init__()
        self.num_drawn = roots.shape[1]
        self.marginals = marginals
        self.column_range = column_range
        self.register_buffer("class_ends", classes.ends)
        self.register_buffer("class_groups", classes.group)
        self.register_buffer("class_codes", classes.code)
        self.register_buffer("root_columns", roots.permute(2, 0, 1).contiguous())
        self.register_buffer("missing_below", missing_below)
        self.register_buffer("place_base", places.base)
        self.register_buffer("place_codes", places.code)
        self.register_buffer("learned_from", learned_from)
        self.register_buffer("says_missing", says_missing)

    def forward(self, uniforms: Tensor) -> Tensor:
        """Rows, float64 of shape (rows, columns), from uniforms of shape (rows, 1 + drawn)."""
        which = torch.searchsorted(
            self.class_ends, uniforms[:, :1].contiguous(), right=True
        ).squeeze(1)
        parts = [self.class_codes[which][:, None]]
        if self.marginals is not None:
            parts.insert(0, self._drawn(self.class_groups[which], uniforms[:, 1:], self.marginals))
        rows: Tensor = self.column_range(torch.cat(parts, dim=1).index_select(1, self.learned_from))
        return rows

    def _drawn(self, group: Tensor, uniforms: Tensor, marginals: PiecewiseLinear) -> Tensor:
        normal = torch.special.ndtri(uniforms.clamp(TINY, 1 - TINY))
        scores = self._correlated(group, normal)
        curve = group[:, None] * self.num_drawn + torch.arange(self.num_drawn)
        values: Tensor = marginals(scores, curve)
        values = torch.where(scores < self.missing_below[curve], torch.nan, values)
        told = values[:, self.says_missing.clamp(min=0)]
        values = torch.where((self.says_missing >= 0) & (told > HALF), torch.nan, values)
        is_code = (self.place_base >= 0) & ~values.isnan()
        at = torch.where(is_code, self.place_base + torch.round(values), 0.0)
        return torch.where(is_code, self.place_codes[at.long()], values)

    def _correlated(self, group: Tensor, normal: Tensor) -> Tensor:
        """Each row's normal draws times its group's root, added up column by column."""

        def add(i: Tensor, total: Tensor) -> tuple[Tensor, Tensor]:
            at = i.reshape(1)
            weights = self.root_columns.index_select(0, at).squeeze(0)[group]
            return i + 1, total + weights * normal.index_select(1, at)

        start = (torch.zeros((), dtype=torch.int64), torch.zeros_like(normal))
        total: Tensor
        _, total = while_loop(lambda i, total: i < self.num_drawn, add, start)
        return total
