"""A generator that draws column after column, each given any others that are known."""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from components.config import AutoregressiveConfig
from components.data.conditions import Condition, code_condition
from components.data.schema import Schema
from components.data.table import Matrix, Table, decode, encode, fill_gaps
from components.models.artifact import Artifact, load_artifact, save_artifact
from components.models.codes.autoregressive_learning import ColumnLessons, build_network
from components.models.codes.row_codes import ColumnCodes, learn_row_codes, to_codes
from components.models.codes.row_drawing import CHUNK, RowDrawing
from components.models.codes.share_calibration import calibrate_columns
from components.models.contract import Budget, LogMetrics, SamplingProgram, log_nothing
from components.models.levels import LevelsPack
from components.models.rare_levels import check_categories, gather_rare
from components.models.streaming import SamplesWhole, chunk_sizes
from components.models.trained import checkpoint_store, hold_out, put_weights, weights_of
from components.models.trees.trees import drawing_order
from components.networks.any_order import AnyOrder
from components.threads import limited_threads
from components.training.loop import Schedule, train

NAME = "autoregressive"
MOST_CATEGORIES = 5_000
"""Every category has weights of its own."""

_NO_BUDGET = Budget()


class Autoregressive(SamplesWhole):
    """`TabularModel`: numbers as levels, and one network for every conditional distribution.

    After Uria, Murray and Larochelle 2014 (an order-agnostic autoregressive density) and, for
    tables, Tiwald et al. 2025 (TabularARGN). Any columns can be asked for, and missing cells filled
    in, exactly: what is known is given, the rest is drawn. Training stops where rows it never saw
    become less likely, so that it learns the rows' distribution, not the rows.

    Fitted state: `columns_`, what codes stand for; `drawing_`, the network at work.
    """

    schema_: Schema
    columns_: tuple[ColumnCodes, ...]
    drawing_: RowDrawing

    def __init__(self, config: AutoregressiveConfig) -> None:
        """A generator yet to be fitted."""
        self.config = config

    def fit(
        self,
        table: Table,
        *,
        seed: int,
        budget: Budget = _NO_BUDGET,
        log: LogMetrics = log_nothing,
        checkpoint_dir: Path | None = None,
    ) -> None:
        """Learn from `table`; see `TabularModel.fit`. Raises NonFiniteLossError on divergence."""
        table = gather_rare(table, self.config.crowd)
        check_categories(table.schema, MOST_CATEGORIES, NAME)
        matrix = encode(table.frame, table.schema)
        self.schema_ = table.schema
        self.columns_ = learn_row_codes(
            matrix,
            table.schema,
            crowd=self.config.crowd,
            most=most_levels(self.config, len(matrix)),
        )
        codes = torch.from_numpy(to_codes(matrix, self.columns_))
        held_out, learned = hold_out(len(codes), self.config.holdout_share, seed)
        lessons = ColumnLessons(
            self.config, self.columns_, codes[learned], drawing_order(table.schema), seed
        )
        with limited_threads(1):  # two gain little here, and much is lost where others work too
            weights = train(
                lessons,
                self._schedule(lessons, budget),
                judge=lambda: lessons.judged(codes[held_out]),
                score_name="held_out_surprise_and_gap",
                log=log,
                store=checkpoint_store(checkpoint_dir, self.config, table.schema, matrix, seed),
            )
            lessons.averaged.module.cpu().load_state_dict(weights)
            self._take(lessons.averaged.module.eval())
            calibrate_columns(self.drawing_, codes, seed)

    def _take(self, network: AnyOrder) -> None:
        self.drawing_ = RowDrawing(network, self.columns_, tuple(drawing_order(self.schema_)))

    def draw(
        self, num_rows: int, *, condition: Condition | None = None, seed: int
    ) -> Iterator[Matrix]:
        """See `Streamer`."""
        wanted = code_condition(condition, self.schema_)
        sizes = enumerate(chunk_sizes(num_rows, CHUNK))
        return (self._draw_chunk(size, wanted, seed, number) for number, size in sizes)

    def _draw_chunk(
        self, num_rows: int, wanted: Mapping[int, float], seed: int, number: int
    ) -> Matrix:
        known = np.full((num_rows, len(self.columns_)), np.nan)
        is_known = np.zeros(known.shape[1], dtype=bool)
        for position, value in wanted.items():
            known[:, position], is_known[position] = value, True
        is_known = np.broadcast_to(is_known, known.shape)
        return self.drawing_.complete(known, is_known, seed=seed, first_chunk=number)

    def complete(self, frame: pd.DataFrame, *, seed: int) -> pd.DataFrame:
        """See `Completer`."""
        matrix = encode(frame, self.schema_)
        whole = self.drawing_.complete(matrix, ~np.isnan(matrix), seed=seed, may_be_missing=False)
        return fill_gaps(frame, decode(whole, self.schema_, seed=seed), self.schema_)

    def score(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        """The log density of each row; see `Scorer`."""
        return self.drawing_.log_density(encode(frame, self.schema_))

    def export_program(self) -> SamplingProgram:
        """The generator as one torch module; see `Exportable`."""
        from components.models.codes.autoregressive_program import autoregressive_program

        return autoregressive_program(self.drawing_, self.schema_)

    def save(self, directory: Path) -> None:
        """Write settings and schema as JSON, weights and codes as safetensors."""
        arrays = weights_of(self.drawing_.network, "network")
        arrays |= LevelsPack.of([column.levels for column in self.columns_]).arrays
        state = {"has_missing": [column.has_missing for column in self.columns_]}
        settings = self.config.model_dump(mode="json")
        save_artifact(Artifact(NAME, settings, self.schema_, state, arrays), directory)

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read what `save` wrote."""
        artifact = load_artifact(directory)
        model = cls(AutoregressiveConfig.model_validate(artifact.settings))
        model.schema_ = artifact.schema
        levels = LevelsPack(artifact.arrays).columns()
        parts = zip(levels, artifact.state["has_missing"], artifact.schema.learned, strict=True)
        model.columns_ = tuple(
            ColumnCodes(known, has_missing, not column.is_discrete)
            for known, has_missing, column in parts
        )
        network = build_network(model.config, model.columns_).eval()
        put_weights(network, artifact.arrays, "network")
        model._take(network)
        return model

    def _schedule(self, lessons: ColumnLessons, budget: Budget) -> Schedule:
        """At first the network gives independent columns: where that is best, it stays."""
        most = self.config.max_epochs * math.ceil(len(lessons.codes) / lessons.batch_size)
        return Schedule(
            num_steps=min(self.config.steps, most),
            look_every=self.config.look_every,
            patience=self.config.patience,
            seconds=budget.seconds,
            checkpoint_seconds=self.config.checkpoint_seconds,
            looks_first=True,
        )


def most_levels(config: AutoregressiveConfig, num_rows: int) -> int:
    """How many levels numbers have: they grow with the cube root of rows, as bins of histograms do.

    Every level's share is something that rows tell, and its ends are too: with as many levels for
    fewer rows it is the rows that show (twice Rice's rule, after Terrell and Scott 1985).
    """
    return max(min(config.max_levels, round(4 * math.cbrt(num_rows))), 2)
