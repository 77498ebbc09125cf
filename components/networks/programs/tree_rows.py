"""Rows from uniform draws by a sequence of decision trees."""

import torch
from torch import Tensor, nn, while_loop

from components.networks.programs.code_values import Buffers, CodeValues
from components.networks.programs.column_range import ColumnRange

MISSING = -1
_NEVER = -1


class Forest(Buffers):
    """Trees laid end to end, int32, and the order in which they are drawn from.

    By node: the drawn column it looks at (`feature`), the place at or below which a row goes left
    (`threshold`), its children at `child[2 * node + goes_left]` (a leaf is its own), where the
    places of the column's codes begin in `order` (`order_at`, -1 where codes are places), and the
    stretch of `donors` that a leaf gives out (`start`, `count`).

    By draw: the tree's `root` and `depth`, and `gate`, the earlier draw that must not have given 0,
    else the code is missing (-1 where there is none).
    """

    feature: Tensor
    threshold: Tensor
    child: Tensor
    order_at: Tensor
    order: Tensor
    start: Tensor
    count: Tensor
    donors: Tensor
    root: Tensor
    depth: Tensor
    gate: Tensor


class TreeRows(nn.Module):
    """Draws codes tree by tree, each given those before it, then turns codes into values.

    Uniform k picks the donor of draw k: all donors of a leaf are equally likely.
    """

    def __init__(self, forest: Forest, values: CodeValues, column_range: ColumnRange) -> None:
        super().__init__()
        self.num_draws = len(forest.root)
        self.forest, self.values = forest, values
        self.column_range = column_range

    def forward(self, uniforms: Tensor) -> Tensor:
        """Rows, float64 of shape (rows, columns), from uniforms of shape (rows, num_uniforms)."""
        codes = self._draw_codes(uniforms).index_select(1, self.values.draw)
        blur = uniforms.index_select(1, self.values.blur)
        finished: Tensor = self.column_range(self.values(codes, blur))
        return finished

    def _draw_codes(self, uniforms: Tensor) -> Tensor:
        """A code for each draw. The loop is an operator: the graph does not grow with the trees."""
        forest = self.forest

        def draw(k: Tensor, codes: Tensor) -> tuple[Tensor, Tensor]:
            at = k.reshape(1)
            root = forest.root.index_select(0, at).expand(codes.shape[0])
            leaf = self._leaves(root.clone(), forest.depth.index_select(0, at), codes)
            count = forest.count[leaf]
            pick = (uniforms.index_select(1, at).squeeze(1) * count).int()
            code = forest.donors[forest.start[leaf] + torch.minimum(pick, count - 1).clamp(min=0)]
            gate = forest.gate.index_select(0, at)
            gating = codes.index_select(1, gate.clamp(min=0)).squeeze(1)
            code = torch.where((gate != _NEVER) & (gating == 0), MISSING, code)
            return k + 1, codes.index_copy(1, at, code[:, None])

        codes = uniforms.new_full((uniforms.shape[0], self.num_draws), MISSING, dtype=torch.int32)
        drawn: Tensor
        _, drawn = while_loop(
            lambda k, codes: k < self.num_draws, draw, (torch.zeros((), dtype=torch.int64), codes)
        )
        return drawn

    def _leaves(self, node: Tensor, depth: Tensor, codes: Tensor) -> Tensor:
        """The leaf that each row ends in, `depth` steps below its node."""
        forest = self.forest

        def descend(step: Tensor, node: Tensor) -> tuple[Tensor, Tensor]:
            code = codes.gather(1, forest.feature[node].long()[:, None]).squeeze(1)
            order_at = forest.order_at[node]
            place = forest.order[torch.where(order_at < 0, 0, order_at + code + 1)]
            goes_left = torch.where(order_at < 0, code, place) <= forest.threshold[node]
            return step + 1, forest.child[2 * node + goes_left]

        start = torch.zeros((1,), dtype=torch.int32)
        leaf: Tensor
        _, leaf = while_loop(lambda step, node: (step < depth).all(), descend, (start, node))
        return leaf
