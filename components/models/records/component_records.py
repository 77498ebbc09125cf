"""Rows as records of few scores: what generators of wide numeric tables share.

Every column is replaced by its normal scores (a spike, such as the zeros of a gene that is often
silent, by the mean of its stretch), and the records' main components are found (`components.py`).
A generator makes scores on these for a class. What components do not say is drawn anew for every
cell, and each cell's own distribution takes the place of the normal one at last
(`table_gan/rows.py`): a column has the shares of spikes, the range and the digits of the training
rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from components.config import ClassGaussianConfig, ExpressionGanConfig
from components.data.schema import Schema
from components.data.table import Matrix
from components.models.ctgan.rows import (
    Classes,
    class_labels,
    free_columns,
    learn_classes,
    without_target,
)
from components.models.records.components import Components, learn_components, normal_cells
from components.models.table_gan.cells import Cells, learn_cells, place_bounds
from components.models.table_gan.rows import RecordSampler, measure_knots
from components.networks.programs.component_cells import ComponentCells, Directions

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Learned:
    """What stands in a record and how it follows from scores; the classes in their real shares."""

    classes: Classes
    cells: Cells
    components: Components

    @property
    def num_classes(self) -> int:
        """How many classes there are, "missing" among them; 1 where the target is a number."""
        return len(self.classes.shares)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What `of` needs, to be stored."""
        curves = {f"curves.{i}": curve for i, curve in enumerate(self.cells.curves)}
        return curves | {
            "classes": self.classes.shares,
            "present": self.cells.present,
            "middle": self.components.middle,
            "along": self.components.along,
            "deviation": self.components.deviation,
        }

    @classmethod
    def of(cls, arrays: Arrays, target_position: int | None) -> Self:
        """What `arrays` gave."""
        present = arrays["present"]
        curves = tuple(arrays[f"curves.{i}"] for i in range(len(present)))
        parts = (arrays[name] for name in ("middle", "along", "deviation"))
        return cls(
            Classes(target_position, arrays["classes"]), Cells(curves, present), Components(*parts)
        )


def learn_records(
    matrix: Matrix, schema: Schema, config: ClassGaussianConfig | ExpressionGanConfig
) -> tuple[Learned, Matrix, Tensor]:
    """The records of encoded rows, the scores (rows, components) and the classes (rows,)."""
    classes = learn_classes(matrix, schema)
    free = without_target(matrix, classes)
    cells = learn_cells(free, free_columns(schema, classes), config.crowd)
    labels = class_labels(matrix, classes)
    components, scores = learn_components(
        normal_cells(*place_bounds(free, cells)),
        labels.numpy(),
        len(classes.shares),
        config.components,
    )
    return Learned(classes, cells, components), scores, labels


def records_made(learned: Learned, scores: nn.Module, noise_size: int) -> ComponentCells:
    """What makes records of the scores that a module makes of so many normal numbers."""
    known = learned.components
    parts = (known.middle, known.along, known.deviation)
    return ComponentCells(scores, noise_size, Directions(*map(torch.from_numpy, parts)))


def sampler_of(
    learned: Learned,
    made: ComponentCells,
    schema: Schema,
    balance: float,
    knots: Tensor | None = None,
) -> RecordSampler:
    """What draws rows; without `knots` these are measured, over classes in their real shares."""
    if knots is None:
        knots = measure_knots(made, learned.classes, learned.cells)
    drawn = replace(learned.classes, shares=balanced(learned.classes.shares, balance))
    return RecordSampler(made, drawn, learned.cells, knots, schema)


def balanced(shares: NDArray[Any], balance: float) -> NDArray[np.float64]:
    """Shares that go this part of the way to even ones, among classes that there are.

    >>> balanced(np.array([0.5, 0.25, 0.25, 0.0]), 1.0).round(3).tolist()
    [0.333, 0.333, 0.333, 0.0]
    """
    there = shares > 0
    mixed: NDArray[np.float64] = (1 - balance) * shares + balance * there / there.sum()
    return mixed
