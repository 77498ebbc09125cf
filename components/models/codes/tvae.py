"""A variational autoencoder of tables that draws what it decodes."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd
import torch

from components.config import TvaeConfig
from components.data.conditions import Condition, check_condition
from components.data.schema import Schema
from components.data.table import Matrix, Table, encode
from components.models.artifact import Artifact, load_artifact, save_artifact
from components.models.codes.point_drawing import PointDrawing
from components.models.codes.row_codes import ColumnCodes, learn_row_codes, to_codes
from components.models.codes.row_drawing import CHUNK
from components.models.codes.share_calibration import calibrate_points
from components.models.codes.tvae_learning import RowLessons, build_network
from components.models.contract import Budget, LogMetrics, SamplingProgram, log_nothing
from components.models.levels import LevelsPack
from components.models.rare_levels import check_categories, gather_rare
from components.models.streaming import SamplesWhole, chunk_sizes
from components.models.trained import checkpoint_store, hold_out, put_weights, weights_of
from components.models.trees.trees import drawing_order
from components.threads import limited_threads
from components.training.loop import Schedule, train

NAME = "tvae"
MOST_CATEGORIES = 5_000
"""Every category has weights of its own."""

_NO_BUDGET = Budget()


class Tvae(SamplesWhole):
    """`TabularModel`: the target, a point from a learned prior, and every column given both.

    It starts from Xu et al. 2019's TVAE and differs in what is encoded (levels with crowds, so that
    spikes, precision and missing values are kept), in the prior (`TableVae`), in a decoder whose
    values are drawn and not its means, and in training that stops where rows it never saw become
    less likely.

    Fitted state: `drawing_`, the network at work, and what codes stand for.
    """

    schema_: Schema
    drawing_: PointDrawing

    def __init__(self, config: TvaeConfig) -> None:
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
        columns = learn_row_codes(
            matrix, table.schema, crowd=self.config.crowd, most=self.config.max_levels
        )
        codes = torch.from_numpy(to_codes(matrix, columns))
        target = drawing_order(table.schema)[0]
        held_out, learned = hold_out(len(codes), self.config.holdout_share, seed)
        lessons = RowLessons(self.config, columns, codes[learned], target, seed)
        with limited_threads(1):  # two gain little here, and much is lost where others work too
            weights = train(
                lessons,
                self._schedule(lessons, budget),
                judge=lambda: lessons.held_out_bound(codes[held_out]),
                score_name="held_out_bound",
                log=log,
                store=checkpoint_store(checkpoint_dir, self.config, table.schema, matrix, seed),
            )
        network = lessons.averaged.module.cpu()
        network.load_state_dict(weights)
        counts = np.bincount(codes[:, target].numpy(), minlength=columns[target].num_codes)
        self.schema_ = table.schema
        self.drawing_ = PointDrawing(network.eval(), columns, counts / len(codes))
        calibrate_points(self.drawing_, codes, seed)

    def draw(
        self, num_rows: int, *, condition: Condition | None = None, seed: int
    ) -> Iterator[Matrix]:
        """See `Streamer`."""
        wanted = check_condition(condition, self.schema_)
        sizes = enumerate(chunk_sizes(num_rows, CHUNK))
        return (
            self.drawing_.draw(size, wanted, np.random.default_rng([seed, number]))
            for number, size in sizes
        )

    def score(self, frame: pd.DataFrame) -> Matrix:
        """A bound on the log density of each row; see `Scorer`."""
        return self.drawing_.log_density(encode(frame, self.schema_))

    def export_program(self) -> SamplingProgram:
        """The generator as one torch module; see `Exportable`."""
        from components.models.codes.tvae_program import tvae_program

        return tvae_program(self.drawing_, self.schema_)

    def save(self, directory: Path) -> None:
        """Write settings and schema as JSON, weights and codes as safetensors."""
        drawing = self.drawing_
        arrays = weights_of(drawing.network, "network") | {"target_shares": drawing.shares}
        arrays |= LevelsPack.of([column.levels for column in drawing.columns]).arrays
        state = {"has_missing": [column.has_missing for column in drawing.columns]}
        settings = self.config.model_dump(mode="json")
        save_artifact(Artifact(NAME, settings, self.schema_, state, arrays), directory)

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read what `save` wrote."""
        artifact = load_artifact(directory)
        model = cls(TvaeConfig.model_validate(artifact.settings))
        model.schema_ = artifact.schema
        levels = LevelsPack(artifact.arrays).columns()
        parts = zip(levels, artifact.state["has_missing"], artifact.schema.learned, strict=True)
        columns = tuple(
            ColumnCodes(known, has_missing, not column.is_discrete)
            for known, has_missing, column in parts
        )
        target = drawing_order(artifact.schema)[0]
        network = build_network(model.config, columns, target).eval().requires_grad_(False)
        put_weights(network, artifact.arrays, "network")
        model.drawing_ = PointDrawing(network, columns, artifact.arrays["target_shares"])
        return model

    def _schedule(self, lessons: RowLessons, budget: Budget) -> Schedule:
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
