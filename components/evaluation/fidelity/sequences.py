"""Fidelity of order: where an identifier comes again, do its rows follow as real ones do."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from components.data.schema import ColumnKind
from components.data.table import Matrix, Table
from components.evaluation.case import Case, Evaluator, Findings, Metric
from components.evaluation.fidelity.shape import column_distance
from components.evaluation.statistics import normal_interval
from components.models.contract import LogMetrics

MAX_LENGTH = 20
MAX_LEVELS = 20
NUM_PARTS = 10

ORDER_ERROR = Metric(
    name="order_error",
    family="fidelity",
    goal="minimise",
    bounds=(0.0, 1.0),
    ideal=0.0,
    meaning="the mean error of how rows of one identifier follow one another: how many there are, "
    "how far apart in time, and which category comes after which",
)


@dataclass(frozen=True)
class Steps:
    """A table's rows by identifier and time.

    `lengths` is the number of rows of each identifier. `gaps` is the logarithm of seconds, plus
    one, between rows that follow, and `moves` the code of each pair of following categories, one
    array a column; `of_length` and `of_step` say which part, for the jackknife, each is of.
    """

    lengths: Matrix
    gaps: Matrix
    moves: tuple[Matrix, ...]
    of_length: NDArray[np.int64]
    of_step: NDArray[np.int64]

    def without(self, part: int) -> "Steps":
        """The steps of the identifiers of all other parts."""
        lengths, steps = self.of_length != part, self.of_step != part
        return Steps(
            self.lengths[lengths],
            self.gaps[steps],
            tuple(column[steps] for column in self.moves),
            self.of_length[lengths],
            self.of_step[steps],
        )


def measure_sequences(case: Case, log: LogMetrics) -> Findings:
    """The mean error of lengths, gaps and moves, for the first identifier and datetime column.

    Measured where at least half of the training rows have an identifier that comes again, and
    there is a datetime column; not where another table came without that identifier. Lengths and
    gaps are compared by the Kolmogorov-Smirnov distance, moves of each column of at most 20
    categories by total variation. The interval leaves out a tenth of the identifiers of either
    table in turn; the reference has test rows in the synthetic rows' place. Blind to what is
    further apart than one step.
    """
    found, tables = _key(case.train), (case.train, case.test, case.synthetic)
    if found is None or any(found[0] not in table.frame for table in tables):
        return Findings()
    train, test, synthetic = (steps_of(table, *found) for table in tables)
    again = [order_error(side, synthetic) for side in _leaving_out(train)]
    other = [order_error(train, side) for side in _leaving_out(synthetic)]
    variance = sum((NUM_PARTS - 1) * float(np.var(errors)) for errors in (again, other))
    interval = normal_interval(
        order_error(train, synthetic),
        float(np.sqrt(variance)),
        confidence=case.confidence(ORDER_ERROR.name),
    )
    measured = ORDER_ERROR.measured(interval, case, reference=order_error(train, test))
    return Findings((measured,))


def _leaving_out(steps: Steps) -> Iterator[Steps]:
    return (steps.without(part) for part in range(NUM_PARTS))


def _key(table: Table) -> tuple[str, str] | None:
    """The first identifier that comes again in half of the rows, and the first datetime column."""
    dates = [c.name for c in table.schema.learned if c.kind is ColumnKind.DATETIME]
    for column in table.schema.columns:
        if column.kind is ColumnKind.IDENTIFIER and dates:
            again = table.frame[column.name].duplicated(keep=False)
            if float(again.mean()) >= 0.5:
                return column.name, dates[0]
    return None


def steps_of(table: Table, identifier: str, time: str) -> Steps:
    """How the rows of each identifier follow one another by time; rows without a time are left out.

    >>> from components.data.schema import Column, Schema
    >>> columns = (Column(name="id", kind=ColumnKind.IDENTIFIER, dtype="str"),
    ...            Column(name="at", kind=ColumnKind.DATETIME, dtype="datetime64[us]"))
    >>> times = pd.to_datetime(["2024-01-02", "2024-01-01", "2024-01-01"])
    >>> frame = pd.DataFrame({"id": ["a", "a", "b"], "at": times})
    >>> steps = steps_of(Table(frame, Schema(columns=columns, target="at")), "id", "at")
    >>> steps.lengths.tolist(), np.expm1(steps.gaps).round().tolist()
    ([2.0, 1.0], [86400.0])
    """
    matrix = table.matrix
    names = [column.name for column in table.schema.learned]
    place = names.index(time)
    known = ~np.isnan(matrix[:, place]) & table.frame[identifier].notna().to_numpy()
    owners = pd.factorize(table.frame[identifier][known])[0].astype(np.int64)
    matrix = matrix[known]
    order = np.lexsort((*matrix.T[::-1], matrix[:, place], owners))
    owners, matrix = owners[order], matrix[order]
    follows = np.flatnonzero(owners[1:] == owners[:-1])
    gaps = np.log1p((matrix[follows + 1, place] - matrix[follows, place]) / 1e6)
    lengths = np.minimum(np.bincount(owners), MAX_LENGTH).astype(np.float64)
    parts = np.arange(len(lengths)) % NUM_PARTS
    moves = tuple(
        matrix[follows, i] * (len(column.categories) + 1) + matrix[follows + 1, i]
        for i, column in enumerate(table.schema.learned)
        if column.is_discrete and len(column.categories) <= MAX_LEVELS
    )
    return Steps(lengths, gaps, moves, parts, parts[owners[follows]])


def order_error(real: Steps, other: Steps) -> float:
    """The mean of the errors of lengths, gaps and each column's moves, 0 to 1; 1 where none are.

    >>> part = np.zeros(3, np.int64)
    >>> steps = Steps(np.array([2.0, 2.0, 2.0]), np.array([1.0, 2.0, 3.0]), (), part, part)
    >>> order_error(steps, steps)
    0.0
    """
    pairs = [(real.lengths, other.lengths, False), (real.gaps, other.gaps, False)]
    pairs += [(ours, theirs, True) for ours, theirs in zip(real.moves, other.moves, strict=True)]
    return float(np.mean([_distance(*pair) for pair in pairs]))


def _distance(real: Matrix, other: Matrix, discrete: bool) -> float:
    if not len(real) or not len(other):
        return float(len(real) != len(other))
    return column_distance(real, other, discrete=discrete).value


SEQUENCES = Evaluator(
    measure_sequences, (ORDER_ERROR,), needs="an identifier that comes again, and dates"
)
