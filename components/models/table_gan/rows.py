"""Rows from a trained generator of records, drawn here or by the program that leaves."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from components.data.conditions import Condition, check_condition
from components.data.schema import Schema
from components.data.table import Matrix
from components.models.contract import SamplingProgram
from components.models.ctgan.rows import (
    Classes,
    class_codes,
    class_stretches,
    draw_labels,
    learned_from,
)
from components.models.program_parts import class_ends, column_range
from components.models.streaming import SamplesWhole, chunk_sizes
from components.models.table_gan.cells import Cells, own_knots, record_columns
from components.networks.programs.record_rows import RecordCells, RecordClasses, RecordRows

BATCH = 1_000
CALIBRATION_ROWS = 10_000
CALIBRATION_NUMBERS = 2**24
"""Of records so long that there would be more numbers, fewer rows are made to calibrate them."""
_CALIBRATION_SEED = 0x7B


@dataclass(frozen=True)
class RecordSampler:
    """What makes records, with everything that turns these into rows.

    `knots` are the quantiles of its cells. All is done in float64, so that a row is the same
    whatever the rows beside it.
    """

    made: RecordCells
    classes: Classes
    cells: Cells
    knots: Tensor
    schema: Schema

    def sample(self, num_rows: int, *, label: int | None, seed: int) -> Matrix:
        """`num_rows` rows in `encode`'s form, of one class or of all in their shares."""
        return np.concatenate(list(self.batches(num_rows, label=label, seed=seed)))

    def batches(self, num_rows: int, *, label: int | None, seed: int) -> Iterator[Matrix]:
        """The rows of `sample`, some at a time; the classes of a chunk are drawn before them."""
        random = torch.Generator().manual_seed(seed)
        rows = self._rows()
        for size in chunk_sizes(num_rows):
            labels = draw_labels(self.classes, size, label, random)
            for part in labels.split(BATCH):
                yield self._batch(rows, part, random)

    @torch.no_grad()
    def _batch(self, rows: RecordRows, labels: Tensor, random: torch.Generator) -> Matrix:
        uniforms = draw_uniforms(len(labels), self.made.num_uniforms, random)
        drawn: Matrix = rows.of_classes(labels, uniforms).numpy()
        return drawn

    def program(self) -> SamplingProgram:
        """The sampler as one module."""
        return SamplingProgram(
            self._rows(), 1 + self.made.num_uniforms, class_stretches(self.classes)
        )

    def _rows(self) -> RecordRows:
        classes = RecordClasses(
            ends=class_ends(self.classes.shares),
            codes=class_codes(self.classes),
            learned_from=learned_from(self.classes, len(self.schema.learned)),
        )
        columns = record_columns(self.cells, self.knots)
        return RecordRows(self.made, classes, columns, column_range(self.schema.learned))


class RecordDrawing(SamplesWhole):
    """`Streamer` and `Exportable` for models that draw by a `RecordSampler`; for inheritance.

    Fitted state: `schema_` and `sampler_`.
    """

    schema_: Schema
    sampler_: RecordSampler

    def draw(
        self, num_rows: int, *, condition: Condition | None = None, seed: int
    ) -> Iterator[Matrix]:
        """See `Streamer`."""
        label = check_condition(condition, self.schema_)
        return self.sampler_.batches(num_rows, label=label, seed=seed)

    def export_program(self) -> SamplingProgram:
        """The sampler as one torch module; see `Exportable`."""
        return self.sampler_.program()


@torch.no_grad()
def measure_knots(made: RecordCells, classes: Classes, cells: Cells) -> Tensor:
    """The quantiles of the cells that are made, over rows of all classes in their real shares."""
    random = torch.Generator().manual_seed(_CALIBRATION_SEED)
    num_rows = min(CALIBRATION_ROWS, CALIBRATION_NUMBERS // max(cells.num_cells, 1))
    labels = draw_labels(classes, num_rows, None, random)
    parts = [
        made(part, draw_uniforms(len(part), made.num_uniforms, random))
        for part in labels.split(BATCH)
    ]
    return own_knots(torch.cat(parts), cells)


def draw_uniforms(num_rows: int, size: int, random: torch.Generator) -> Tensor:
    """What `num_rows` rows are made from."""
    return torch.rand(num_rows, size, dtype=torch.float64, generator=random)
