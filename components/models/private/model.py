"""A generator with a guarantee: no row of the training table can be told from its rows."""

import hashlib
import logging
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from components.config import ColumnKind, PrivateConfig
from components.data.conditions import Condition, check_condition
from components.data.schema import Column, Schema
from components.data.splits import hash_rows
from components.data.table import Matrix, Table, encode
from components.errors import UserError
from components.models.artifact import Artifact, load_artifact, save_artifact
from components.models.codes.row_codes import ColumnCodes
from components.models.contract import Budget, LogMetrics, SamplingProgram, log_nothing
from components.models.levels import LevelsPack
from components.models.private.domain import Domain, code_rows, learn_domain, parts_of
from components.models.private.graph import Costs, Groups, Step, learn_steps
from components.models.private.noise import Account, Noise
from components.models.private.step_drawing import StepDrawing
from components.models.streaming import SamplesWhole
from components.models.trees.trees import drawing_order

logger = logging.getLogger(__name__)

NAME = "private"
DOMAIN_SHARE, TARGET_SHARE, CHOICE_SHARE = 0.3, 0.3, 0.1
"""Shares of the privacy loss spent on what columns hold, on each with the target, and on which
others go together; the rest is spent on these."""
TARGET_WEIGHT = 0.1
"""The share at least of what is spent on domains that goes to the target's."""
FEWEST_GROUPS, MOST_GROUPS = 4, 32
_NO_BUDGET = Budget()
_ANY_NAME = "AAAA0000"


class Private(SamplesWhole):
    """`TabularModel` with (epsilon, delta)-differential privacy, by noisy counts of pairs.

    The guarantee: whoever sees the fitted model, and any number of rows of it, learns hardly more
    of a person than if that person's row had been another one. It holds for every part that looks
    at rows: which categories and numbers occur, which columns go together, how often. Public are
    the columns' names, kinds and types, constants, and the number of rows. It does not hold for
    what others tell of the same rows: reports, evidence, other generators. Noise comes from a
    secret of this installation: the same fit repeats here, and nowhere else.

    Fitted state: `columns_`, what codes stand for; `drawing_`, the steps at work; `epsilon_` and
    `delta_`, what is guaranteed.
    """

    schema_: Schema
    columns_: tuple[ColumnCodes, ...]
    drawing_: StepDrawing
    epsilon_: float
    delta_: float

    def __init__(self, config: PrivateConfig) -> None:
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
        """Count, with noise; it takes seconds. Raises UserError where `delta` promises nothing."""
        started = time.monotonic()
        if self.config.delta * len(table) >= 1:
            raise UserError(
                f"delta = {self.config.delta:g} is no protection for {len(table)} rows: it would "
                f"allow a row to be given away; it must be below {1 / len(table):.1g}"
            )
        num_columns = len(table.schema.learned)
        account = Account(self.config.epsilon, self.config.delta, num_columns)
        noise = Noise(_stream_key(table, self.config, seed), account)
        domains = self._learn_domains(table, noise, account.rho * DOMAIN_SHARE)
        log(1, {"columns_fitted": num_columns})
        is_missing = table.frame[[c.name for c in table.schema.learned]].isna().to_numpy()
        codes = code_rows(encode(table.frame, self.schema_), is_missing, domains, noise)
        costs = _costs(account)
        groups = self._groups(domains, len(table), costs)
        singles = [_share(domain.counts) for domain in domains]
        steps = learn_steps(codes, singles, groups, self._target, noise, costs)
        self.drawing_ = StepDrawing(tuple(steps), self.columns_, groups)
        self.epsilon_, self.delta_ = self.config.epsilon, self.config.delta
        log(2, {"pairs_measured": sum(len(step.given) > 1 for step in steps)})
        logger.info("counted %d columns in %.1f s", num_columns, time.monotonic() - started)

    def _learn_domains(self, table: Table, noise: Noise, rho: float) -> list[Domain]:
        matrix = encode(table.frame, table.schema)
        learned = table.schema.learned
        weights = np.array([parts_of(column) for column in learned], dtype=np.float64)
        first = drawing_order(table.schema)[0]
        weights[first] = max(weights[first], TARGET_WEIGHT * weights.sum())
        domains = [
            learn_domain(table.frame[column.name], matrix[:, i], column, noise, part)
            for i, (column, part) in enumerate(
                zip(learned, (rho * weights / weights.sum()).tolist(), strict=True)
            )
        ]
        told = {domain.column.name: domain.column for domain in domains}
        columns = tuple(told.get(c.name) or _public(c) for c in table.schema.columns)
        self.schema_ = table.schema.model_copy(update={"columns": columns})
        self.columns_ = tuple(domain.codes for domain in domains)
        self._check_told(len(table))
        return domains

    def _check_told(self, num_rows: int) -> None:
        """Raise UserError where noise hides all there is of a column, or warn if one value is left.

        What is told is of the noisy counts alone, so that it costs nothing.
        """
        target = self.schema_.target_column
        if target.is_discrete and len(target.categories) < 2:
            raise UserError(
                f"epsilon = {self.config.epsilon:g} is too small for {num_rows} rows: fewer than "
                f"two classes of the target {target.name!r} stand out from the noise"
            )
        for column, codes in zip(self.schema_.learned, self.columns_, strict=True):
            if codes.num_codes == 1 and column.minimum == column.maximum:
                logger.warning(
                    "column %r: noise hides all but one value, or that it is missing, which all "
                    "made rows have: drop it (prepare.drop: [%s]), or choose a larger epsilon",
                    column.name,
                    column.name,
                )
            if column.is_discrete and not column.categories and not column.nullable:
                raise UserError(
                    f"no category of column {column.name!r} stands out from the noise: drop it "
                    f"(prepare.drop: [{column.name}]), or choose a larger epsilon"
                )

    @property
    def _target(self) -> int:
        """The target's position among the learned columns."""
        return drawing_order(self.schema_)[0]

    def _groups(self, domains: list[Domain], num_rows: int, costs: Costs) -> tuple[Groups, ...]:
        """Groups of codes by which pairs are counted: as many as the noise lets apart."""
        ideal = math.sqrt(num_rows / costs.deviation(len(domains) - 1))
        most = round(min(max(ideal, FEWEST_GROUPS), MOST_GROUPS))
        return tuple(
            np.arange(len(domain.counts))
            if i == self._target and domain.column.is_discrete
            else domain.groups(most)
            for i, domain in enumerate(domains)
        )

    def draw(
        self, num_rows: int, *, condition: Condition | None = None, seed: int
    ) -> Iterator[Matrix]:
        """See `Streamer`."""
        return self.drawing_.parts(num_rows, check_condition(condition, self.schema_), seed)

    def score(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        """The log density of each row; see `Scorer`."""
        return self.drawing_.log_density(encode(frame, self.schema_))

    def export_program(self) -> SamplingProgram:
        """The generator as one torch module; see `Exportable`."""
        from components.models.private.program import private_program

        return private_program(self.drawing_, self.schema_)

    def save(self, directory: Path) -> None:
        """Write settings, schema and the order of drawing as JSON, shares as safetensors."""
        steps = self.drawing_.steps
        state = {
            "has_missing": [column.has_missing for column in self.columns_],
            "steps": [[step.position, list(step.given)] for step in steps],
            "guarantee": {"epsilon": self.epsilon_, "delta": self.delta_},
        }
        arrays: dict[str, NDArray[Any]] = {f"shares.{step.position}": step.shares for step in steps}
        arrays |= {f"groups.{i}": of for i, of in enumerate(self.drawing_.groups)}
        arrays |= LevelsPack.of([column.levels for column in self.columns_]).arrays
        settings = self.config.model_dump(mode="json")
        save_artifact(Artifact(NAME, settings, self.schema_, state, arrays), directory)

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read what `save` wrote."""
        artifact = load_artifact(directory)
        model = cls(PrivateConfig.model_validate(artifact.settings))
        model.schema_ = artifact.schema
        parts = zip(
            LevelsPack(artifact.arrays).columns(),
            artifact.state["has_missing"],
            artifact.schema.learned,
            strict=True,
        )
        model.columns_ = tuple(
            ColumnCodes(known, has_missing, not column.is_discrete)
            for known, has_missing, column in parts
        )
        steps = tuple(
            Step(position, tuple(given), artifact.arrays[f"shares.{position}"])
            for position, given in artifact.state["steps"]
        )
        groups = tuple(artifact.arrays[f"groups.{i}"] for i in range(len(model.columns_)))
        model.drawing_ = StepDrawing(steps, model.columns_, groups)
        model.epsilon_ = artifact.state["guarantee"]["epsilon"]
        model.delta_ = artifact.state["guarantee"]["delta"]
        return model


def _stream_key(table: Table, config: PrivateConfig, seed: int) -> bytes:
    """The key of the noise of exactly this fit: of the secret, the settings and all the rows."""
    from components.storage.secret import noise_key

    digest = hashlib.blake2b(key=noise_key())
    for said in (NAME, config.model_dump_json(), str(seed), table.schema.model_dump_json()):
        digest.update(hashlib.sha256(said.encode()).digest())
    digest.update(hash_rows(table.frame).encode())
    return digest.digest()


def _costs(account: Account) -> Costs:
    """What is left after the domains, which is more where columns did not need their part."""
    whole = account.left / (1 - DOMAIN_SHARE)
    with_target, choosing = TARGET_SHARE * whole, CHOICE_SHARE * whole
    return Costs(with_target, choosing, account.left - with_target - choosing)


def _share(counts: Matrix) -> Matrix:
    total = counts.sum()
    return counts / total if total > 0 else np.full(len(counts), 1 / len(counts))


def _public(column: Column) -> Column:
    """A column that is not learned, without what the training rows tell of an identifier."""
    if column.kind is ColumnKind.IDENTIFIER and isinstance(column.example, str):
        return column.model_copy(update={"example": _ANY_NAME, "alphabets": (), "fresh": None})
    if column.kind is ColumnKind.IDENTIFIER and column.fresh is not None:
        return column.model_copy(update={"example": 1, "fresh": None})
    return column
