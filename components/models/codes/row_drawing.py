"""Drawing what is not known of rows, one column after another, by a network of any order."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from components.data.table import Matrix
from components.models.codes.row_codes import ColumnCodes, RowCodes, can_be_drawn, to_codes
from components.networks.any_order import AnyOrder

CHUNK = 2_048
"""Rows drawn at once. They have random numbers of their own, whatever comes after them."""
IMPOSSIBLE = float(np.log(1e-9))
"""The log probability that a value has which cannot be drawn."""


@dataclass(frozen=True)
class RowDrawing:
    """A trained network, what its codes stand for, and the order in which columns are drawn."""

    network: AnyOrder
    columns: tuple[ColumnCodes, ...]
    sequence: tuple[int, ...]

    @torch.no_grad()
    def complete(
        self,
        matrix: Matrix,
        is_known: NDArray[np.bool_],
        *,
        seed: int,
        may_be_missing: bool = True,
        first_chunk: int = 0,
    ) -> Matrix:
        """Rows in `encode`'s form that keep what is known of `matrix`; the rest is drawn.

        The first rows are the same however many follow. Unless a cell `may_be_missing`, one is
        drawn for it as if there had been a value. Where other rows came before, `first_chunk` is
        the number of their chunks.
        """
        codes = np.maximum(to_codes(matrix, self.columns), 0)
        whole = matrix.copy()
        for number, start in enumerate(range(0, len(matrix), CHUNK), first_chunk):
            rows = slice(start, start + CHUNK)
            rng = np.random.default_rng([seed, number])
            picks, places = rng.random((2, len(self.columns), CHUNK))
            drawn = self._draw(codes[rows], is_known[rows], picks, may_be_missing)
            for i, column in enumerate(self.columns):
                values = column.draw(drawn[:, i], places[i, : len(drawn)])
                whole[rows, i] = np.where(is_known[rows, i], matrix[rows, i], values)
        return whole

    def _draw(
        self, codes: RowCodes, is_known: NDArray[np.bool_], picks: Matrix, may_be_missing: bool
    ) -> RowCodes:
        """The codes of at most CHUNK rows, those not known drawn with `picks` (columns, CHUNK).

        The network always sees CHUNK rows: sums in another order, as for another number of rows,
        would now and then give another code.
        """
        padding = ((0, CHUNK - len(codes)), (0, 0))
        known = torch.from_numpy(np.pad(is_known, padding, constant_values=True))
        found = torch.from_numpy(np.pad(codes, padding))
        inputs, outputs = self.network.inputs(), self.network.outputs()
        sums = (self.network.embedded(found, inputs) * known[..., None]).sum(dim=1)
        for i in self.sequence:
            if bool(known[:, i].all()):
                continue
            logits = self.network.told(sums, outputs, i)
            if not may_be_missing and self.columns[i].num_levels:
                logits = logits[:, : self.columns[i].num_levels]
            drawn = pick(logits, torch.from_numpy(picks[i]))
            found[:, i] = torch.where(known[:, i], found[:, i], drawn)
            added = inputs[drawn + self.network.starts[i]]
            sums = torch.where(known[:, i, None], sums, sums + added)
        return found[: len(codes)].numpy()

    @torch.no_grad()
    def log_density(self, matrix: Matrix) -> Matrix:
        """The log density of rows in `encode`'s form, the columns' terms added in their order.

        A value that cannot be drawn counts as one in a billion, and is not known to the others.
        """
        inputs, outputs = self.network.inputs(), self.network.outputs()
        total = np.zeros(len(matrix))
        for start in range(0, len(matrix), CHUNK):
            rows = slice(start, start + CHUNK)
            codes = torch.from_numpy(to_codes(matrix[rows], self.columns))
            is_code = torch.from_numpy(can_be_drawn(matrix[rows], self.columns))
            embedded = self.network.embedded(codes.clamp(min=0), inputs) * is_code[..., None]
            sums = torch.zeros_like(embedded[:, 0])
            for i in self.sequence:
                logits = torch.log_softmax(self.network.told(sums, outputs, i).double(), dim=1)
                told = logits.gather(1, codes[:, i].clamp(min=0)[:, None])[:, 0].numpy()
                total[rows] += np.where(is_code[:, i].numpy(), told, IMPOSSIBLE)
                total[rows] -= self.columns[i].log_widths(codes[:, i].numpy())
                sums = sums + embedded[:, i]
        return total


def pick(logits: Tensor, uniforms: Tensor) -> Tensor:
    """The code that each uniform picks by its row's logits, shape (rows, codes)."""
    ends = torch.softmax(logits.double(), dim=1).cumsum(dim=1)
    picked = torch.searchsorted(ends, (uniforms * ends[:, -1])[:, None], right=True)
    return picked.squeeze(1).clamp(max=logits.shape[1] - 1)
