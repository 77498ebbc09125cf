"""The last touch on rows: each column within its range, with its number of digits."""

import torch
from torch import Tensor, nn


class ColumnRange(nn.Module):
    """Rows clipped to [low, high] and rounded to multiples of step / scale; NaN stays.

    All are float64 of shape (columns,). A scale of 0 leaves a column unrounded.
    """

    low: Tensor
    high: Tensor
    scale: Tensor
    step: Tensor

    def __init__(self, low: Tensor, high: Tensor, scale: Tensor, step: Tensor) -> None:
        super().__init__()
        self.register_buffer("low", low)
        self.register_buffer("high", high)
        self.register_buffer("scale", scale)
        self.register_buffer("step", step)

    def forward(self, rows: Tensor) -> Tensor:
        """Shape unchanged."""
        clipped = torch.minimum(torch.maximum(rows, self.low), self.high)
        rounded = torch.round(clipped * self.scale / self.step) * self.step / self.scale
        return torch.where(self.scale > 0, rounded, clipped)
