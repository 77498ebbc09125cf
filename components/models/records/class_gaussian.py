"""A Gaussian for each class on the main components of wide numeric rows.

The baseline of `expression_gan.py`: the same records and the same rest of each cell, but scores are
normal, with the class's mean and covariance. That of a small class is drawn towards the covariance
that all classes have within (Friedman 1989, "Regularized discriminant analysis").
"""

from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray

from components.config import ClassGaussianConfig
from components.data.schema import Schema
from components.data.table import Matrix, Table, encode
from components.models.artifact import Artifact, load_artifact, save_artifact
from components.models.contract import Budget, LogMetrics, log_nothing
from components.models.rare_levels import numbers_of_crowds
from components.models.records.component_records import (
    Learned,
    learn_records,
    records_made,
    sampler_of,
)
from components.models.table_gan.rows import RecordDrawing, RecordSampler
from components.models.trained import put_weights, weights_of
from components.networks.programs.component_cells import GaussianScores

NAME = "class_gaussian"
_NO_BUDGET = Budget()


class ClassGaussian(RecordDrawing):
    """`TabularModel`: normal scores of each class; see this module."""

    learned_: Learned
    scores_: GaussianScores

    def __init__(self, config: ClassGaussianConfig) -> None:
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
        """Learn from `table`; see `TabularModel.fit`."""
        table = numbers_of_crowds(table, self.config.crowd)
        matrix = encode(table.frame, table.schema)
        learned, scores = _learn(matrix, table.schema, self.config)
        log(1, {"components": float(learned.components.num_scores)})
        self._set(table.schema, learned, scores)

    def save(self, directory: Path) -> None:
        """Write settings and schema as JSON, components and moments as safetensors."""
        arrays = self.learned_.arrays() | weights_of(self.scores_, "scores")
        arrays["knots"] = self.sampler_.knots.numpy()
        state = {"target_position": self.learned_.classes.position}
        settings = self.config.model_dump(mode="json")
        save_artifact(Artifact(NAME, settings, self.schema_, state, arrays), directory)

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read what `save` wrote."""
        artifact = load_artifact(directory)
        arrays = artifact.arrays
        model = cls(ClassGaussianConfig.model_validate(artifact.settings))
        learned = Learned.of(arrays, artifact.state["target_position"])
        size = learned.components.num_scores
        scores = GaussianScores(learned.num_classes, size, size).double()
        put_weights(scores, arrays, "scores")
        model._set(artifact.schema, learned, scores, torch.from_numpy(arrays["knots"]))
        return model

    def _set(
        self,
        schema: Schema,
        learned: Learned,
        scores: GaussianScores,
        knots: torch.Tensor | None = None,
    ) -> None:
        self.schema_, self.learned_, self.scores_ = schema, learned, scores
        made = records_made(learned, scores, scores.means.shape[1])
        self.sampler_ = sampler_of(learned, made, schema, self.config.balance, knots)


def gaussian_sampler(matrix: Matrix, schema: Schema, config: ClassGaussianConfig) -> RecordSampler:
    """What draws encoded rows like those of `matrix`, without a model about it."""
    learned, scores = _learn(matrix, schema, config)
    made = records_made(learned, scores, scores.means.shape[1])
    return sampler_of(learned, made, schema, config.balance)


def _learn(
    matrix: Matrix, schema: Schema, config: ClassGaussianConfig
) -> tuple[Learned, GaussianScores]:
    learned, scores, labels = learn_records(matrix, schema, config)
    moments = fit_gaussians(scores, labels.numpy(), learned.num_classes, config.prior_rows)
    size = scores.shape[1]
    made = GaussianScores(learned.num_classes, size, size).double()
    made.put(*map(torch.from_numpy, moments))
    return learned, made


def fit_gaussians(
    scores: Matrix, labels: NDArray[np.int64], num_classes: int, prior_rows: float
) -> tuple[Matrix, Matrix]:
    """Each class's mean (classes, k), and a root of its covariance (classes, k, k).

    Noise times the root has the covariance; the last number of noise moves along the direction of
    most variance, the one before it along the next. `prior_rows` rows' worth of the covariance
    within all classes is added to each one's own. A class without rows has mean 0.
    """
    size = scores.shape[1]
    means = np.zeros((num_classes, size))
    for code in np.unique(labels):
        means[code] = scores[labels == code].mean(axis=0)
    centred = scores - means[labels]
    within = centred.T @ centred / len(scores)
    roots = np.zeros((num_classes, size, size))
    for code in range(num_classes):
        own = centred[labels == code]
        covariance = (own.T @ own + prior_rows * within) / (len(own) + prior_rows)
        values, vectors = np.linalg.eigh(covariance)
        roots[code] = np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T
    return means, roots
