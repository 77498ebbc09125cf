"""A conditional Wasserstein GAN of wide numeric rows, such as the expression of genes by cell type.

Hundreds of columns of hundreds of rows are too many for a critic, which would learn the rows by
heart. It sees their scores on the main components (`component_records.py`) and the class, and is
held by a gradient penalty (Gulrajani et al. 2017). The columns' own shapes, exact zeros among them,
are restored behind the generator, as is what no component says.
"""

import copy
from pathlib import Path
from typing import Self

import numpy as np
import torch

from components.config import ClassGaussianConfig, ExpressionGanConfig, Start
from components.data.schema import Schema
from components.data.table import Table, encode
from components.models.artifact import Artifact, load_artifact, save_artifact
from components.models.contract import Budget, LogMetrics, log_nothing
from components.models.rare_levels import numbers_of_crowds
from components.models.records.class_gaussian import fit_gaussians
from components.models.records.component_records import (
    Learned,
    learn_records,
    records_made,
    sampler_of,
)
from components.models.table_gan.rows import RecordDrawing
from components.models.trained import checkpoint_store, put_weights, weights_of
from components.networks.programs.component_cells import GaussianScores, ScoreCritic, ScoreGenerator
from components.threads import limited_threads
from components.training.adversarial import AdversarialGame, Players, RealSamples
from components.training.watched import split_held_out, train_watched

NAME = "expression_gan"
_NO_BUDGET = Budget()


class ExpressionGan(RecordDrawing):
    """`TabularModel`: scores by a generator network, given the class of a discrete target."""

    learned_: Learned
    generator_: ScoreGenerator

    def __init__(self, config: ExpressionGanConfig) -> None:
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
        table = numbers_of_crowds(table, self.config.crowd)
        matrix = encode(table.frame, table.schema)
        learned, scores, labels = learn_records(matrix, table.schema, self.config)
        generator, critic = self._networks(learned, seed)
        if generator.start is not None:
            prior_rows = ClassGaussianConfig().prior_rows
            moments = fit_gaussians(scores, labels.numpy(), learned.num_classes, prior_rows)
            generator.start.put(*map(torch.from_numpy, moments))
        if scores.shape[1]:
            players = Players(generator, critic, self.config.noise_size)
            samples = RealSamples(torch.from_numpy(scores.astype(np.float32)), labels)
            real, held_out = split_held_out(samples, self.config, seed)
            store = checkpoint_store(checkpoint_dir, self.config, table.schema, matrix, seed)
            with limited_threads(1):  # networks so small gain nothing from a second thread
                weights = train_watched(
                    AdversarialGame(self.config, players, real, seed),
                    held_out,
                    self.config,
                    seed,
                    seconds=budget.seconds,
                    log=log,
                    store=store,
                )
            generator.cpu().load_state_dict(weights)
        self._set(table.schema, learned, generator.eval())

    def save(self, directory: Path) -> None:
        """Write settings and schema as JSON, weights and components as safetensors."""
        arrays = self.learned_.arrays() | weights_of(self.generator_, "generator")
        arrays["knots"] = self.sampler_.knots.numpy()
        state = {"target_position": self.learned_.classes.position}
        settings = self.config.model_dump(mode="json")
        save_artifact(Artifact(NAME, settings, self.schema_, state, arrays), directory)

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read what `save` wrote."""
        artifact = load_artifact(directory)
        arrays = artifact.arrays
        model = cls(ExpressionGanConfig.model_validate(artifact.settings))
        learned = Learned.of(arrays, artifact.state["target_position"])
        generator = model._generator(learned)
        put_weights(generator, arrays, "generator")
        model._set(artifact.schema, learned, generator.eval(), torch.from_numpy(arrays["knots"]))
        return model

    def _networks(self, learned: Learned, seed: int) -> tuple[ScoreGenerator, ScoreCritic]:
        """Untrained ones; their first weights are drawn on the CPU, by the seed."""
        config = self.config
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            generator = self._generator(learned)
            critic = ScoreCritic(
                learned.components.num_scores,
                learned.num_classes,
                config.hidden_size,
                config.critic_layers,
            )
        return generator, critic

    def _generator(self, learned: Learned) -> ScoreGenerator:
        """An untrained generator, which begins with nothing yet."""
        config, width = self.config, learned.components.num_scores
        begins = config.start is Start.GAUSSIAN
        return ScoreGenerator(
            config.noise_size,
            learned.num_classes,
            config.hidden_size,
            config.generator_blocks,
            width,
            GaussianScores(learned.num_classes, config.noise_size, width) if begins else None,
        )

    def _set(
        self,
        schema: Schema,
        learned: Learned,
        generator: ScoreGenerator,
        knots: torch.Tensor | None = None,
    ) -> None:
        self.schema_, self.learned_, self.generator_ = schema, learned, generator
        made = records_made(learned, copy.deepcopy(generator), self.config.noise_size)
        self.sampler_ = sampler_of(learned, made, schema, self.config.balance, knots)
