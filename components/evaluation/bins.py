"""Numbers in at most 255 bins, before a learner bins them by weighted quantiles, which is slow.

scikit-learn's histogram boosting finds the bins of weighted rows anew for every quantile, which
takes longer than the boosting itself; columns of at most 255 values it takes as they are.
"""

from dataclasses import dataclass

import numpy as np

from components.data.table import Matrix

MOST = 255


@dataclass(frozen=True)
class Bins:
    """The edges of each column, None for one that is left as it is."""

    edges: tuple[Matrix | None, ...]

    def apply(self, x: Matrix) -> Matrix:
        """Every value's bin, counted from 0; missing stays missing."""
        binned = x.copy()
        for column, edges in enumerate(self.edges):
            if edges is not None:
                places = np.searchsorted(edges, x[:, column], side="right")
                binned[:, column] = np.where(np.isnan(x[:, column]), np.nan, places)
        return binned


def find_bins(x: Matrix) -> Bins:
    """Bins of about equally many rows for each column of more than 255 values.

    >>> x = np.column_stack([np.arange(1000.0), np.arange(1000.0) % 3])
    >>> binned = find_bins(x).apply(x)
    >>> len(np.unique(binned[:, 0])), np.unique(binned[:, 1]).tolist()
    (255, [0.0, 1.0, 2.0])
    """
    return Bins(tuple(_edges(column[~np.isnan(column)]) for column in x.T))


def without_empty(x: Matrix) -> Matrix:
    """The rows with 0 in columns that have no value at all, which histogram boosting cannot bin.

    It learns nothing from a constant, so rows to predict may stay as they are.

    >>> without_empty(np.array([[np.nan, np.nan], [np.nan, 1.0]])).tolist()
    [[0.0, nan], [0.0, 1.0]]
    """
    return np.where(np.isnan(x).all(axis=0), 0.0, x)


def _edges(present: Matrix) -> Matrix | None:
    if len(np.unique(present)) <= MOST:
        return None
    inner = np.quantile(present, np.linspace(0, 1, MOST + 1)[1:-1], method="midpoint")
    return np.unique(inner)
