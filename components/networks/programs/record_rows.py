"""Rows from uniform draws by whatever makes records of cells."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from components.networks.programs.column_range import ColumnRange
from components.networks.programs.component_cells import ComponentCells
from components.networks.programs.piecewise_linear import PiecewiseLinear
from components.networks.record_matrix import MatrixCells


@dataclass(frozen=True)
class RecordClasses:
    """Where each class's stretch of the first draw ends, and its code (NaN: missing): (classes,).

    `learned_from` says where each learned column stands among the free ones and, last, the target.
    """

    ends: Tensor
    codes: Tensor
    learned_from: Tensor


@dataclass(frozen=True)
class RecordColumns:
    """How cells become columns.

    `places` has a curve a cell, to its place in the distribution of such cells, and `values` one a
    free column from there on, both None where there are no free columns. The cells of values come
    first. A column is missing where the place of cell `gate` is at or above `present`.
    """

    places: PiecewiseLinear | None
    values: PiecewiseLinear | None
    gate: Tensor
    present: Tensor
    num_cells: int


RecordCells = MatrixCells | ComponentCells
"""What makes records: classes (rows,) and uniforms (rows, `num_uniforms`) to (rows, cells).

It works in float64 and gives what float32 holds of it: sums in another order, as for another number
of rows, then give the same cells.
"""


class RecordRows(nn.Module):
    """The first uniform chooses the class, the others make its cells. All is done in float64."""

    ends: Tensor
    codes: Tensor
    learned_from: Tensor
    gate: Tensor
    present: Tensor

    def __init__(
        self,
        cells: RecordCells,
        classes: RecordClasses,
        columns: RecordColumns,
        column_range: ColumnRange,
    ) -> None:
        super().__init__()
        self.cells, self.column_range = cells, column_range
        self.places, self.values = columns.places, columns.values
        self.num_cells = columns.num_cells
        for name, tensor in vars(classes).items():
            self.register_buffer(name, tensor)
        self.register_buffer("gate", columns.gate)
        self.register_buffer("present", columns.present)

    def forward(self, uniforms: Tensor) -> Tensor:
        """Rows, float64 of shape (rows, columns), from uniforms (rows, 1 + those of the cells)."""
        labels = torch.searchsorted(self.ends, uniforms[:, :1].contiguous(), right=True)
        return self.of_classes(labels.squeeze(1), uniforms[:, 1:])

    def of_classes(self, labels: Tensor, uniforms: Tensor) -> Tensor:
        """Rows of these classes (rows,) from uniforms (rows, those of the cells)."""
        rows = torch.cat([self._free(labels, uniforms), self.codes[labels][:, None]], dim=1)
        finished: Tensor = self.column_range(rows.index_select(1, self.learned_from))
        return finished

    def _free(self, labels: Tensor, uniforms: Tensor) -> Tensor:
        """The columns that are generated, in order."""
        if self.places is None or self.values is None:
            return uniforms.new_zeros((uniforms.shape[0], 0))
        cell = torch.arange(self.num_cells)
        places = self.places(self.cells(labels, uniforms), cell)
        num_columns = len(self.gate)
        values = self.values(places[:, :num_columns], cell[:num_columns])
        is_missing = places.index_select(1, self.gate) >= self.present
        return torch.where(is_missing, torch.nan, values)
