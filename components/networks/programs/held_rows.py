"""Rows of a program written back to the rows they stand for, which hold constraints."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from components.data.constraints.rewriting import Rewriting


class HeldRows(nn.Module):
    """The rows of `program`, from the same uniforms, written back by `rewriting`."""

    def __init__(self, program: nn.Module, rewriting: Rewriting) -> None:
        super().__init__()
        self.program = program
        self.rewriting = rewriting
        for number, table in enumerate(rewriting.combinations.values()):
            self.register_buffer(f"combinations_{number}", torch.from_numpy(table))

    def forward(self, uniforms: Tensor) -> Tensor:
        """Shape (rows, columns), from uniforms of shape (rows, num_uniforms)."""
        rows: Tensor = self.rewriting.back(self.program(uniforms), torch, self._tables())
        return rows

    def _tables(self) -> Mapping[str, Tensor]:
        names = enumerate(self.rewriting.combinations)
        return {name: self.get_buffer(f"combinations_{number}") for number, name in names}
