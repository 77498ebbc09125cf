"""Many piecewise linear functions of one variable, looked up side by side."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class PiecewiseLinear(nn.Module):
    """Each value's image under the curve of its number, constant beyond a curve's ends.

    A curve is its knots `(x, y)`, float64 of shape (knots,), x not falling. Where x repeats, the
    curve jumps to the last of its values. The knots of all curves lie end to end, found by one
    binary search for curve and value together.
    """

    x: Tensor
    y: Tensor
    keys: Tensor
    first: Tensor
    last: Tensor

    def __init__(self, curves: Sequence[tuple[Tensor, Tensor]]) -> None:
        super().__init__()
        sizes = torch.tensor([len(x) for x, _ in curves])
        x = torch.cat([x for x, _ in curves])
        self.low = float(x.min())
        self.span = max(float(x.max()) - self.low, torch.finfo(torch.float64).tiny)
        curve = torch.repeat_interleave(torch.arange(len(curves)), sizes)
        self.register_buffer("x", x)
        self.register_buffer("y", torch.cat([y for _, y in curves]))
        self.register_buffer("keys", (x - self.low) / self.span + 2.0 * curve)
        self.register_buffer("last", sizes.cumsum(0) - 1)
        self.register_buffer("first", sizes.cumsum(0) - sizes)

    def forward(self, values: Tensor, curve: Tensor) -> Tensor:
        """Images of `values` under the curves numbered `curve`, which broadcasts to their shape."""
        keys = ((values - self.low) / self.span).clamp(-0.5, 1.5) + 2.0 * curve
        found = torch.searchsorted(self.keys, keys.contiguous(), right=True) - 1
        last = self.last[curve]
        before = torch.minimum(torch.maximum(found, self.first[curve]), last)
        after = torch.minimum(before + 1, last)
        width = self.x[after] - self.x[before]
        share = ((values - self.x[before]) / torch.where(width > 0, width, 1.0)).clamp(0.0, 1.0)
        return torch.lerp(self.y[before], self.y[after], torch.where(width > 0, share, 0.0))
