"""A generator of one Gaussian copula a class of the target."""

import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from components.config import CopulaConfig
from components.data.conditions import Condition, code_condition
from components.data.schema import Schema
from components.data.table import Matrix, Table, decode, encode, fill_gaps
from components.models.artifact import Artifact, load_artifact, save_artifact
from components.models.contract import Budget, LogMetrics, SamplingProgram, log_nothing
from components.models.copula_completion import complete_scores
from components.models.copula_density import LEAST_SHARE, Marks, log_density, score_ends
from components.models.marginals import Marginal, fit_marginal, pack, unpack
from components.models.normal_scores import latent_correlation, level_means, main_direction
from components.models.rare_levels import gather_rare
from components.models.streaming import SamplesWhole, chunk_rng, chunk_sizes

logger = logging.getLogger(__name__)

NAME = "copula"
NO_CLASS = -1
POOLED = -2
MIN_CLASS_ROWS = 5
"""A class with fewer rows is drawn as if it were any row."""

_HALF = 0.5
_SEEDS = 2**32
_CLASS_STREAM, _ROWS_STREAM = 0xC1, 0xC2


@dataclass(frozen=True)
class Group:
    """The rows of one class: a marginal a column, and the Cholesky root of their correlation."""

    marginals: tuple[Marginal, ...]
    root: NDArray[np.float32]

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
        scores = complete_scores(low, high, self.root, rng)
        drawn = [m.present_at(z) for m, z in zip(self.marginals, scores.T, strict=True)]
        return np.where(is_known, columns, np.column_stack(drawn))


class Copula(SamplesWhole):
    """A Gaussian copula of the columns for each class of a discrete target, else one of them all.

    A column is a monotone function of a normal variable, the categories in order of the table's
    main direction; whether a value is missing is a column of its own. Classes with few rows lean on
    the pooled correlations, those with hardly any on the pooled rows. Any columns can be asked for
    and missing cells filled in.

    Fitted state: `groups_` by the target's code, with `POOLED` for all rows and `NO_CLASS` for
    rows without a target; `shares_`, the share of rows by code; `orders_`, the codes of each
    discrete column (by its position among the learned ones) in order; `gapped_`, which drawn
    columns (by place) have missing values. Models of before have none: missing values are the low
    end of a column's marginal there.
    """

    schema_: Schema
    groups_: dict[int, Group]
    shares_: dict[int, float]
    orders_: dict[int, NDArray[np.int64]]
    gapped_: tuple[int, ...]

    def __init__(self, config: CopulaConfig) -> None:
        """A generator yet to be fitted."""
        self.config = config

    def fit(
        self,
        table: Table,
        *,
        seed: int,
        budget: Budget = Budget(),  # noqa: B008 - frozen
        log: LogMetrics = log_nothing,
        checkpoint_dir: Path | None = None,
    ) -> None:
        """Fit every class; it takes seconds, so it keeps no checkpoints and needs no budget."""
        started = time.monotonic()
        table = gather_rare(table, self.config.crowd)
        self.schema_ = table.schema
        matrix = encode(table.frame, table.schema)
        self.orders_ = self._category_orders(matrix, seed)
        classes = self._classes(matrix)
        columns = self._ordered(matrix)
        del matrix
        is_missing = np.isnan(columns)
        self.gapped_ = tuple(np.flatnonzero(is_missing.any(0) & ~is_missing.all(0)).tolist())
        columns = np.column_stack([columns, is_missing[:, list(self.gapped_)]])
        del is_missing
        codes, counts = np.unique(classes, return_counts=True)
        self.shares_ = {int(c): float(n / len(classes)) for c, n in zip(codes, counts, strict=True)}
        large = codes[(codes != POOLED) & (counts >= MIN_CLASS_ROWS)]
        self._fit_groups(columns, {int(code): np.flatnonzero(classes == code) for code in large})
        log(1, {"groups_fitted": len(self.groups_), "columns_fitted": columns.shape[1]})
        logger.info("%d copulas in %.1f s", len(self.groups_), time.monotonic() - started)

    @property
    def drawn_positions(self) -> list[int]:
        """Positions among the learned columns of those a copula draws: not a discrete target."""
        return [
            i
            for i, column in enumerate(self.schema_.learned)
            if not (column.name == self.schema_.target and column.is_discrete)
        ]

    @property
    def num_drawn(self) -> int:
        """How many columns are drawn: those, and whether each of `gapped_` is missing."""
        return len(self.drawn_positions) + len(self.gapped_)

    def _classes(self, matrix: Matrix) -> NDArray[np.int64]:
        """The target's code in each row; `POOLED` in all where the target is a number."""
        if not self.schema_.is_classification:
            return np.full(len(matrix), POOLED)
        names = [column.name for column in self.schema_.learned]
        target = matrix[:, names.index(self.schema_.target)]
        return np.where(np.isnan(target), NO_CLASS, target).astype(np.int64)

    def _category_orders(self, matrix: Matrix, seed: int) -> dict[int, NDArray[np.int64]]:
        """For each discrete drawn column, its codes sorted by the mean main direction."""
        is_discrete = np.array([column.is_discrete for column in self.schema_.learned])
        direction = main_direction(matrix, is_discrete, seed)
        orders = {}
        for i in self.drawn_positions:
            if is_discrete[i]:
                known = ~np.isnan(matrix[:, i])
                num_levels = len(self.schema_.learned[i].categories)
                means = level_means(direction[known], matrix[known, i].astype(np.int64), num_levels)
                orders[i] = np.argsort(means, kind="stable")
        return orders

    def _ordered(self, matrix: Matrix) -> Matrix:
        """The drawn columns, discrete codes replaced by their place in the column's order."""
        ordered = matrix[:, self.drawn_positions]
        for place, i in enumerate(self.drawn_positions):
            if i in self.orders_:
                known = ~np.isnan(matrix[:, i])
                codes = matrix[known, i].astype(np.int64)
                ordered[known, place] = np.argsort(self.orders_[i])[codes]
        return ordered

    def _fit_groups(self, columns: Matrix, rows: Mapping[int, NDArray[np.int64]]) -> None:
        """One group a class, its correlations shrunk to the classes' mean where rows are few."""
        shrinkage = self.config.shrinkage
        self.groups_ = {POOLED: self._group(columns, latent_correlation(columns, shrinkage))}
        if not rows:
            return
        own = {code: latent_correlation(columns[group], shrinkage) for code, group in rows.items()}
        sizes = np.array([len(group) for group in rows.values()], dtype=np.float64)
        within = np.average(np.array(list(own.values())), axis=0, weights=sizes)
        for code, group in rows.items():
            weight = len(group) / (len(group) + columns.shape[1])
            self.groups_[code] = self._group(
                columns[group], weight * own[code] + (1 - weight) * within
            )

    def _group(self, columns: Matrix, correlation: Matrix) -> Group:
        marginals = tuple(self._marginal(place, values) for place, values in enumerate(columns.T))
        return Group(marginals, np.linalg.cholesky(correlation).astype(np.float32))

    def _marginal(self, place: int, values: Matrix) -> Marginal:
        """Of the values that there are; where there are none, of those of all rows."""
        positions = self.drawn_positions
        is_discrete = place >= len(positions) or positions[place] in self.orders_
        if place in self.gapped_:
            values = values[~np.isnan(values)]
            if not len(values):
                return self.groups_[POOLED].marginals[place]
        return fit_marginal(values, all_spikes=is_discrete, crowd=self.config.crowd)

    def draw(
        self, num_rows: int, *, condition: Condition | None = None, seed: int
    ) -> Iterator[Matrix]:
        """See `Streamer`."""
        wanted = code_condition(condition, self.schema_)
        sizes = enumerate(chunk_sizes(num_rows))
        return (self._draw_chunk(size, wanted, chunk_rng(seed, number)) for number, size in sizes)

    def _draw_chunk(
        self, num_rows: int, wanted: Mapping[int, float], rng: np.random.Generator
    ) -> Matrix:
        known, shares = np.array(list(self.shares_)), np.array(list(self.shares_.values()))
        classes = rng.choice(known, size=num_rows, p=shares)
        matrix = np.full((num_rows, len(self.schema_.learned)), np.nan)
        for position, value in wanted.items():
            matrix[:, position] = value
        is_asked = np.isin(self.drawn_positions, list(wanted))
        has_class = len(wanted) > is_asked.sum()
        if has_class:
            classes = self._classes(matrix)
        if is_asked.any():
            return self._draw_given(matrix, classes if has_class else None, is_asked, rng)
        normal = rng.standard_normal((num_rows, self.num_drawn))
        columns = np.empty_like(normal)
        for code, rows in _by_code(classes):
            columns[rows] = self._group_of(code).at(normal[rows])
        return self._disordered(self._blanked(columns), classes)

    def _draw_given(
        self,
        matrix: Matrix,
        classes: NDArray[np.int64] | None,
        is_asked: Marks,
        rng: np.random.Generator,
    ) -> Matrix:
        """Rows whose asked columns are those of `matrix`: missing where they are missing there."""
        seed = int(rng.integers(_SEEDS))
        columns = self._ordered(matrix)
        is_missing = np.isnan(columns[:, list(self.gapped_)])
        columns = np.column_stack([columns, is_missing])
        is_known = np.concatenate([is_asked, is_asked[list(self.gapped_)]]) & ~np.isnan(columns)
        if classes is None:
            classes = self._likely_classes(columns, is_known, seed)
        completed = self._completed(columns, is_known, classes, seed)
        return self._disordered(self._blanked(completed), classes)

    def complete(self, frame: pd.DataFrame, *, seed: int) -> pd.DataFrame:
        """See `Completer`."""
        matrix = encode(frame, self.schema_)
        columns = np.column_stack(
            [self._ordered(matrix), np.full((len(matrix), len(self.gapped_)), np.nan)]
        )
        is_known = ~np.isnan(columns)
        given = self._classes(matrix)
        likely = self._likely_classes(columns, is_known, seed)
        classes = np.where(given == NO_CLASS, likely, given)
        completed = self._completed(columns, is_known, classes, seed)
        whole = self._disordered(completed[:, : len(self.drawn_positions)], classes)
        return fill_gaps(frame, decode(whole, self.schema_, seed=seed), self.schema_)

    def _completed(
        self,
        columns: Matrix,
        is_known: Marks,
        classes: NDArray[np.int64],
        seed: int,
    ) -> Matrix:
        """The rows of drawn columns with what is not known drawn by the copula of their class."""
        completed = np.empty_like(columns)
        for code, rows in _by_code(classes):
            rng = np.random.default_rng([seed, code - POOLED, _ROWS_STREAM])
            completed[rows] = self._group_of(code).complete(columns[rows], is_known[rows], rng)
        return completed

    def _likely_classes(self, columns: Matrix, is_known: Marks, seed: int) -> NDArray[np.int64]:
        """A class for each row, drawn given what is known of it; none is `NO_CLASS`."""
        codes = np.array([code for code in self.shares_ if code != NO_CLASS] or list(self.shares_))
        odds = np.column_stack(
            [
                np.log(self.shares_[code]) + self._group_of(code).log_density(columns, ~is_known)
                for code in codes.tolist()
            ]
        )
        ends = np.exp(odds - odds.max(axis=1, keepdims=True)).cumsum(axis=1)
        uniforms = np.random.default_rng([seed, _CLASS_STREAM]).random((len(ends), 1))
        picked = (uniforms * ends[:, -1:] >= ends).sum(axis=1)
        found: NDArray[np.int64] = codes[np.minimum(picked, len(codes) - 1)]
        return found

    def _group_of(self, code: int) -> Group:
        return self.groups_.get(code, self.groups_[POOLED])

    def _blanked(self, columns: Matrix) -> Matrix:
        """The drawn columns without those that say what is missing, and without what is."""
        width = len(self.drawn_positions)
        drawn = columns[:, :width]
        for place, is_missing in zip(self.gapped_, columns[:, width:].T, strict=True):
            drawn[is_missing > _HALF, place] = np.nan
        return drawn

    def _disordered(self, columns: Matrix, classes: NDArray[np.int64]) -> Matrix:
        """All learned columns: drawn ones with their codes put back, and the target's classes."""
        matrix = np.empty((len(columns), len(self.schema_.learned)))
        matrix[:] = np.where(classes < 0, np.nan, classes)[:, None]
        matrix[:, self.drawn_positions] = columns
        for i, order in self.orders_.items():
            known = ~np.isnan(matrix[:, i])
            matrix[known, i] = order[np.round(matrix[known, i]).astype(np.int64)]
        return matrix

    def score(self, frame: pd.DataFrame) -> Matrix:
        """The log density of each row: its class's share times the density of its copula."""
        matrix = encode(frame, self.schema_)
        classes, columns = self._classes(matrix), self._ordered(matrix)
        is_missing = np.isnan(columns[:, list(self.gapped_)])
        columns = np.column_stack([columns, is_missing])
        is_unknown = np.zeros(columns.shape, dtype=bool)
        is_unknown[:, list(self.gapped_)] = is_missing
        total = np.empty(len(matrix))
        for code, rows in _by_code(classes):
            share = max(self.shares_.get(code, 0.0), LEAST_SHARE)
            density = self._group_of(code).log_density(columns[rows], is_unknown[rows])
            total[rows] = np.log(share) + density
        return total

    def export_program(self) -> SamplingProgram:
        """The generator as one torch module; see `Exportable`."""
        from components.models.copula_program import copula_program

        return copula_program(self)

    def save(self, directory: Path) -> None:
        """Write settings, schema and shares as JSON, marginals and roots as safetensors."""
        arrays = {"roots": np.array([group.root for group in self.groups_.values()])}
        arrays |= pack([m for group in self.groups_.values() for m in group.marginals])
        arrays |= {f"order_{i}": order for i, order in self.orders_.items()}
        state = {
            "groups": list(self.groups_),
            "classes": list(self.shares_),
            "shares": list(self.shares_.values()),
            "gapped": list(self.gapped_),
        }
        settings = self.config.model_dump(mode="json")
        save_artifact(Artifact(NAME, settings, self.schema_, state, arrays), directory)

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read what `save` wrote."""
        artifact = load_artifact(directory)
        model = cls(CopulaConfig.model_validate(artifact.settings))
        model.schema_ = artifact.schema
        state, arrays = artifact.state, artifact.arrays
        model.shares_ = dict(zip(state["classes"], state["shares"], strict=True))
        model.orders_ = {
            i: arrays[f"order_{i}"] for i in model.drawn_positions if f"order_{i}" in arrays
        }
        model.gapped_ = tuple(state.get("gapped", ()))
        marginals, width = unpack(arrays), model.num_drawn
        model.groups_ = {
            code: Group(tuple(marginals[k * width : (k + 1) * width]), arrays["roots"][k])
            for k, code in enumerate(state["groups"])
        }
        return model


def _by_code(classes: NDArray[np.int64]) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Each code, and the rows that have it."""
    return ((int(code), np.flatnonzero(classes == code)) for code in np.unique(classes))
