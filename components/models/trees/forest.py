"""A generator of leaves: a forest splits the rows until columns are independent in its leaves."""

from collections.abc import Iterator
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd

from components.config import ForestConfig
from components.data.conditions import Condition, code_condition
from components.data.schema import Schema
from components.data.table import Matrix, Table, decode, encode, fill_gaps
from components.models.artifact import Artifact, load_artifact, save_artifact
from components.models.codes.row_codes import ColumnCodes, learn_row_codes, to_codes
from components.models.contract import Budget, LogMetrics, SamplingProgram, log_nothing
from components.models.levels import LevelsPack
from components.models.rare_levels import gather_rare
from components.models.streaming import SamplesWhole, chunk_rng, chunk_sizes
from components.models.trees.class_parts import PART_LEAVES, classes_apart, least_leaf
from components.models.trees.leaf_mixture import Cells, LeafMixture, Places
from components.models.trees.leaf_rows import LeafRows

NAME = "forest"

_NO_BUDGET = Budget()


class Forest(SamplesWhole):
    """`TabularModel`: an adversarial random forest of our own, a mixture of leaves.

    After Watson, Blesch, Kapar and Wright 2023 (Adversarial random forests for density estimation
    and generative modeling): rows are drawn from a leaf at random, columns apart within it, and
    leaves are split until a judge no longer tells such rows from real ones. Unlike there, marginals
    are shares of levels, so that spikes and precision are kept, each round splits the leaves of the
    round before, cuts are those after which made rows would be told apart (`split_leaves`), and
    classes of the target are apart from the beginning, as far as there are rows for them.

    The density is a finite mixture of products: any columns can be asked for and missing cells
    filled in exactly, by weighing the leaves. Behind every number given out stand `crowd` rows,
    behind every leaf five times as many. The trees themselves are not kept.

    Fitted state: `rows_`, the mixture and what its codes stand for.
    """

    schema_: Schema
    rows_: LeafRows

    def __init__(self, config: ForestConfig) -> None:
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
        """Split leaves round by round; it takes seconds, so there are no checkpoints.

        The order of the rows changes nothing. Once the budget is spent, no further round begins.
        """
        from components.models.trees.forest_growth import Rows
        from components.models.trees.forest_rounds import adversarial_rounds

        crowd = self.config.crowd
        table = gather_rare(table, crowd)
        matrix = encode(table.frame, table.schema)
        columns = learn_row_codes(matrix, table.schema, crowd=crowd, most=self.config.max_levels)
        codes = to_codes(matrix, columns).astype(np.int32)
        codes = codes[np.lexsort(codes.T)]
        min_leaf = least_leaf(self.config.min_leaf, crowd)
        rng = np.random.default_rng(seed)
        found = adversarial_rounds(
            Rows.of(codes, columns, rng),
            _parts_of_target(codes, table.schema, PART_LEAVES * min_leaf),
            self.config,
            min_leaf=min_leaf,
            budget=budget,
            log=log,
            rng=rng,
        )
        self._take(table.schema, LeafMixture.of(found.leaves, codes, _first(table.schema)), columns)

    def _take(self, schema: Schema, mixture: LeafMixture, columns: tuple[ColumnCodes, ...]) -> None:
        self.schema_ = schema
        self.rows_ = LeafRows(mixture, columns)

    def draw(
        self, num_rows: int, *, condition: Condition | None = None, seed: int
    ) -> Iterator[Matrix]:
        """See `Streamer`."""
        wanted = code_condition(condition, self.schema_)
        sizes = enumerate(chunk_sizes(num_rows))
        return (self.rows_.draw(size, wanted, chunk_rng(seed, number)) for number, size in sizes)

    def complete(self, frame: pd.DataFrame, *, seed: int) -> pd.DataFrame:
        """See `Completer`."""
        matrix = encode(frame, self.schema_)
        filled = self.rows_.complete(matrix, ~np.isnan(matrix), seed=seed)
        return fill_gaps(frame, decode(filled, self.schema_, seed=seed), self.schema_)

    def score(self, frame: pd.DataFrame) -> Matrix:
        """The log density of each row; see `Scorer`."""
        return self.rows_.log_density(encode(frame, self.schema_))

    def export_program(self) -> SamplingProgram:
        """The generator as one torch module; see `Exportable`."""
        from components.models.trees.forest_program import forest_program

        return forest_program(self.rows_, self.schema_)

    def save(self, directory: Path) -> None:
        """Write settings and schema as JSON, levels and leaves as safetensors."""
        columns = self.rows_.columns
        arrays = self.rows_.mixture.arrays
        arrays |= LevelsPack.of([column.levels for column in columns]).arrays
        state = {"has_missing": [column.has_missing for column in columns]}
        settings = self.config.model_dump(mode="json")
        save_artifact(Artifact(NAME, settings, self.schema_, state, arrays), directory)

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read what `save` wrote."""
        artifact = load_artifact(directory)
        model = cls(ForestConfig.model_validate(artifact.settings))
        levels = LevelsPack(artifact.arrays).columns()
        parts = zip(levels, artifact.state["has_missing"], artifact.schema.learned, strict=True)
        columns = tuple(
            ColumnCodes(known, has_missing, not column.is_discrete)
            for known, has_missing, column in parts
        )
        mixture = LeafMixture.from_arrays(artifact.arrays, _first(artifact.schema))
        model._take(artifact.schema, mixture, columns)
        return model


def _first(schema: Schema) -> int:
    """The target's position among the learned columns: leaves are drawn with it."""
    return [column.name for column in schema.learned].index(schema.target)


def _parts_of_target(codes: Cells, schema: Schema, room: int) -> Places:
    """The leaf that each row begins in: its class has one of its own, where it has the room."""
    if not schema.target_column.is_discrete:
        return np.zeros(len(codes), dtype=np.int64)
    classes = codes[:, _first(schema)]
    counts = np.bincount(classes)
    part = np.zeros(len(counts), dtype=np.int64)
    apart = classes_apart(counts, room)
    part[apart] = np.arange(len(apart)) + (counts.sum() > counts[apart].sum())
    found: Places = part[classes]
    return found
