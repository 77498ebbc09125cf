"""Rows from a generator: what a fitted model needs to sample, and what training is judged by."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from components.data.gan_encoding import Array, ColumnCode, decode_rows
from components.data.schema import Column, Schema
from components.data.table import Matrix
from components.models.ctgan.calibration import Calibration, calibrate, probabilities
from components.models.ctgan.layout import Layout, activate, slot_positions
from components.models.program_parts import Intervals, class_intervals
from components.models.streaming import chunk_sizes
from components.networks.mlp import RowGenerator

BATCH = 10_000
CALIBRATION_ROWS = 10_000
_CALIBRATION_SEED = 0x7A


@dataclass(frozen=True)
class Classes:
    """The classes that rows are conditioned on, and their shares of the training rows.

    `position` is the target's column in an encoded matrix, None where the target is a number: then
    there is one class, and the target is generated as any other column. The last class of a
    discrete target is "missing".
    """

    position: int | None
    shares: Array

    @property
    def missing(self) -> int:
        """The class that stands for a missing target."""
        return len(self.shares) - 1


def learn_classes(matrix: Matrix, schema: Schema) -> Classes:
    """The classes of a table's encoded rows."""
    if not schema.is_classification:
        return Classes(None, np.ones(1))
    position = [column.name for column in schema.learned].index(schema.target)
    num_categories = len(schema.target_column.categories)
    codes = np.nan_to_num(matrix[:, position], nan=num_categories).astype(np.int64)
    return Classes(position, np.bincount(codes, minlength=num_categories + 1) / len(codes))


def class_labels(matrix: Matrix, classes: Classes) -> Tensor:
    """The class of each encoded row, int64."""
    if classes.position is None:
        return torch.zeros(len(matrix), dtype=torch.int64)
    codes = np.nan_to_num(matrix[:, classes.position], nan=classes.missing)
    return torch.from_numpy(codes.astype(np.int64))


def free_columns(schema: Schema, classes: Classes) -> tuple[Column, ...]:
    """The columns that are generated: all learned ones but a target that is conditioned on."""
    columns = schema.learned
    return tuple(columns[i] for i in range(len(columns)) if i != classes.position)


def without_target(matrix: Matrix, classes: Classes) -> Matrix:
    """An encoded matrix's free columns."""
    return matrix if classes.position is None else np.delete(matrix, classes.position, axis=1)


def free_values(matrix: Matrix, classes: Classes) -> list[Array]:
    """The values of each free column, without a copy."""
    return [values for i, values in enumerate(matrix.T) if i != classes.position]


def learned_from(classes: Classes, num_learned: int) -> Tensor:
    """Where each learned column stands among the free columns and, last, the target."""
    if classes.position is None:
        return torch.arange(num_learned)
    free = list(range(num_learned - 1))
    free.insert(classes.position, num_learned - 1)
    return torch.tensor(free)


def class_codes(classes: Classes) -> Tensor:
    """What each class is in an encoded matrix, float64 of shape (classes,)."""
    codes = torch.arange(len(classes.shares), dtype=torch.float64)
    codes[classes.missing] = torch.nan
    return codes


def class_stretches(classes: Classes) -> Intervals:
    """Where in [0, 1] each class that is no missing one stands, empty for a target of numbers."""
    if classes.position is None:
        return {}
    return class_intervals([*range(classes.missing), -1], classes.shares)


def draw_labels(
    classes: Classes, num_rows: int, label: int | None, random: torch.Generator
) -> Tensor:
    """The class of each of `num_rows` rows: `label`, or any in the training rows' shares."""
    if label is not None:
        return torch.full((num_rows,), label)
    if not num_rows:
        return torch.zeros(0, dtype=torch.int64)
    shares = torch.from_numpy(classes.shares)
    return torch.multinomial(shares, num_rows, replacement=True, generator=random)


@dataclass(frozen=True)
class RowSampler:
    """A generator with everything that turns its output into rows."""

    generator: RowGenerator
    noise_size: int
    layout: Layout
    codes: tuple[ColumnCode, ...]
    classes: Classes
    calibration: Calibration

    def sample(self, num_rows: int, *, label: int | None, seed: int) -> Matrix:
        """`num_rows` rows in `encode`'s form, of one class or of all in their real shares."""
        return np.concatenate(list(self.batches(num_rows, label=label, seed=seed)))

    def batches(self, num_rows: int, *, label: int | None, seed: int) -> Iterator[Matrix]:
        """The rows of `sample`, some at a time."""
        random = torch.Generator().manual_seed(seed)
        sizes = chunk_sizes(num_rows, BATCH)
        return (self._sample_batch(size, label, random) for size in sizes)

    @torch.no_grad()
    def calibrated(self, shares: Tensor) -> Calibration:
        """The calibration that gives this generator's slots these shares."""
        random = torch.Generator().manual_seed(_CALIBRATION_SEED)
        raw = self._generate(draw_labels(self.classes, CALIBRATION_ROWS, None, random), random)
        return calibrate(raw, shares, self.layout, random)

    @torch.no_grad()
    def _sample_batch(self, num_rows: int, label: int | None, random: torch.Generator) -> Matrix:
        labels = draw_labels(self.classes, num_rows, label, random)
        raw = self.calibration.shift(self._generate(labels, random))
        rows = activate(raw, self.layout, temperature=1.0, random=random)
        free = decode_rows(
            slot_positions(rows[:, : self.layout.num_slots], self.layout),
            self._probabilities(raw[:, self.layout.num_slots :]),
            self.codes,
        )
        if self.classes.position is None:
            return free
        target = labels.numpy().astype(np.float64)
        target[labels.numpy() == self.classes.missing] = np.nan
        return np.insert(free, self.classes.position, target, axis=1)

    def _generate(self, labels: Tensor, random: torch.Generator) -> Tensor:
        noise = torch.randn(len(labels), self.noise_size, generator=random)
        condition = functional.one_hot(labels, len(self.classes.shares)).float()
        device = next(self.generator.parameters()).device
        raw: Tensor = self.generator(noise.to(device), condition.to(device))
        return raw.cpu()

    def _probabilities(self, scores: Tensor) -> Array:
        """Each score's place in the distribution of scores, shape unchanged."""
        knots, places = self.calibration.score_knots.numpy(), probabilities().numpy()
        columns = [np.interp(scores[:, i].numpy(), knots[i], places) for i in range(len(knots))]
        return np.column_stack(columns) if columns else np.empty((len(scores), 0))
