"""Records laid out as square matrices, and cells by a generator of these."""

import torch
from torch import Tensor, nn

from components.networks.dcgan import SMALLEST_SIDE, DcganGenerator


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


class MatrixCells(nn.Module):
    """Cells by a generator of matrices, in float64, whose noise is even in -1 to 1."""

    def __init__(
        self, generator: DcganGenerator, noise_size: int, num_classes: int, num_cells: int
    ) -> None:
        super().__init__()
        self.generator, self.num_uniforms = generator, noise_size
        self.num_classes, self.num_cells = num_classes, num_cells

    def forward(self, labels: Tensor, uniforms: Tensor) -> Tensor:
        """Shape (rows, cells)."""
        matrix = self.generator(told(2 * uniforms - 1, labels, self.num_classes))
        return to_cells(matrix, self.num_cells).float().to(uniforms.dtype)
