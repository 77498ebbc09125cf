"""table-GAN (Park et al. 2018, "Data synthesis based on generative adversarial networks").

A record is laid out as a square matrix, zeros behind, and a DCGAN is trained on such matrices with
three losses of the generator: the adversarial one; the information loss, by which features of real
and of made records need the same mean and deviation, up to a margin `delta` that stands for
privacy; and the classification loss, by which a classifier of real records must agree with the
target of a made one. What is ours, and why:

- Cells hold normal scores, not values scaled by their range, and gaps have cells of their own
  (`cells.py`).
- The generator is told the class of a discrete target and the discriminator finds it in the
  record: a condition on it is met exactly, and its shares are those of the training rows. In the
  paper the target is made like any other column; here a target that is a number is.
- Classes may be more than two, by cross-entropy; a number is predicted, the classifier then being
  a regressor of its cell.
- Neither discriminator nor classifier normalises over the batch: it would give features of real
  and of made records one mean and deviation, and leave the information loss nothing to say.
- `delta` is measured in the length of the real features' deviations, and the running averages have
  the gradient of their newest batch (`training/losses.py`, `training/running_moments.py`).
- The generator is averaged, and its cells' own distribution takes the place of the normal one at
  last, so that columns have the shares and ranges of the training rows.

No rows are held out: the last weights are kept.
"""

import copy
import math
from pathlib import Path
from typing import Self

import torch

from components.config import TableGanConfig
from components.data.schema import Schema
from components.data.table import Table, encode
from components.models.artifact import Artifact, load_artifact, save_artifact
from components.models.contract import Budget, LogMetrics, log_nothing
from components.models.ctgan.rows import (
    Classes,
    class_labels,
    free_columns,
    learn_classes,
    without_target,
)
from components.models.rare_levels import gather_rare
from components.models.table_gan.cells import Cells, cell_of_place, learn_cells, place_bounds
from components.models.table_gan.game import TableGanGame, build_generator
from components.models.table_gan.label import ClassLabel, Label, NumberLabel
from components.models.table_gan.rows import RecordDrawing, RecordSampler, measure_knots
from components.models.trained import checkpoint_store, put_weights, weights_of
from components.networks.dcgan import DcganGenerator
from components.networks.record_matrix import MatrixCells
from components.threads import limited_threads
from components.training.loop import Schedule, train

NAME = "table_gan"
_NO_BUDGET = Budget()


class TableGan(RecordDrawing):
    """`TabularModel`: rows by a convolutional generator, given the class of a discrete target."""

    generator_: DcganGenerator

    def __init__(self, config: TableGanConfig) -> None:
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
        matrix = encode(table.frame, table.schema)
        classes = learn_classes(matrix, table.schema)
        free = without_target(matrix, classes)
        cells = learn_cells(free, free_columns(table.schema, classes), self.config.crowd)
        low, high = map(torch.from_numpy, place_bounds(free, cells))
        label = _label(cells, classes, table.schema)
        labels = class_labels(matrix, classes)
        game = TableGanGame(self.config, (low, high), labels, label, len(classes.shares), seed)
        with limited_threads(1):  # matrices of so few cells gain nothing from a second thread
            weights = train(
                game,
                self._schedule(len(matrix), game, budget),
                judge=lambda: None,
                score_name="none",
                log=log,
                store=checkpoint_store(checkpoint_dir, self.config, table.schema, matrix, seed),
            )
        generator = game.averaged.module.cpu()
        generator.load_state_dict(weights)
        made = self._cells(generator, classes, cells)
        self.schema_, self.generator_ = table.schema, generator
        knots = measure_knots(made, classes, cells)
        self.sampler_ = RecordSampler(made, classes, cells, knots, table.schema)

    def save(self, directory: Path) -> None:
        """Write the generator's weights and what its cells stand for."""
        sampler = self.sampler_
        curves = {f"curves.{i}": curve for i, curve in enumerate(sampler.cells.curves)}
        arrays = weights_of(self.generator_, "generator") | curves
        arrays |= {
            "classes": sampler.classes.shares,
            "present": sampler.cells.present,
            "knots": sampler.knots.numpy(),
        }
        state = {"target_position": sampler.classes.position}
        settings = self.config.model_dump(mode="json")
        save_artifact(Artifact(NAME, settings, self.schema_, state, arrays), directory)

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read what `save` wrote."""
        artifact = load_artifact(directory)
        model = cls(TableGanConfig.model_validate(artifact.settings))
        model.schema_ = artifact.schema
        arrays = artifact.arrays
        classes = Classes(artifact.state["target_position"], arrays["classes"])
        present = arrays["present"]
        cells = Cells(tuple(arrays[f"curves.{i}"] for i in range(len(present))), present)
        model.generator_ = build_generator(model.config, cells.num_cells, len(classes.shares))
        put_weights(model.generator_, arrays, "generator")
        made = model._cells(model.generator_, classes, cells)
        knots = torch.from_numpy(arrays["knots"])
        model.sampler_ = RecordSampler(made, classes, cells, knots, artifact.schema)
        return model

    def _cells(self, generator: DcganGenerator, classes: Classes, cells: Cells) -> MatrixCells:
        """What makes cells, in float64."""
        exact = copy.deepcopy(generator).double().eval().requires_grad_(False)
        return MatrixCells(exact, self.config.noise_size, len(classes.shares), cells.num_cells)

    def _schedule(self, num_rows: int, game: TableGanGame, budget: Budget) -> Schedule:
        """How long to train: not at all where the target is the only column."""
        most = self.config.max_epochs * math.ceil(num_rows / game.batch_size)
        return Schedule(
            num_steps=min(self.config.steps, most) if game.low.shape[1] else 0,
            look_every=self.config.look_every,
            patience=self.config.steps,
            seconds=budget.seconds,
            checkpoint_seconds=self.config.checkpoint_seconds,
        )


def _label(cells: Cells, classes: Classes, schema: Schema) -> Label:
    """Where the target stands in a record."""
    if classes.position is not None:
        return ClassLabel(len(classes.shares))
    position = [column.name for column in schema.learned].index(schema.target)
    gate = len(cells.curves) + cells.gated.index(position) if position in cells.gated else None
    present = cell_of_place(torch.tensor(cells.present[position])).item()
    return NumberLabel(position, gate, present)
