"""Records laid out as square matrices, and rows from uniform draws by a generator of these."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from components.networks.column_range import ColumnRange
from components.networks.dcgan import SMALLEST_SIDE, DcganGenerator
from components.networks.piecewise_linear import PiecewiseLinear


def side_of(num_cells: int) -> int:
    """The least side of a matrix that has room for so many cells: a power of two from 4 on."""
    side = 2 * SMALLEST_SIDE
    while side**2 < num_cells:
        side *= 2
    return side


def to_matrix(cells: Tensor, side: int) -> Tensor:
    """Cells (rows, cells) row by row in a matrix, zeros behind: (rows, 1, side, side)."""
    padded = nn.functional.pad(cells, (0, side**2 - cells.shape[1]))
    return padded.reshape(-1, 1, side, side)


def to_cells(matrix: Tensor, num_cells: int) -> Tensor:
    """The inverse of `to_matrix`."""
    return matrix.flatten(1)[:, :num_cells]


def told(noise: Tensor, labels: Tensor, num_classes: int) -> Tensor:
    """A generator's inputs: noise (rows, noise), and the row's class (rows,) as one-hot."""
    return torch.cat([noise, nn.functional.one_hot(labels, num_classes).to(noise.dtype)], dim=1)


def made_cells(
    generator: DcganGenerator, labels: Tensor, uniforms: Tensor, num_classes: int, num_cells: int
) -> Tensor:
    """The cells of rows of these classes from uniforms (rows, noise), shape (rows, cells).

    A generator of float64 gives what float32 holds of it: sums in another order, as for another
    number of rows, then give the same cells.
    """
    matrix = generator(told(2 * uniforms - 1, labels, num_classes))
    return to_cells(matrix, num_cells).float().to(uniforms.dtype)


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


class RecordRows(nn.Module):
    """The first uniform chooses the class, the others are noise. All is done in float64."""

    ends: Tensor
    codes: Tensor
    learned_from: Tensor
    gate: Tensor
    present: Tensor

    def __init__(
        self,
        generator: DcganGenerator,
        classes: RecordClasses,
        columns: RecordColumns,
        column_range: ColumnRange,
    ) -> None:
        super().__init__()
        self.generator, self.column_range = generator, column_range
        self.places, self.values = columns.places, columns.values
        self.num_cells = columns.num_cells
        for name, tensor in vars(classes).items():
            self.register_buffer(name, tensor)
        self.register_buffer("gate", columns.gate)
        self.register_buffer("present", columns.present)

    def forward(self, uniforms: Tensor) -> Tensor:
        """Rows, float64 of shape (rows, columns), from uniforms (rows, 1 + noise)."""
        labels = torch.searchsorted(self.ends, uniforms[:, :1].contiguous(), right=True)
        return self.of_classes(labels.squeeze(1), uniforms[:, 1:])

    def of_classes(self, labels: Tensor, uniforms: Tensor) -> Tensor:
        """Rows of these classes (rows,) from uniforms (rows, noise)."""
        rows = torch.cat([self._free(labels, uniforms), self.codes[labels][:, None]], dim=1)
        finished: Tensor = self.column_range(rows.index_select(1, self.learned_from))
        return finished

    def _free(self, labels: Tensor, uniforms: Tensor) -> Tensor:
        """The columns that are generated, in order."""
        if self.places is None or self.values is None:
            return uniforms.new_zeros((uniforms.shape[0], 0))
        cell = torch.arange(self.num_cells)
        cells = made_cells(self.generator, labels, uniforms, len(self.ends), self.num_cells)
        places = self.places(cells, cell)
        num_columns = len(self.gate)
        values = self.values(places[:, :num_columns], cell[:num_columns])
        is_missing = places.index_select(1, self.gate) >= self.present
        return torch.where(is_missing, torch.nan, values)
