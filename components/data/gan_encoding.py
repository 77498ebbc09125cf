"""Columns as a network can learn them: one-hot levels, and normal scores for what is continuous.

Every column is split in two. Its *levels* are values with a large share of the rows (all values of
a discrete column, the spikes of a numeric one, and "missing"); they are one-hot. The rest, if any,
is *continuous*: a normal score z = Phi^-1(u), where u is drawn uniformly between the empirical
distribution's values just below x and at x (the randomised probability integral transform,
Brockwell 2007), so that even heaped values become exactly Gaussian, and come back exactly through
the quantile function.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.data.crowds import shares_below, stretches
from components.data.schema import Column
from components.data.table import Matrix

Array = NDArray[Any]

GRID = 1000
"""Most knots a stored quantile function has beside those of its heaps."""


@dataclass(frozen=True)
class CodeSettings:
    """What counts as a level.

    Of a discrete column, the `max_categories` most frequent values; of a numeric column, all
    values where it has at most `max_levels`, else those with at least `spike_share` of the rows.
    With a `crowd` above 1 a number is a level only where so many rows have it, and other numbers
    are given out anywhere in stretches of as many rows (`stretches`).
    """

    max_categories: int = 100
    max_levels: int = 20
    spike_share: float = 0.1
    crowd: int = 1


@dataclass(frozen=True)
class ColumnCode:
    """How one learned column is laid out in the network's rows.

    `levels` are the values with a slot of their own, NaN (missing) last. `quantiles`, shape
    (2, knots), holds probabilities and the values there, and is empty where levels are all there
    is. Where a column has both, one more slot says "continuous".
    """

    levels: Array
    quantiles: Array
    is_discrete: bool

    @property
    def is_continuous(self) -> bool:
        """True where the column has a normal score."""
        return bool(self.quantiles.shape[1])

    @property
    def num_slots(self) -> int:
        """Number of one-hot slots: 0 where the column is nothing but continuous."""
        return len(self.levels) + int(self.is_continuous) if len(self.levels) else 0


@dataclass(frozen=True)
class EncodedRows:
    """Rows ready for a network, in little more memory than they came in.

    `slots`, int32 of shape (rows, columns with slots), says which of all columns' slots are 1.
    `low` and `high`, float32 of shape (rows, continuous columns), bound u; `present` is 1 where
    the score is used, else 0.
    """

    slots: Array
    low: Array
    high: Array
    present: Array


def learn_codes(
    values: Sequence[Array], columns: tuple[Column, ...], settings: CodeSettings
) -> tuple[ColumnCode, ...]:
    """The code of each of `columns`, whose `values` stand in this order."""
    pairs = zip(values, columns, strict=True)
    return tuple(_learn_code(own, column, settings) for own, column in pairs)


def _learn_code(values: Array, column: Column, settings: CodeSettings) -> ColumnCode:
    missing = np.isnan(values)
    distinct, counts = np.unique(values[~missing], return_counts=True)
    is_level = _choose_levels(counts, len(values), column.is_discrete, settings)
    levels, others = distinct[is_level], ~is_level
    if len(levels) and not column.is_discrete and counts[others].sum() < settings.crowd:
        others &= False  # too few to be told apart: each goes with the nearest level
    if missing.any():
        levels = np.append(levels, np.nan)
    crowd = 1 if column.is_discrete else settings.crowd
    quantiles = _quantile_function(distinct[others], counts[others], crowd)
    return ColumnCode(levels, quantiles, column.is_discrete)


def _choose_levels(
    counts: Array, num_rows: int, is_discrete: bool, settings: CodeSettings
) -> NDArray[np.bool_]:
    """True for each distinct value that gets a slot of its own."""
    if is_discrete:
        chosen = np.zeros(len(counts), dtype=bool)
        chosen[np.argsort(-counts, kind="stable")[: settings.max_categories]] = True
        return chosen
    has_crowd: NDArray[np.bool_] = counts >= settings.crowd
    if len(counts) <= settings.max_levels:
        return has_crowd
    is_spike: NDArray[np.bool_] = counts >= max(settings.spike_share * num_rows, 3)
    return is_spike & has_crowd


def _quantile_function(values: Array, counts: Array, crowd: int) -> Array:
    """Knots of the quantile function: flat over heaps, linear between other values.

    So a heaped value comes back as it is, and a value seen once is not copied. With a `crowd` what
    is no heap of as many rows is linear over stretches of as many.
    """
    if not len(values):
        return np.empty((2, 0))
    total = counts.sum()
    if crowd > 1:
        groups, start, end = stretches(counts, values, max(crowd, math.ceil(total / GRID)))
        ends = shares_below(groups, counts)
        shares = np.column_stack([ends[:-1], ends[1:]])
        return np.stack([shares.ravel(), np.column_stack([start, end]).ravel()])
    above = np.cumsum(counts) / total
    below = np.concatenate([[0.0], above[:-1]])
    is_heap = counts >= max(2, total / GRID)
    single = np.flatnonzero(~is_heap)
    if len(single) > GRID:
        single = single[np.linspace(0, len(single) - 1, GRID).astype(np.int64)]
    middle = (above[single] + below[single]) / 2
    probabilities = np.concatenate([below[is_heap], above[is_heap], middle])
    knots = np.concatenate([values[is_heap], values[is_heap], values[single]])
    order = np.lexsort((probabilities, knots))
    return np.stack([probabilities[order], knots[order]])


def encode_rows(
    values: Sequence[Array], codes: tuple[ColumnCode, ...], num_rows: int
) -> EncodedRows:
    """The training rows, of these `values` by column, by the `codes` learned from them."""
    num_groups = sum(code.num_slots > 0 for code in codes)
    num_scores = sum(code.is_continuous for code in codes)
    slots: Array = np.empty((num_rows, num_groups), dtype=np.int32)
    low, high, present = (np.empty((num_rows, num_scores), np.float32) for _ in range(3))
    first_slot, group, score = 0, 0, 0
    for own, code in zip(values, codes, strict=True):
        level = _level_positions(own, code)
        if code.num_slots:
            slots[:, group] = first_slot + level
            first_slot, group = first_slot + code.num_slots, group + 1
        if code.is_continuous:
            used = level == len(code.levels)
            low[:, score], high[:, score] = probability_bounds(own, used)
            present[:, score] = used
            score += 1
    return EncodedRows(slots=slots, low=low, high=high, present=present)


def _level_positions(values: Array, code: ColumnCode) -> NDArray[np.int64]:
    """Each value's position in `levels`, len(levels) where it is continuous.

    In a column that is never so, a value that is no level goes with the nearest one.
    """
    position = np.full(len(values), len(code.levels), dtype=np.int64)
    for i, level in enumerate(code.levels):
        position[np.isnan(values) if np.isnan(level) else values == level] = i
    if not code.is_continuous:
        lost = position == len(code.levels)
        known = code.levels[~np.isnan(code.levels)]
        position[lost] = np.abs(values[lost, None] - known).argmin(axis=1) if lost.any() else 0
    return position


def probability_bounds(values: Array, used: NDArray[np.bool_]) -> tuple[Array, Array]:
    """The empirical distribution just below and at each used value; 0 and 1 elsewhere."""
    ordered = np.sort(values[used])
    low = np.searchsorted(ordered, values, side="left") / len(ordered)
    high = np.searchsorted(ordered, values, side="right") / len(ordered)
    return np.where(used, low, 0.0), np.where(used, high, 1.0)


def decode_rows(slots: Array, probabilities: Array, codes: tuple[ColumnCode, ...]) -> Matrix:
    """The matrix in `encode`'s form of rows with these slots and these probabilities of scores.

    Shapes as in `EncodedRows`, to (rows, columns).
    """
    columns = []
    first_slot, group, score = 0, 0, 0
    for code in codes:
        level = np.full(len(slots), len(code.levels))
        if code.num_slots:
            level = slots[:, group] - first_slot
            first_slot, group = first_slot + code.num_slots, group + 1
        values = np.zeros(len(slots))
        if code.is_continuous:
            values = np.interp(probabilities[:, score], *code.quantiles)
            values = np.round(values) if code.is_discrete else values
            score += 1
        columns.append(np.where(level < len(code.levels), np.append(code.levels, 0)[level], values))
    return np.column_stack(columns) if columns else np.empty((len(slots), 0))
