"""A generator of one decision tree a column, each column drawn given those before it."""

import logging
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd

from components.config import TreesConfig
from components.data.conditions import Condition, check_condition
from components.data.schema import Schema
from components.data.table import Matrix, Table, encode, encode_column
from components.models.artifact import Artifact, load_artifact, save_artifact
from components.models.contract import Budget, LogMetrics, SamplingProgram, log_nothing
from components.models.levels import MISSING, Levels, LevelsPack, to_levels
from components.models.rare_levels import gather_rare
from components.models.streaming import SamplesWhole, chunk_rng, chunk_sizes
from components.models.trees.class_parts import least_leaf
from components.models.trees.tree_arrays import Codes, Tree, TreePack
from components.models.trees.tree_likelihood import log_likelihood

logger = logging.getLogger(__name__)

NAME = "trees"


class Trees(SamplesWhole):
    """Sequential CART: the target first, then each column given all before it.

    After Reiter 2005 (Using CART to generate partially synthetic public use microdata) and Nowok,
    Raab and Dibben 2016 (synthpop). A value is drawn from the training values of the leaf its row
    falls in, so spikes, heaps and precision are kept; in smooth columns a value that one row alone
    has is blurred (`Levels`). A `crowd` keeps training rows private: every number given out, as a
    value or a stretch, stands for so many rows, categories of fewer share one (`gather_rare`), and
    every leaf holds five times as many. Classes of the target have trees of their own as far as
    there are rows for them, and several trees a column average what one alone would owe to single
    rows (`grow_trees`). Columns are worked on as codes: the position among their distinct values,
    -1 where missing.

    Fitted state: `levels_`, what each learned column's codes stand for; `sequence_`, the learned
    columns' positions in the order of drawing; `values_`, a tree for each of these in that order;
    `presence_`, a tree of whether there is a value, by column, where some are missing.
    """

    schema_: Schema
    levels_: list[Levels]
    sequence_: list[int]
    values_: list[Tree]
    presence_: dict[int, Tree]

    def __init__(self, config: TreesConfig) -> None:
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
        """Grow the trees of each learned column; it takes seconds, so there are no checkpoints.

        Once the budget is spent, the columns that are left are drawn given the target alone.
        """
        started, began = time.monotonic(), time.process_time()
        table = gather_rare(table, self.config.crowd)
        self.schema_ = table.schema
        self.sequence_ = drawing_order(table.schema)
        codes = self._codes(table)
        self.values_, self.presence_ = [], {}
        milestones = {round(len(self.sequence_) * tenth / 10) for tenth in range(1, 11)}
        for done, position in enumerate(self.sequence_):
            is_late = budget.seconds is not None and time.process_time() - began > budget.seconds
            num_given = min(done, 1) if is_late else done
            self._fit_column(codes[:, :num_given], codes[:, done], position, seed)
            if done + 1 in milestones:
                log(done + 1, {"leaves": self.values_[-1].num_leaves})
        logger.info(
            "grew the trees of %d columns in %.1f s", len(self.values_), time.monotonic() - started
        )

    def _codes(self, table: Table) -> Codes:
        """The rows' codes, the columns in the order of drawing; notes what they stand for."""
        columns = table.schema.learned
        codes = np.empty((len(table), len(columns)), dtype=np.int32, order="F")
        levels = {}
        for place, position in enumerate(self.sequence_):
            values = encode_column(table.frame, columns[position])
            found, levels[position] = to_levels(values, columns[position], self.config.crowd)
            codes[:, place] = found
        self.levels_ = [levels[position] for position in range(len(columns))]
        return codes

    def _fit_column(self, predictors: Codes, outcome: Codes, position: int, seed: int) -> None:
        from components.models.trees.tree_growth import grow_trees

        columns = self.schema_.learned
        given = self.sequence_[: predictors.shape[1]]
        grow = partial(
            grow_trees,
            num_trees=self.config.num_trees,
            num_levels=[len(columns[i].categories) for i in given],
            min_leaf=least_leaf(self.config.min_leaf, self.config.crowd),
            seed=seed,
        )
        if columns[position].is_discrete:
            self.values_.append(grow(predictors, outcome, outcome_discrete=True))
            return
        present = outcome != MISSING
        if not present.all():
            self.presence_[position] = grow(
                predictors, present.astype(np.int32), outcome_discrete=True
            )
        self.values_.append(grow(predictors[present], outcome[present], outcome_discrete=False))

    def draw(
        self, num_rows: int, *, condition: Condition | None = None, seed: int
    ) -> Iterator[Matrix]:
        """See `Streamer`."""
        wanted = check_condition(condition, self.schema_)
        sizes = enumerate(chunk_sizes(num_rows))
        return (self._draw_chunk(size, wanted, chunk_rng(seed, number)) for number, size in sizes)

    def _draw_chunk(self, num_rows: int, wanted: int | None, rng: np.random.Generator) -> Matrix:
        codes = np.full((num_rows, len(self.levels_)), MISSING, dtype=np.int32)
        for done, (position, tree) in enumerate(zip(self.sequence_, self.values_, strict=True)):
            if done == 0 and wanted is not None:
                codes[:, position] = wanted
                continue
            predictors = codes[:, self.sequence_[:done]]
            presence = self.presence_.get(position)
            rows = np.arange(num_rows)
            if presence is not None:
                rows = np.flatnonzero(presence.draw(predictors, rng))
            codes[rows, position] = tree.draw(predictors[rows], rng)
        columns = zip(self.levels_, codes.T, strict=True)
        return np.column_stack([levels.draw(column, rng) for levels, column in columns])

    def score(self, frame: pd.DataFrame) -> Matrix:
        """The log density of each row; see `Scorer`."""
        matrix = encode(frame, self.schema_)
        return log_likelihood(matrix, self.levels_, self.sequence_, self.values_, self.presence_)

    def export_program(self) -> SamplingProgram:
        """The generator as one torch module; see `Exportable`."""
        from components.models.trees.trees_program import trees_program

        return trees_program(
            self.schema_, self.levels_, self.sequence_, self.values_, self.presence_
        )

    def save(self, directory: Path) -> None:
        """Write settings and schema as JSON, levels and trees as safetensors."""
        trees = TreePack.of([*self.values_, *self.presence_.values()])
        levels = LevelsPack.of(self.levels_)
        artifact = Artifact(
            model=NAME,
            settings=self.config.model_dump(mode="json"),
            schema=self.schema_,
            state={"sequence": self.sequence_, "presence": list(self.presence_)},
            arrays={**levels.arrays, **trees.arrays},
        )
        save_artifact(artifact, directory)

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read what `save` wrote."""
        artifact = load_artifact(directory)
        model = cls(TreesConfig.model_validate(artifact.settings))
        model.schema_ = artifact.schema
        model.levels_ = LevelsPack(artifact.arrays).columns()
        model.sequence_ = artifact.state["sequence"]
        trees = TreePack(artifact.arrays).trees()
        num_columns = len(model.sequence_)
        model.values_ = trees[:num_columns]
        model.presence_ = dict(zip(artifact.state["presence"], trees[num_columns:], strict=True))
        return model


def drawing_order(schema: Schema) -> list[int]:
    """Positions among the learned columns in drawing order: the target, then as they stand."""
    names = [column.name for column in schema.learned]
    target = names.index(schema.target)
    return [target, *(i for i in range(len(names)) if i != target)]
