"""Any generator, held to the constraints of its table in every row it makes."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from components.config import Combination, ResampledConfig
from components.data.conditions import Condition, code_condition
from components.data.constraints.checks import broken, check_rows
from components.data.constraints.rewriting import Rewriting
from components.data.constraints.written import rewriting_of
from components.data.schema import Schema
from components.data.table import Matrix, Table, decode, encode, encode_column, fill_gaps
from components.errors import UserError
from components.models.artifact import Held, read_held, save_held
from components.models.contract import (
    Budget,
    Completer,
    Exportable,
    LogMetrics,
    SamplingProgram,
    Scorer,
    Streamer,
    TabularModel,
    log_nothing,
)
from components.models.rare_levels import ended_by_crowds
from components.models.wrapped.around import Around
from components.models.wrapped.constrained_cells import followed, reaching
from components.models.wrapped.constrained_conditions import (
    check_moments,
    check_room,
    fitting_rows,
    within_combinations,
)
from components.models.wrapped.resampled import Resampled

IMPOSSIBLE = -100.0
"""Added to the log density of a row for each constraint that it breaks."""

_NO_BUDGET = Budget()


class Constrained(Around):
    """`TabularModel` and `Streamer`: a generator of the rewritten table, its rows written back.

    See `Rewriting`. It can what the generator can: score, complete, leave as a program.

    Fitted state: `rewriting_`, and that of the generator.
    """

    schema_: Schema
    rewriting_: Rewriting

    def __init__(self, generator: TabularModel, crowd: int = 1) -> None:
        """Around a generator, fitted or yet to be: on numbers that a `crowd` of rows tells."""
        super().__init__(generator)
        self.crowd = crowd

    def fit(
        self,
        table: Table,
        *,
        seed: int,
        budget: Budget = _NO_BUDGET,
        log: LogMetrics = log_nothing,
        checkpoint_dir: Path | None = None,
    ) -> None:
        """Fit the generator on the rewritten table; see `TabularModel.fit`."""
        rewriting = rewriting_of(Table(table.frame, ended_by_crowds(table, self.crowd)))
        inner = Table(rewriting.there(table.frame), rewriting.inner)
        self.generator.fit(inner, seed=seed, budget=budget, log=log, checkpoint_dir=checkpoint_dir)
        self._take(rewriting.after(self.generator.schema_))

    def judged(self, config: ResampledConfig, table: Table, *, seed: int) -> Self:
        """The same around the generator, fitted on `table` before, with judges that learn now."""
        inner = Resampled(config, self.generator)
        frame = self.rewriting_.there(table.frame)
        inner.learn_judges(Table(frame, self.rewriting_.inner), seed=seed)
        held = type(self)(inner, self.crowd)
        held._take(self.rewriting_)
        return held

    def _take(self, rewriting: Rewriting) -> None:
        self.rewriting_, self.schema_ = rewriting, rewriting.outer

    def draw(
        self, num_rows: int, *, condition: Condition | None = None, seed: int
    ) -> Iterator[Matrix]:
        """See `Streamer`."""
        assert isinstance(self.generator, Streamer)
        generator, learned = self.generator, self.rewriting_.inner.learned
        self._check_condition(condition or {})
        given, several = within_combinations(condition or {}, self.rewriting_)
        parts = generator.draw(num_rows, condition=given, seed=seed)
        if several:
            wanted = {i: several[c.name] for i, c in enumerate(learned) if c.name in several}
            parts = fitting_rows(
                lambda size, key: generator.draw(size, condition=given, seed=key),
                num_rows,
                wanted,
                seed,
            )
        coded = code_condition(condition, self.schema_)
        asked = {self.schema_.learned[place].name: value for place, value in coded.items()}
        return (self._back(part, asked) for part in parts)

    def _back(self, rows: Matrix, asked: Mapping[str, float]) -> Matrix:
        known = {name: np.full(len(rows), value) for name, value in asked.items()}
        rewriting = self.rewriting_
        found: Matrix = rewriting.back(rows, np, rewriting.combinations, known)
        return found

    def _check_condition(self, condition: Condition) -> None:
        """Raise UserError for a column that is made from others, or is clipped below them."""
        for name, wanted in condition.items():
            if name not in self.schema_.names:
                continue  # which the generator refuses
            if self.rewriting_.made(name) and not self._can_ask_for(name):
                told = next(c for c in self.schema_.constraints if name in c.columns)
                raise UserError(
                    f"cannot condition on {name}: it is made from other columns, so that "
                    f"{str(told)!r} holds"
                )
            if name in self.rewriting_.highs and wanted is not None:
                (value,) = code_condition({name: wanted}, self.schema_).values()
                if value > self.rewriting_.most_of(name):
                    above = ", ".join(self.rewriting_.highs[name])
                    raise UserError(
                        f"condition {name}={wanted!r} is impossible; it is above the most that "
                        f"{above} can be"
                    )
        check_room(condition, self.rewriting_)
        check_moments(condition, self.rewriting_)

    def _can_ask_for(self, name: str) -> bool:
        """Is it one of a combination, and does the generator take conditions on that."""
        assert isinstance(self.generator, Streamer)
        for first, members in self.rewriting_.members.items():
            if name in members:
                level = self.rewriting_.inner[first].categories[0]
                try:
                    self.generator.draw(1, condition={first: level}, seed=0)
                except UserError:
                    return False
                return True
        return False

    def _score(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        """See `Scorer`. A row that breaks a constraint is as unlikely as `IMPOSSIBLE` says."""
        assert isinstance(self.generator, Scorer)
        found = self.generator.score(self.rewriting_.there(frame))
        for constraint in self.schema_.constraints:
            if not isinstance(constraint, Combination):
                found = found + IMPOSSIBLE * broken(constraint, frame, self.schema_)
        return found

    def _complete(self, frame: pd.DataFrame, *, seed: int) -> pd.DataFrame:
        """See `Completer`. Raises UserError for rows whose known cells cannot all be given."""
        assert isinstance(self.generator, Completer)
        rewriting = self.rewriting_
        given = followed(frame, rewriting)
        full = self.generator.complete(rewriting.there(given), seed=seed)
        known = {name: encode_column(given, self.schema_[name]) for name in rewriting.order}
        rows = rewriting.back(encode(full, rewriting.inner), np, rewriting.combinations, known)
        drawn = decode(rows, reaching(self.schema_, rows), seed=seed)
        filled = fill_gaps(given, drawn, self.schema_)
        check_rows(filled, self.schema_)
        return filled

    def _export_program(self) -> SamplingProgram:
        """See `Exportable`."""
        from components.networks.programs.held_rows import HeldRows

        assert isinstance(self.generator, Exportable)
        program = self.generator.export_program()
        return replace(program, module=HeldRows(program.module, self.rewriting_))

    def save(self, directory: Path) -> None:
        """Write the generator, and beside its settings how its rows are written back."""
        self.generator.save(directory)
        found = self.rewriting_
        save_held(Held(found.outer, found.combinations, found.base, found.grids), directory)

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read what `save` wrote."""
        from components.models.catalog import load_unheld  # which imports this module

        generator = load_unheld(directory)
        held = read_held(directory)
        assert held is not None, "a constrained generator was saved"
        model = cls(generator)
        inner = generator.schema_
        model._take(Rewriting(held.schema, inner, held.combinations, held.base, held.grids))
        return model
