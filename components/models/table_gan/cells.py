"""Records as cells of a matrix: every column a number in -1 to 1, with one of its own for gaps.

The paper scales numbers to -1 to 1 by their least and greatest value, and so the positions of
categories. Here a value is first replaced by its place in the column's distribution, drawn anew
between the shares of rows below it and up to it (Brockwell 2007), and the place by its normal
score. Then one outlier does not press all others together; a spike or a category is a stretch that
the generator can hit rather than a point it cannot, with its share of the rows by itself.

A column that lacks some values has a second cell, which says whether there is one. The first is
then drawn at random: no network needs to learn what stands for nothing.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from components.data.crowds import shares_below, stretches
from components.data.gan_encoding import probability_bounds
from components.data.schema import Column
from components.data.table import Matrix
from components.models.ctgan.calibration import FEWEST_SCORES, probabilities
from components.networks.programs.piecewise_linear import PiecewiseLinear
from components.networks.programs.record_rows import RecordColumns

Array = NDArray[Any]

EDGE = 1e-3
"""How near to 0 or 1 a drawn place may come: its normal score, 3.09 at most, becomes 1."""
_ALWAYS, _NEVER = -1.0, 2.0


@dataclass(frozen=True)
class Cells:
    """What stands in a record: a cell for each free column, then the cells that say "present".

    `curves` are the columns' quantile functions, float64 of shape (2, knots), from places to
    values; `present` is the share of rows that have a value, shape (columns,).
    """

    curves: tuple[Array, ...]
    present: Array

    @property
    def gated(self) -> list[int]:
        """The columns with a second cell: they lack some values, but not all."""
        return [i for i, share in enumerate(self.present) if 0 < share < 1]

    @property
    def num_cells(self) -> int:
        """How many cells a record has."""
        return len(self.curves) + len(self.gated)


def learn_cells(matrix: Matrix, columns: tuple[Column, ...], crowd: int) -> Cells:
    """The cells of free columns, whose values stand in this order in `matrix`.

    A number that at least `crowd` rows have is given out as it is, others anywhere in stretches of
    as many rows (`stretches`).
    """
    curves = tuple(_curve(matrix[:, i], column, crowd) for i, column in enumerate(columns))
    return Cells(curves, (~np.isnan(matrix)).mean(axis=0))


def _curve(values: Array, column: Column, crowd: int) -> Array:
    """The quantile function of what is known: flat over values, linear over stretches."""
    distinct, counts = np.unique(values[~np.isnan(values)], return_counts=True)
    if not len(distinct):
        return np.array([[0.0, 1.0], [0.0, 0.0]])
    groups, low, high = np.arange(len(distinct)), distinct, distinct
    if not column.is_discrete:
        groups, low, high = stretches(counts, distinct, crowd)
    ends = shares_below(groups, counts)
    places = [ends[:-1], (ends[:-1] + ends[1:]) / 2, ends[1:]]
    middle = low / 2 + high / 2  # from one end to the other may be too far for a float
    knots = np.where(low == high, low, middle)
    return np.stack([np.column_stack(part).ravel() for part in (places, [low, knots, high])])


def place_bounds(matrix: Matrix, cells: Cells) -> tuple[Array, Array]:
    """Between which places each cell of each row lies, two of float32 (rows, cells)."""
    is_known = ~np.isnan(matrix)
    bounds = [_bounds(matrix[:, i], is_known[:, i]) for i in range(matrix.shape[1])]
    for i in cells.gated:
        share, known = cells.present[i], is_known[:, i]
        bounds.append((np.where(known, 0.0, share), np.where(known, share, 1.0)))
    empty = np.empty((len(matrix), 0))
    low, high = (np.column_stack([empty, *(pair[end] for pair in bounds)]) for end in range(2))
    return low.astype(np.float32), high.astype(np.float32)


def _bounds(values: Array, known: NDArray[np.bool_]) -> tuple[Array, Array]:
    if not known.any():
        return np.zeros(len(values)), np.ones(len(values))
    return probability_bounds(values, known)


def draw_cells(low: Tensor, high: Tensor, random: torch.Generator) -> Tensor:
    """Cells in -1 to 1, each drawn between its bounds; shapes alike."""
    drawn = low + (high - low) * torch.rand(low.shape, generator=random, device=low.device)
    return cell_of_place(drawn)


def cell_of_place(places: Tensor) -> Tensor:
    """What stands in a cell for places in its distribution; shape unchanged."""
    most = torch.special.ndtri(torch.tensor(1 - EDGE, dtype=torch.float64)).item()
    cells: Tensor = torch.special.ndtri(places.clamp(EDGE, 1 - EDGE)) / most
    return cells


def own_knots(made: Tensor, cells: Cells) -> Tensor:
    """The quantiles of a generator's cells, float64 of shape (cells, knots).

    `made`, shape (rows, cells), is what it gave. They take the place of the distribution that the
    cells should have, so that columns have exactly the shares and ranges of the training rows.
    """
    num_columns = len(cells.curves)
    knots = [torch.quantile(cell, probabilities()) for cell in made.T]
    for cell, i in enumerate(cells.gated, start=num_columns):
        is_present = made[:, cell] < torch.quantile(made[:, cell], float(cells.present[i]))
        if is_present.sum() >= FEWEST_SCORES:
            knots[i] = torch.quantile(made[is_present, i], probabilities())
    return torch.stack(knots) if knots else torch.empty(0, len(probabilities()))


def record_columns(cells: Cells, knots: Tensor) -> RecordColumns:
    """How a generator's cells, which have these quantiles, become columns."""
    num_columns = len(cells.curves)
    gate = list(range(num_columns))
    present = np.where(cells.present > 0, _NEVER, _ALWAYS)
    for cell, i in enumerate(cells.gated, start=num_columns):
        gate[i], present[i] = cell, cells.present[i]
    places = [(row.double(), probabilities()) for row in knots]
    curves = [tuple(map(torch.from_numpy, curve)) for curve in cells.curves]
    return RecordColumns(
        places=PiecewiseLinear(places) if places else None,
        values=PiecewiseLinear([(x, y) for x, y in curves]) if curves else None,
        gate=torch.tensor(gate, dtype=torch.int64),
        present=torch.from_numpy(present),
        num_cells=cells.num_cells,
    )
