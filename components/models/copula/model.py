"""A generator of one Gaussian copula a class of the target."""

import logging
import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
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
from components.models.copula.classes import NO_CLASS, POOLED, ClassCopulas, Classes, Group
from components.models.copula.density import Marks
from components.models.copula.marginals import Marginal, fit_marginal, pack, unpack
from components.models.copula.normal_scores import latent_correlation, level_means, main_direction
from components.models.rare_levels import gather_rare
from components.models.streaming import SamplesWhole, chunk_rng, chunk_sizes

logger = logging.getLogger(__name__)

NAME = "copula"
MIN_CLASS_ROWS = 5
"""A class with fewer rows is drawn as if it were any row."""

_HALF = 0.5
_SEEDS = 2**32


class Copula(SamplesWhole):
    """A Gaussian copula of the columns for each class of a discrete target, else one of them all.

    A column is a monotone function of a normal variable, the categories in order of the table's
    main direction; whether a value is missing is a column of its own. Classes with few rows lean on
    the pooled correlations, those with hardly any on the pooled rows. Any columns can be asked for
    and missing cells filled in.

    Fitted state: `copulas_`, by the target's code, with `POOLED` for all rows and `NO_CLASS` for
    rows without a target; `orders_`, the codes of each discrete column (by its position among the
    learned ones) in order; `gapped_`, which drawn columns (by place) have missing values. Models of
    before have none: missing values are the low end of a column's marginal there.
    """

    schema_: Schema
    copulas_: ClassCopulas
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
        del is_missing
        columns = self._with_gaps(columns)
        codes, counts = np.unique(classes, return_counts=True)
        shares = {int(c): float(n / len(classes)) for c, n in zip(codes, counts, strict=True)}
        large = codes[(codes != POOLED) & (counts >= MIN_CLASS_ROWS)]
        groups = self._groups(
            columns, {int(code): np.flatnonzero(classes == code) for code in large}
        )
        self.copulas_ = ClassCopulas(groups, shares)
        log(1, {"groups_fitted": len(groups), "columns_fitted": columns.shape[1]})
        logger.info("%d copulas in %.1f s", len(groups), time.monotonic() - started)

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

    def _classes(self, matrix: Matrix) -> Classes:
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

    def _with_gaps(self, columns: Matrix) -> Matrix:
        """The drawn columns, and behind them 1 where one of `gapped_` is missing."""
        if not self.gapped_:
            return columns
        return np.column_stack([columns, np.isnan(columns[:, self.gapped_])])

    def _groups(self, columns: Matrix, rows: Mapping[int, NDArray[np.int64]]) -> dict[int, Group]:
        """One group a class, its correlations shrunk to the classes' mean where rows are few."""
        shrinkage = self.config.shrinkage
        pooled = self._group(columns, latent_correlation(columns, shrinkage))
        groups = {POOLED: pooled}
        if not rows:
            return groups
        own = {code: latent_correlation(columns[group], shrinkage) for code, group in rows.items()}
        sizes = np.array([len(group) for group in rows.values()], dtype=np.float64)
        within = np.average(np.array(list(own.values())), axis=0, weights=sizes)
        for code, group in rows.items():
            weight = len(group) / (len(group) + columns.shape[1])
            correlation = weight * own[code] + (1 - weight) * within
            groups[code] = self._group(columns[group], correlation, pooled.marginals)
        return groups

    def _group(
        self, columns: Matrix, correlation: Matrix, pooled: tuple[Marginal, ...] = ()
    ) -> Group:
        """The group of these rows; a column with fewer values than a crowd has that of all rows."""
        marginals = []
        for place, values in enumerate(columns.T):
            known = values[~np.isnan(values)] if place in self.gapped_ else values
            is_sparse = pooled and len(known) < self.config.crowd
            marginals.append(pooled[place] if is_sparse else self._marginal(place, known))
        root = np.linalg.cholesky(correlation).astype(np.float32)
        return Group(tuple(marginals), root, len(columns))

    def _marginal(self, place: int, values: Matrix) -> Marginal:
        positions = self.drawn_positions
        is_discrete = place >= len(positions) or positions[place] in self.orders_
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
        classes = self.copulas_.draw_classes(num_rows, rng)
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
        columns = self.copulas_.at(normal, classes)
        return self._disordered(self._blanked(columns), classes)

    def _draw_given(
        self,
        matrix: Matrix,
        classes: Classes | None,
        is_asked: Marks,
        rng: np.random.Generator,
    ) -> Matrix:
        """Rows whose asked columns are those of `matrix`: missing where they are missing there."""
        seed = int(rng.integers(_SEEDS))
        columns = self._with_gaps(self._ordered(matrix))
        is_known = np.concatenate([is_asked, is_asked[list(self.gapped_)]]) & ~np.isnan(columns)
        if classes is None:
            classes = self.copulas_.likely_classes(columns, is_known, seed)
        completed = self.copulas_.complete(columns, is_known, classes, seed)
        return self._disordered(self._blanked(completed), classes)

    def complete(self, frame: pd.DataFrame, *, seed: int) -> pd.DataFrame:
        """See `Completer`: parameters are drawn too, the same for all rows (proper imputation).

        A class that is missing is drawn by the densities as fitted: by quantiles that are drawn
        these would differ from knot to knot by chance alone.
        """
        matrix = encode(frame, self.schema_)
        columns, classes = self._ordered(matrix), self._classes(matrix)
        is_known = ~np.isnan(columns)
        drawn = self.copulas_.drawn(self.gapped_, seed)
        fitted = replace(self.copulas_, shares=drawn.shares)
        is_open = classes == NO_CLASS
        classes[is_open] = fitted.likely_classes(columns[is_open], is_known[is_open], seed)
        completed = drawn.complete(columns, is_known, classes, seed)
        whole = self._disordered(completed, classes)
        return fill_gaps(frame, decode(whole, self.schema_, seed=seed), self.schema_)

    def _blanked(self, columns: Matrix) -> Matrix:
        """The drawn columns without those that say what is missing, and without what is."""
        width = len(self.drawn_positions)
        drawn = columns[:, :width]
        for place, is_missing in zip(self.gapped_, columns[:, width:].T, strict=True):
            drawn[is_missing > _HALF, place] = np.nan
        return drawn

    def _disordered(self, columns: Matrix, classes: Classes) -> Matrix:
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
        columns = self._with_gaps(self._ordered(matrix))
        is_unknown = np.zeros(columns.shape, dtype=bool)
        is_unknown[:, self.gapped_] = np.isnan(columns[:, self.gapped_])
        return self.copulas_.log_density(columns, is_unknown, self._classes(matrix))

    def export_program(self) -> SamplingProgram:
        """The generator as one torch module; see `Exportable`."""
        from components.models.copula.program import copula_program

        return copula_program(self)

    def save(self, directory: Path) -> None:
        """Write settings, schema and shares as JSON, marginals and roots as safetensors."""
        groups, shares = self.copulas_.groups, self.copulas_.shares
        arrays = {"roots": np.array([group.root for group in groups.values()])}
        arrays |= pack([m for group in groups.values() for m in group.marginals])
        arrays |= {f"order_{i}": order for i, order in self.orders_.items()}
        state = {
            "groups": list(groups),
            "classes": list(shares),
            "shares": list(shares.values()),
            "gapped": list(self.gapped_),
            "rows": [g.num_rows if math.isfinite(g.num_rows) else None for g in groups.values()],
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
        model.orders_ = {
            i: arrays[f"order_{i}"] for i in model.drawn_positions if f"order_{i}" in arrays
        }
        model.gapped_ = tuple(state.get("gapped", ()))
        marginals, width = unpack(arrays), model.num_drawn
        rows = state.get("rows") or [None] * len(state["groups"])
        groups = {
            code: Group(
                tuple(marginals[k * width : (k + 1) * width]),
                arrays["roots"][k],
                math.inf if rows[k] is None else rows[k],
            )
            for k, code in enumerate(state["groups"])
        }
        shares = dict(zip(state["classes"], state["shares"], strict=True))
        model.copulas_ = ClassCopulas(groups, shares)
        return model
