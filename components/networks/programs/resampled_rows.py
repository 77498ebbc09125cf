"""Rows of a program, of several draws the one that judges pick."""

import torch
from torch import Tensor, nn


class Odds(nn.Module):
    """The log odds of being real of rows, by trees laid end to end (`OddsTrees`)."""

    feature: Tensor
    threshold: Tensor
    missing_left: Tensor
    left: Tensor
    right: Tensor
    value: Tensor
    roots: Tensor

    def __init__(self, *, depth: int, surest: float, **tensors: Tensor) -> None:
        super().__init__()
        self.depth, self.surest = depth, surest
        for name, tensor in tensors.items():
            self.register_buffer(name, tensor)

    def forward(self, rows: Tensor) -> Tensor:
        """Shape (rows,), of rows of shape (rows, columns)."""
        nodes = self.roots.expand(rows.shape[0], -1)
        for _ in range(self.depth):
            values = torch.gather(rows, 1, self.feature[nodes])
            goes_left = (values <= self.threshold[nodes]) | (
                torch.isnan(values) & self.missing_left[nodes]
            )
            nodes = torch.where(goes_left, self.left[nodes], self.right[nodes])
        odds: Tensor = self.value[nodes].sum(dim=1).clamp(-self.surest, self.surest)
        return odds


class ResampledRows(nn.Module):
    """For each row the program makes `candidates`, and one is picked by its odds.

    The first `shared` uniforms are those of all candidates; each has the others of the program's
    `num_uniforms` to itself, and one more that decides.
    """

    def __init__(
        self, program: nn.Module, odds: Odds, *, candidates: int, num_uniforms: int, shared: int
    ) -> None:
        super().__init__()
        self.program, self.odds = program, odds
        self.candidates, self.shared = candidates, shared
        self.own = num_uniforms - shared

    def forward(self, uniforms: Tensor) -> Tensor:
        """Shape (rows, columns), from uniforms of shape (rows, shared + candidates * (own + 1))."""
        split = [self.shared, self.candidates * self.own, self.candidates]
        shared, own, deciding = uniforms.split(split, dim=1)
        own = own.reshape(uniforms.shape[0] * self.candidates, self.own)
        rows: Tensor = self.program(
            torch.cat([shared.repeat_interleave(self.candidates, 0), own], dim=1)
        )
        noise = -torch.log(-torch.log(deciding))
        best = (self.odds(rows).reshape(-1, self.candidates) + noise).argmax(dim=1)
        groups = rows.reshape(-1, self.candidates, rows.shape[1])
        picked = best[:, None, None].expand(-1, 1, rows.shape[1])
        found: Tensor = groups.gather(1, picked).squeeze(1)
        return found
