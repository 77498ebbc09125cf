"""Records on their main components, and what is left of each cell beside them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.data.table import Matrix

PRIOR_ROWS = 10.0
"""So many rows' worth of a cell's rest in all classes is added to that in one."""

Vector = NDArray[np.float64]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Components:
    """The main components of standardised cells.

    A record is `middle` (cells,) plus its scores times `along` (components, cells), plus a rest of
    `deviation` (classes, cells). Scores have mean 0 and variance 1.
    """

    middle: Vector
    along: Matrix
    deviation: Matrix

    @property
    def num_scores(self) -> int:
        """How many components are kept."""
        return len(self.along)


def normal_cells(low: NDArray[Any], high: NDArray[Any]) -> Matrix:
    """The mean of a standard normal variable between two places each, shapes alike.

    >>> normal_cells(np.array([0.0, 0.5]), np.array([0.5, 1.0])).round(3).tolist()
    [-0.798, 0.798]
    """
    from scipy.special import ndtri

    ends = [ndtri(part.astype(np.float64)) for part in (low, high)]
    density = [np.exp(-(end**2) / 2) / np.sqrt(2 * np.pi) for end in ends]
    width = np.maximum(high.astype(np.float64) - low, np.finfo(np.float32).eps)
    cells: Matrix = (density[0] - density[1]) / width
    return cells


def learn_components(
    cells: Matrix, labels: Labels, num_classes: int, most: int
) -> tuple[Components, Matrix]:
    """At most so many components of cells (rows, cells), and the rows' scores on them.

    Components come from a singular value decomposition of standardised cells. What they leave of a
    cell has a variance of its own in each class, drawn towards that in all.
    """
    middle, spread = cells.mean(axis=0), cells.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    standard = (cells - middle) / spread
    left, values, right = np.linalg.svd(standard, full_matrices=False)
    kept = min(most, int((values > 1e-6 * max(values.max(initial=0.0), 1.0)).sum()))
    lengths = values[:kept] / np.sqrt(len(cells))
    scores: Matrix = left[:, :kept] * np.sqrt(len(cells))
    along = lengths[:, None] * right[:kept]
    squares = (standard - scores @ along) ** 2
    counts = np.bincount(labels, minlength=num_classes)[:, None]
    sums = np.zeros((num_classes, cells.shape[1]))
    np.add.at(sums, labels, squares)
    variance = (sums + PRIOR_ROWS * squares.mean(axis=0)) / (counts + PRIOR_ROWS)

    return Components(middle, along * spread, np.sqrt(variance) * spread), scores
