"""Rows from a mixture of leaves: drawn, drawn given any columns, filled in, and how likely."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from components.data.table import Matrix
from components.models.codes.row_codes import ColumnCodes, can_be_drawn, to_codes
from components.models.trees.leaf_mixture import (
    Cells,
    LeafMixture,
    Places,
    chosen,
    known_rows,
    log_sum,
)

Marks = NDArray[np.bool_]

UNSEEN = 1e-6
"""A code that no row of a leaf has counts there as this times its share of all rows."""

IMPOSSIBLE = float(np.log(1e-9))
"""The log probability that a value has which cannot be drawn."""

MOST_WEIGHTS = 2**22
MOST_ROWS = 2_048
"""Rows are worked on so many at once, or as few as give so many weights of leaves."""


@dataclass(frozen=True)
class LeafRows:
    """A mixture, and what its codes stand for."""

    mixture: LeafMixture
    columns: tuple[ColumnCodes, ...]

    @property
    def chunk(self) -> int:
        """Rows whose leaves are weighed at once."""
        return int(np.clip(MOST_WEIGHTS // len(self.mixture.sizes), 1, MOST_ROWS))

    @cached_property
    def known(self) -> tuple[Places, ...]:
        """By column: how many rows of each leaf have a value."""
        return known_rows(self.mixture, [column.num_levels for column in self.columns])

    def draw(self, num_rows: int, wanted: Mapping[int, float], rng: np.random.Generator) -> Matrix:
        """Rows in `encode`'s form, with the `wanted` value in each column it names."""
        if wanted:
            leaf = np.searchsorted(self._ends_given(wanted), rng.random(num_rows), side="right")
            codes = self.mixture.draw_within(leaf, rng)
        else:
            codes = self.mixture.draw(num_rows, rng)
        rows = self._values(codes, rng)
        for position, value in wanted.items():
            rows[:, position] = value
        return rows

    def _values(self, codes: Cells, rng: np.random.Generator) -> Matrix:
        parts = zip(self.columns, codes.T, strict=True)
        return np.column_stack(
            [column.draw(part.astype(np.int64), rng.random(len(part))) for column, part in parts]
        )

    def _ends_given(self, wanted: Mapping[int, float]) -> Matrix:
        """Where each leaf's stretch of a uniform ends among rows of the wanted values."""
        matrix = np.full((1, len(self.columns)), np.nan)
        is_known = np.zeros(matrix.shape, dtype=bool)
        for position, value in wanted.items():
            matrix[0, position], is_known[0, position] = value, True
        weights = self._log_weights(*self._evidence(matrix, is_known))
        ends: Matrix = np.cumsum(np.exp(weights - log_sum(weights))[0])
        ends[np.flatnonzero(np.diff(ends, prepend=0.0))[-1] :] = np.inf
        return ends

    def _evidence(self, matrix: Matrix, is_known: Marks) -> tuple[Cells, Marks]:
        """The codes of rows, and which of the known ones tell anything: a row may have them."""
        codes = to_codes(matrix, self.columns)
        tells = is_known & can_be_drawn(matrix, self.columns) & (codes >= 0)
        return codes.astype(np.int32), tells

    def complete(self, matrix: Matrix, is_known: Marks, *, seed: int) -> Matrix:
        """Rows in `encode`'s form that keep what is known of `matrix`; other values are drawn.

        The first rows are the same however many follow.
        """
        whole = matrix.copy()
        for number, start in enumerate(range(0, len(matrix), self.chunk)):
            rows = slice(start, start + self.chunk)
            rng = np.random.default_rng([seed, number])
            uniforms = rng.random((1 + 2 * len(self.columns), self.chunk))
            codes, tells = self._evidence(matrix[rows], is_known[rows])
            uniforms = uniforms[:, : len(codes)]
            weights = self._log_weights(codes, tells, is_gap=~is_known[rows])
            leaf = chosen(weights, uniforms[0])
            for j, column in enumerate(self.columns):
                drawn = self._known_code(j, leaf, uniforms[1 + 2 * j])
                values = column.draw(drawn.astype(np.int64), uniforms[2 + 2 * j])
                whole[rows, j] = np.where(is_known[rows, j], matrix[rows, j], values)
        return whole

    def _known_code(self, column: int, leaf: Places, uniforms: Matrix) -> Cells:
        """A code that stands for a value, of the leaf's rows, or of all where these have none."""
        here = self.known[column]
        picked = self.mixture.pick(column, leaf, uniforms, np.maximum(here, 1))
        num_levels = self.columns[column].num_levels
        ends = np.cumsum(self.mixture.rows_of[column][:num_levels])
        if not len(ends) or not ends[-1]:
            return picked
        overall = np.searchsorted(ends, uniforms * ends[-1], side="right")
        return np.where(here[leaf] > 0, picked, np.minimum(overall, len(ends) - 1))

    def log_density(self, matrix: Matrix) -> Matrix:
        """The log density of rows in `encode`'s form: that of the mixture, over its levels' widths.

        A value that cannot be drawn counts as one in a billion, and tells nothing of the leaf.
        """
        total = np.empty(len(matrix))
        for start in range(0, len(matrix), self.chunk):
            rows = slice(start, start + self.chunk)
            codes, tells = self._evidence(matrix[rows], np.ones(matrix[rows].shape, dtype=bool))
            total[rows] = log_sum(self._log_weights(codes, tells))
            total[rows] += IMPOSSIBLE * (~tells).sum(axis=1)
            for j, column in enumerate(self.columns):
                total[rows] -= column.log_widths(np.maximum(codes[:, j], 0).astype(np.int64))
        return total

    def _log_weights(self, codes: Cells, tells: Marks, is_gap: Marks | None = None) -> Matrix:
        """The log share of each leaf together with what is told of each row, (rows, leaves).

        In the gaps, if any, a value is known to be.
        """
        mixture = self.mixture
        log_sizes = np.log(mixture.sizes)
        weights = np.tile(log_sizes - np.log(mixture.total), (len(codes), 1))
        for j in range(len(self.columns)):
            told = np.flatnonzero(tells[:, j])
            if len(told):
                asked, place = np.unique(codes[told, j], return_inverse=True)
                weights[told] += self._log_shares(j, asked)[place]
            if is_gap is not None and is_gap[:, j].any():
                present = np.log(np.maximum(self.known[j], UNSEEN)) - log_sizes
                weights[is_gap[:, j]] += present
        return weights

    def _log_shares(self, column: int, asked: Cells) -> Matrix:
        """The log share of each asked code, ascending, in each leaf, shape (asked, leaves)."""
        mixture = self.mixture
        rows_of = np.append(mixture.rows_of[column], 0)
        rows = rows_of[np.minimum(asked, len(rows_of) - 1)]
        unseen = np.log(UNSEEN) + np.log(np.maximum(rows, 0.5) / mixture.total)
        shares = np.repeat(unseen[:, None], len(mixture.sizes), axis=1)
        place = np.minimum(np.searchsorted(asked, mixture.codes[column]), len(asked) - 1)
        found = np.flatnonzero(asked[place] == mixture.codes[column])
        leaves = mixture.leaves[column][found]
        shares[place[found], leaves] = np.log(mixture.counts[column][found] / mixture.sizes[leaves])
        return shares
