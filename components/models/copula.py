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
from components.data.conditions import Condition, check_condition
from components.data.schema import Schema
from components.data.table import Matrix, Table, encode
from components.models.artifact import Artifact, load_artifact, save_artifact
from components.models.contract import Budget, LogMetrics, SamplingProgram, log_nothing
from components.models.copula_density import LEAST_SHARE, log_density
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

    def log_density(self, columns: Matrix) -> Matrix:
        """The log density of rows of the columns' values, shape (rows,)."""
        return log_density(columns, self.marginals, self.root)


class Copula(SamplesWhole):
    """A Gaussian copula of the columns for each class of a discrete target, else one of them all.

    A column is a monotone function of a normal variable, missing values at its low end and the
    categories in order of the table's main direction. Classes with few rows lean on the pooled
    correlations, those with hardly any on the pooled rows.

    Fitted state: `groups_` by the target's code, with `POOLED` for all rows and `NO_CLASS` for
    rows without a target; `shares_`, the share of rows by code; `orders_`, the codes of each
    discrete column (by its position among the learned ones) in order.
    """

    schema_: Schema
    groups_: dict[int, Group]
    shares_: dict[int, float]
    orders_: dict[int, NDArray[np.int64]]

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
        marginals = [
            fit_marginal(values, all_spikes=position in self.orders_, crowd=self.config.crowd)
            for position, values in zip(self.drawn_positions, columns.T, strict=True)
        ]
        return Group(tuple(marginals), np.linalg.cholesky(correlation).astype(np.float32))

    def draw(
        self, num_rows: int, *, condition: Condition | None = None, seed: int
    ) -> Iterator[Matrix]:
        """See `Streamer`."""
        wanted = check_condition(condition, self.schema_)
        sizes = enumerate(chunk_sizes(num_rows))
        return (self._draw_chunk(size, wanted, chunk_rng(seed, number)) for number, size in sizes)

    def _draw_chunk(self, num_rows: int, wanted: int | None, rng: np.random.Generator) -> Matrix:
        known, shares = np.array(list(self.shares_)), np.array(list(self.shares_.values()))
        classes = rng.choice(known, size=num_rows, p=shares)
        if wanted is not None:
            classes = np.full(num_rows, wanted)
        normal = rng.standard_normal((num_rows, len(self.drawn_positions)))
        columns = np.empty_like(normal)
        for code in np.unique(classes):
            rows = classes == code
            columns[rows] = self.groups_.get(int(code), self.groups_[POOLED]).at(normal[rows])
        return self._disordered(columns, classes)

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
        total = np.empty(len(matrix))
        for code in np.unique(classes):
            rows = classes == code
            group = self.groups_.get(int(code), self.groups_[POOLED])
            share = max(self.shares_.get(int(code), 0.0), LEAST_SHARE)
            total[rows] = np.log(share) + group.log_density(columns[rows])
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
        marginals, width = unpack(arrays), len(model.drawn_positions)
        model.groups_ = {
            code: Group(tuple(marginals[k * width : (k + 1) * width]), arrays["roots"][k])
            for k, code in enumerate(state["groups"])
        }
        return model
