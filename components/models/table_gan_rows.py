"""Rows from a trained table-GAN, drawn here or by the program that leaves."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from components.data.schema import Schema
from components.data.table import Matrix
from components.models.contract import SamplingProgram
from components.models.ctgan_rows import (
    Classes,
    class_codes,
    class_stretches,
    draw_labels,
    learned_from,
)
from components.models.program_parts import class_ends, column_range
from components.models.table_gan_cells import Cells, own_knots, record_columns
from components.networks.dcgan import DcganGenerator
from components.networks.record_matrix import RecordClasses, RecordRows, made_cells

BATCH = 1_000
CALIBRATION_ROWS = 10_000
_CALIBRATION_SEED = 0x7B


@dataclass(frozen=True)
class RecordSampler:
    """A trained generator with everything that turns its records into rows.

    `knots` are the quantiles of its cells. All is done in float64, so that a row is the same
    whatever the rows beside it.
    """

    generator: DcganGenerator
    noise_size: int
    classes: Classes
    cells: Cells
    knots: Tensor
    schema: Schema

    def sample(self, num_rows: int, *, label: int | None, seed: int) -> Matrix:
        """`num_rows` rows in `encode`'s form, of one class or of all in their real shares."""
        return np.concatenate(list(self.batches(num_rows, label=label, seed=seed)))

    def batches(self, num_rows: int, *, label: int | None, seed: int) -> Iterator[Matrix]:
        """The rows of `sample`, some at a time; their classes alone are drawn at once."""
        random = torch.Generator().manual_seed(seed)
        labels = draw_labels(self.classes, num_rows, label, random)
        rows = self._rows()
        return (self._made(rows, part, random) for part in labels.split(BATCH))

    @torch.no_grad()
    def _made(self, rows: RecordRows, labels: Tensor, random: torch.Generator) -> Matrix:
        uniforms = draw_uniforms(len(labels), self.noise_size, random)
        made: Matrix = rows.of_classes(labels, uniforms).numpy()
        return made

    def program(self) -> SamplingProgram:
        """The sampler as one module."""
        return SamplingProgram(self._rows(), 1 + self.noise_size, class_stretches(self.classes))

    def _rows(self) -> RecordRows:
        classes = RecordClasses(
            ends=class_ends(self.classes.shares),
            codes=class_codes(self.classes),
            learned_from=learned_from(self.classes, len(self.schema.learned)),
        )
        columns = record_columns(self.cells, self.knots)
        return RecordRows(
            _in_doubles(self.generator), classes, columns, column_range(self.schema.learned)
        )


@torch.no_grad()
def measure_knots(
    generator: DcganGenerator, noise_size: int, classes: Classes, cells: Cells
) -> Tensor:
    """The quantiles of the generator's cells, over rows of all classes in their real shares."""
    random = torch.Generator().manual_seed(_CALIBRATION_SEED)
    labels = draw_labels(classes, CALIBRATION_ROWS, None, random)
    exact, num_classes = _in_doubles(generator), len(classes.shares)
    made = [
        made_cells(
            exact, part, draw_uniforms(len(part), noise_size, random), num_classes, cells.num_cells
        )
        for part in labels.split(BATCH)
    ]
    return own_knots(torch.cat(made), cells)


def draw_uniforms(num_rows: int, noise_size: int, random: torch.Generator) -> Tensor:
    """Noise for `num_rows` rows."""
    return torch.rand(num_rows, noise_size, dtype=torch.float64, generator=random)


def _in_doubles(generator: DcganGenerator) -> DcganGenerator:
    return copy.deepcopy(generator).double().eval().requires_grad_(False)
