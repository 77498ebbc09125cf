"""Any generator of rows, of whose draws a judge picks those most like real rows."""

from collections.abc import Iterator
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from components.config import ResampledConfig
from components.data.conditions import Condition
from components.data.digits import within
from components.data.schema import Schema
from components.data.table import Matrix, Table, encode
from components.models.artifact import read_judge, reading_model, save_judge
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
from components.models.odds_trees import MADE_A_ROW, MOST_MADE, OddsTrees, learn_odds
from components.models.streaming import CHUNK, chunk_sizes
from components.models.wrapped.around import Around

_NO_BUDGET = Budget()
_STREAM, _JUDGE_STREAM = 0x0DD5, 0x0DD6


class Resampled(Around):
    """`TabularModel` and `Streamer`: sampling-importance-resampling (Rubin 1987) of a generator.

    Each row is one of `candidates` draws, with chances as their odds of being real by judges that
    learned to tell real rows from drawn ones; after Azadi et al. 2019 (Discriminator Rejection
    Sampling), without rejections: as many rows as are asked for, in a time that is known. The
    target's classes keep the shares that the generator gives them; all draws for a row are of one
    class. It can what the generator can: score, complete, leave as a program.

    Fitted state: `odds_`, and that of the generator.
    """

    schema_: Schema
    odds_: OddsTrees

    def __init__(self, config: ResampledConfig, generator: TabularModel) -> None:
        """A generator yet to be fitted, or one that was."""
        super().__init__(generator)
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
        """Fit the generator, then the judges, which take seconds, whatever the budget."""
        self.generator.fit(table, seed=seed, budget=budget, log=log, checkpoint_dir=checkpoint_dir)
        self.learn_judges(table, seed=seed)

    def learn_judges(self, table: Table, *, seed: int) -> None:
        """Teach judges on the rows that the generator was fitted on, and as many that it draws."""
        self.schema_ = self.generator.schema_
        rng = np.random.default_rng([seed, _JUDGE_STREAM])
        few = np.sort(rng.permutation(len(table))[:MOST_MADE])
        real = encode(table.frame.iloc[few], self.schema_)
        made = self._drawn(min(MADE_A_ROW * len(few), MOST_MADE), None, _seed(rng))
        self.odds_ = learn_odds(
            real, made, rounds=self.config.rounds, min_leaf=self.config.min_leaf, rng=rng
        )

    def draw(
        self, num_rows: int, *, condition: Condition | None = None, seed: int
    ) -> Iterator[Matrix]:
        """See `Streamer`."""
        self._parts(1, condition, seed)  # refuses an impossible condition
        size = CHUNK >> (self.config.candidates - 1).bit_length()  # of which a CHUNK is made
        sizes = enumerate(chunk_sizes(num_rows, size))
        return (
            self._chunk(size, condition or {}, [seed, number, _STREAM]) for number, size in sizes
        )

    def _parts(self, num_rows: int, condition: Condition | None, seed: int) -> Iterator[Matrix]:
        assert isinstance(self.generator, Streamer)
        return self.generator.draw(num_rows, condition=condition, seed=seed)

    def _drawn(self, num_rows: int, condition: Condition | None, seed: int) -> Matrix:
        """Rows of the generator as `decode` would give them out."""
        rows = np.concatenate(list(self._parts(num_rows, condition, seed)))
        for i, column in enumerate(self.schema_.learned):
            if not column.is_discrete:
                rows[:, i] = within(rows[:, i], column, np)
        return rows

    def _chunk(self, num_rows: int, condition: Condition, key: list[int]) -> Matrix:
        """For each row that the generator gives, that one or one of further ones of its class."""
        most, target = self.config.candidates, self.schema_.target_column
        rng = np.random.default_rng(key)
        if not len(self.odds_.roots):  # judges that have nothing to say
            return self._drawn(num_rows, condition, _seed(rng))
        if not target.is_discrete or target.name in condition:
            rows = self._drawn(num_rows * most, condition, _seed(rng))
            return self._picked(rows.reshape(num_rows, most, -1), rng)
        first = self._drawn(num_rows, condition, _seed(rng))
        codes = first[:, self.schema_.learned.index(target)]
        for code in np.unique(codes[~np.isnan(codes)]):
            own = np.flatnonzero(codes == code)
            given = {**condition, target.name: target.categories[int(code)]}
            further = self._drawn(len(own) * (most - 1), given, _seed(rng))
            further = further.reshape(len(own), most - 1, -1)
            candidates = np.concatenate([first[own][:, None], further], axis=1)
            first[own] = self._picked(candidates, rng)
        return first

    def _picked(self, candidates: Matrix, rng: np.random.Generator) -> Matrix:
        """One row of each group, shape (rows, columns), of shape (rows, candidates, columns)."""
        num_rows, most, num_columns = candidates.shape
        odds = self.odds_.log_odds(candidates.reshape(num_rows * most, num_columns))
        best = _best(odds.reshape(num_rows, most), rng)
        found: Matrix = candidates[np.arange(num_rows), best]
        return found

    def _complete(self, frame: pd.DataFrame, *, seed: int) -> pd.DataFrame:
        """See `Completer`: one of so many ways to complete each row.

        Where the generator draws its parameters too, rows that took different ways have different
        ones: cells are as uncertain as they should be, means over rows less so.
        """
        assert isinstance(self.generator, Completer)
        rng = np.random.default_rng([seed, _STREAM])
        ways = [
            self.generator.complete(frame, seed=_seed(rng)) for _ in range(self.config.candidates)
        ]
        odds = [self.odds_.log_odds(encode(way, self.schema_)) for way in ways]
        best = _best(np.column_stack(odds), rng)
        rows = pd.concat(ways, ignore_index=True).iloc[best * len(frame) + np.arange(len(frame))]
        return rows.reset_index(drop=True)

    def _score(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        """See `Scorer`: the generator's log density and the judges' log odds."""
        assert isinstance(self.generator, Scorer)
        return self.generator.score(frame) + self.odds_.log_odds(encode(frame, self.schema_))

    def _export_program(self) -> SamplingProgram:
        """See `Exportable`."""
        from components.models.wrapped.resampled_program import resampled_program

        assert isinstance(self.generator, Exportable)
        program = self.generator.export_program()
        return resampled_program(program, self.odds_, self.config.candidates)

    def save(self, directory: Path) -> None:
        """Write the generator, and beside it the judges."""
        self.generator.save(directory)
        save_judge(self.config.model_dump(mode="json"), self.odds_.arrays, directory)

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read what `save` wrote."""
        from components.models.catalog import load_unjudged  # which imports this module

        found = read_judge(directory)
        assert found is not None, "a judge was saved"
        settings, arrays = found
        generator = load_unjudged(directory)
        with reading_model(directory):
            model = cls(ResampledConfig.model_validate(settings), generator)
            model.schema_ = generator.schema_
            model.odds_ = OddsTrees.of(arrays, len(generator.schema_.learned))
        return model


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(2**32))


def _best(odds: Matrix, rng: np.random.Generator) -> NDArray[np.int64]:
    """One position in each row, with chances as exp(odds): the Gumbel-max trick."""
    found: NDArray[np.int64] = (odds + rng.gumbel(size=odds.shape)).argmax(axis=1)
    return found
