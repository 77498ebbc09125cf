"""Gaussian copulas by class: what they draw, complete and find likely."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from components.data.table import Matrix
from components.models.copula.completion import complete_scores
from components.models.copula.density import LEAST_SHARE, Marks, log_density, score_ends
from components.models.copula.marginals import Marginal
from components.models.copula.posterior import drawn_marginal, drawn_root, rows_known

Classes = NDArray[np.int64]
"""The class of each row: the target's code, `NO_CLASS` or `POOLED`."""

NO_CLASS = -1
POOLED = -2
_CLASS_STREAM, _ROWS_STREAM, _GROUP_STREAM, _SHARES_STREAM = 0xC1, 0xC2, 0xC3, 0xC4


@dataclass(frozen=True)
class Group:
    """The rows of one class: a marginal a column, and the Cholesky root of their correlation.

    `num_rows` is how many there were, infinite where a model does not say. Where the parameters
    are drawn (`drawn`), `evidence` is how many rows the correlations stand on.
    """

    marginals: tuple[Marginal, ...]
    root: NDArray[np.float32]
    num_rows: float = math.inf
    evidence: float = math.inf

    def first(self, width: int) -> "Group":
        """The group of the first columns alone."""
        return replace(self, marginals=self.marginals[:width], root=self.root[:width, :width])

    def drawn(self, gapped: Sequence[int], rng: np.random.Generator) -> "Group":
        """The group with parameters drawn as its rows leave them open, itself where none is said.

        The last marginals say for each of `gapped` whether it is missing. Correlations that were
        shrunk by so many rows as there are columns (`Copula`) stand on as many more.
        """
        if not math.isfinite(self.num_rows) or not self.marginals:
            return self
        known, both = rows_known(self.marginals, gapped, self.num_rows)
        marginals = [
            drawn_marginal(marginal, float(num), rng)
            for marginal, num in zip(self.marginals, known, strict=True)
        ]
        evidence = both + len(self.marginals)
        root = drawn_root(self.root, evidence, rng)
        return replace(self, marginals=tuple(marginals), root=root, evidence=evidence)

    def at(self, normal: Matrix) -> Matrix:
        """Rows of the columns' values from rows of independent standard normal draws."""
        latent = np.einsum("ij,kj->ik", normal, self.root)  # unlike BLAS, one order of adding
        columns = [marginal.at(z) for marginal, z in zip(self.marginals, latent.T, strict=True)]
        return np.column_stack(columns) if columns else np.empty((len(normal), 0))

    def log_density(self, columns: Matrix, is_unknown: Marks) -> Matrix:
        """The log density of what is known of rows of the columns' values, shape (rows,)."""
        return log_density(columns, self.marginals, self.root, is_unknown)

    def complete(self, columns: Matrix, is_known: Marks, rng: np.random.Generator) -> Matrix:
        """The rows with a value drawn for all that is not known, given what is known of the row."""
        if not self.marginals:
            return columns
        low, high = np.full(columns.shape, -np.inf), np.full(columns.shape, np.inf)
        for i, marginal in enumerate(self.marginals):
            known = is_known[:, i]
            low[known, i], high[known, i] = score_ends(columns[known, i], marginal)
        scores = complete_scores(low, high, self.root, rng, self.evidence)
        drawn = [m.present_at(z) for m, z in zip(self.marginals, scores.T, strict=True)]
        return np.where(is_known, columns, np.column_stack(drawn))


@dataclass(frozen=True)
class ClassCopulas:
    """A group for each class that has rows enough, one of all rows (`POOLED`), the classes' shares.

    Rows are those of the drawn columns, shape (rows, columns); the first columns may come alone
    where others are neither known nor asked for.
    """

    groups: Mapping[int, Group]
    shares: Mapping[int, float]

    def of(self, code: int) -> Group:
        """The group that draws a class."""
        return self.groups.get(code, self.groups[POOLED])

    def drawn(self, gapped: Sequence[int], seed: int) -> "ClassCopulas":
        """The same with parameters drawn as the rows leave them open; see `Group.drawn`."""
        num_rows = self.groups[POOLED].num_rows
        if not math.isfinite(num_rows):
            return self
        groups = {
            code: group.drawn(gapped, np.random.default_rng([seed, code - POOLED, _GROUP_STREAM]))
            for code, group in self.groups.items()
        }
        rng = np.random.default_rng([seed, _SHARES_STREAM])
        shares = rng.dirichlet([num_rows * share for share in self.shares.values()])
        return ClassCopulas(groups, dict(zip(self.shares, shares.tolist(), strict=True)))

    def draw_classes(self, num_rows: int, rng: np.random.Generator) -> Classes:
        """Classes in their shares."""
        known, shares = np.array(list(self.shares)), np.array(list(self.shares.values()))
        return rng.choice(known, size=num_rows, p=shares)

    def at(self, normal: Matrix, classes: Classes) -> Matrix:
        """Rows of these classes from rows of independent standard normal draws."""
        columns = np.empty_like(normal)
        for code, rows in _by_code(classes):
            columns[rows] = self.of(code).at(normal[rows])
        return columns

    def complete(self, columns: Matrix, is_known: Marks, classes: Classes, seed: int) -> Matrix:
        """The rows with what is not known drawn by the copula of their class.

        The first rows are the same however many follow.
        """
        completed = np.empty_like(columns)
        for code, rows in _by_code(classes):
            rng = np.random.default_rng([seed, code - POOLED, _ROWS_STREAM])
            group = self.of(code).first(columns.shape[1])
            completed[rows] = group.complete(columns[rows], is_known[rows], rng)
        return completed

    def likely_classes(self, columns: Matrix, is_known: Marks, seed: int) -> Classes:
        """A class for each row, drawn given what is known of it; `NO_CLASS` where there is none."""
        codes = np.array([code for code in self.shares if code != NO_CLASS] or list(self.shares))
        groups = {code: self.of(code).first(columns.shape[1]) for code in codes.tolist()}
        odds = np.column_stack(
            [
                np.log(self.shares[code]) + group.log_density(columns, ~is_known)
                for code, group in groups.items()
            ]
        )
        ends = np.exp(odds - odds.max(axis=1, keepdims=True)).cumsum(axis=1)
        uniforms = np.random.default_rng([seed, _CLASS_STREAM]).random((len(ends), 1))
        picked = (uniforms * ends[:, -1:] >= ends).sum(axis=1)
        found: Classes = codes[np.minimum(picked, len(codes) - 1)]
        return found

    def log_density(self, columns: Matrix, is_unknown: Marks, classes: Classes) -> Matrix:
        """The log density of each row: its class's share times the density of its copula."""
        total = np.empty(len(columns))
        for code, rows in _by_code(classes):
            share = max(self.shares.get(code, 0.0), LEAST_SHARE)
            density = self.of(code).log_density(columns[rows], is_unknown[rows])
            total[rows] = np.log(share) + density
        return total


def _by_code(classes: Classes) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Each code, and the rows that have it."""
    return ((int(code), np.flatnonzero(classes == code)) for code in np.unique(classes))
