"""How likely a sequence of trees makes given rows: the shares of their values at the leaves."""

from collections.abc import Mapping, Sequence

import numpy as np

from components.data.table import Matrix
from components.models.levels import MISSING, Levels
from components.models.trees.tree_arrays import LEAF, Codes, Tree


def log_likelihood(
    matrix: Matrix,
    levels: Sequence[Levels],
    sequence: Sequence[int],
    values: Sequence[Tree],
    presence: Mapping[int, Tree],
) -> Matrix:
    """The log density of rows in `encode`'s form, shape (rows,), the columns' terms added.

    A column's term is the share of its value among the donors of the row's leaf, on average over
    the lots, over the width of the stretch where the value is blurred. Each leaf counts as if it
    had one donor more, drawn from the whole column, so that no row is impossible.
    """
    codes = np.column_stack([known.codes(v) for v, known in zip(matrix.T, levels, strict=True)])
    total = np.zeros(len(matrix))
    for done, (position, tree) in enumerate(zip(sequence, values, strict=True)):
        predictors, outcome = codes[:, sequence[:done]], codes[:, position]
        rows = np.arange(len(matrix))
        if position in presence:
            is_there = (outcome != MISSING).astype(np.int32)
            total += np.log(_shares(presence[position], predictors, is_there))
            rows = np.flatnonzero(is_there)
        total[rows] += np.log(_shares(tree, predictors[rows], outcome[rows]))
        total[rows] -= levels[position].log_widths(outcome[rows])
    return total


def _shares(tree: Tree, predictors: Codes, outcome: Codes) -> Matrix:
    """The share of each outcome at its row's leaf, the column as a whole counting as one donor."""
    arranged = tree.arranged(predictors)
    ends = np.flatnonzero(tree.feature == LEAF)
    ends = ends[np.argsort(tree.start[ends], kind="stable")]
    donors = tree.donors.astype(np.int64)
    span = int(max(donors.max(initial=0), outcome.max(initial=0))) + 2
    held = np.repeat(ends.astype(np.int64), tree.count[ends]) * span + donors + 1
    column = np.bincount(donors + 1, minlength=span)
    overall = np.maximum(column, 0.5)[outcome + 1] / max(len(donors), 1)
    shares = np.zeros(len(outcome))
    for lot in range(tree.num_lots):
        lots = np.full(len(outcome), lot, dtype=np.int32)
        leaves = tree.leaves(arranged, lots).astype(np.int64)
        asked = leaves * span + outcome + 1
        here = np.searchsorted(held, asked, "right") - np.searchsorted(held, asked, "left")
        shares += (here + overall) / (tree.count[leaves] + 1)
    return shares / tree.num_lots
