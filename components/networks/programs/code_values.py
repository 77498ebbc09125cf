"""Values from codes: levels given out as they are or blurred."""

from inspect import get_annotations

import torch
from torch import Tensor, nn


class Buffers(nn.Module):
    """A module that holds the tensors its class names and does nothing."""

    def __init__(self, **tensors: Tensor) -> None:
        super().__init__()
        for name in get_annotations(type(self)):
            self.register_buffer(name, tensors[name])


class CodeValues(Buffers):
    """What codes stand for: values between `low` and `high`, of all columns end to end, NaN last.

    By column: where its values begin (`base`), the `step` they are rounded to from `first` (0: not
    at all), the draw that gives its codes, and the uniform that blurs its values.
    """

    low: Tensor
    high: Tensor
    base: Tensor
    step: Tensor
    first: Tensor
    draw: Tensor
    blur: Tensor

    def forward(self, codes: Tensor, blur: Tensor) -> Tensor:
        """Values of codes (-1: missing) and uniforms, each of shape (rows, columns)."""
        at = torch.where(codes < 0, len(self.low) - 1, self.base + codes)
        low, high = self.low[at], self.high[at]
        drawn = low * (1 - blur) + high * blur
        step = torch.where(self.step > 0, self.step, 1.0)
        stepped = self.first + torch.round((drawn - self.first) / step) * step
        return torch.where(low == high, low, torch.where(self.step > 0, stepped, drawn))
