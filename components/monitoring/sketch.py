"""What is kept of the rows of a table, however many there are: sketches that add up.

Everything in a sketch is a whole number that is added up, a smallest or a largest value. So adding
is associative and commutative to the bit: batches in any order, on any machine, give one sketch.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from components.monitoring.levels import CategoryLevels, Levels, NumberLevels, Numbers, Places
from components.monitoring.reading import NO_FAULTS, Faults, Reader, Reading
from components.monitoring.season import Season
from components.monitoring.unseen import NO_CATEGORIES, CategoryCounts

Counts = NDArray[np.int64]

_UNITS = 1024
_MOST = 64 * _UNITS
"""Moments are of whole parts of a standard deviation, at most 64 of it: they cannot overflow."""


@dataclass(frozen=True)
class ColumnSketch:
    """One column. All counts have one place for each phase of the season.

    `counts` has the rows at each level, shape (phases, levels), no levels where values are not
    compared; `missing` the rows without a value. `sums` and `squares` are those of the numbers'
    distance from the levels' centre, in 1024ths of their scale. `smallest` and `largest` are of
    the numbers, or the codes, or the microseconds.
    """

    counts: Counts
    missing: Counts
    sums: Counts
    squares: Counts
    smallest: float = np.inf
    largest: float = -np.inf
    unseen: CategoryCounts = NO_CATEGORIES
    faults: Faults = NO_FAULTS

    def __add__(self, more: "ColumnSketch") -> "ColumnSketch":
        """The sketch of the rows of both."""
        return ColumnSketch(
            self.counts + more.counts,
            self.missing + more.missing,
            self.sums + more.sums,
            self.squares + more.squares,
            min(self.smallest, more.smallest),
            max(self.largest, more.largest),
            self.unseen + more.unseen,
            self.faults + more.faults,
        )


@dataclass(frozen=True)
class TableSketch:
    """The rows of a table: how many are in each phase, and a sketch of each column."""

    rows: Counts
    columns: Mapping[str, ColumnSketch]

    @property
    def num_rows(self) -> int:
        """How many rows there were, those without a phase too."""
        return int(self.rows.sum())

    def __add__(self, more: "TableSketch") -> "TableSketch":
        """The sketch of the rows of both, which have the same columns."""
        added = {name: column + more.columns[name] for name, column in self.columns.items()}
        return TableSketch(self.rows + more.rows, added)


@dataclass(frozen=True)
class Batch:
    """Rows as numbers, shape (rows, columns) in the order of `names`, and the phase of each."""

    names: tuple[str, ...]
    matrix: Numbers
    phases: Places

    def take(self, rows: Places) -> "Batch":
        """The rows at these positions."""
        return Batch(self.names, self.matrix[rows], self.phases[rows])

    def present(self, name: str) -> Numbers:
        """The values of a column that are there."""
        values = self.matrix[:, self.names.index(name)]
        return values[~np.isnan(values)]


@dataclass(frozen=True)
class Sketcher:
    """Makes the sketch of a batch, by the levels of the reference."""

    reader: Reader
    season: Season
    levels: Mapping[str, Levels]

    @cached_property
    def level_of_code(self) -> Mapping[str, Places]:
        """For each discrete column, the level of each code."""
        return {
            name: levels.of_codes(self.reader.codes[name])
            for name, levels in self.levels.items()
            if isinstance(levels, CategoryLevels)
        }

    def sketch(self, frame: pd.DataFrame) -> tuple[TableSketch, Batch]:
        """The sketch of these rows, and their learned columns as numbers."""
        batch, readings = self.read(frame)
        num_phases = self.season.num_phases + 1
        found = {
            name: self._column(name, reading, batch.phases, num_phases)
            for name, reading in readings.items()
        }
        return TableSketch(np.bincount(batch.phases, minlength=num_phases), found), batch

    def read(self, frame: pd.DataFrame) -> tuple[Batch, dict[str, Reading]]:
        """The rows as numbers, and what was read of each column that the schema has."""
        columns = [c for c in self.reader.schema.columns if c.name in frame.columns]
        readings = {c.name: self.reader.read(frame[c.name], c) for c in columns}
        learned = tuple(c.name for c in columns if c.is_learned)
        matrix = np.empty((len(frame), len(learned)), order="F")
        for position, name in enumerate(learned):
            matrix[:, position] = readings[name].numbers
        return Batch(learned, matrix, self._phases(readings, len(frame))), readings

    def _phases(self, readings: Mapping[str, Reading], num_rows: int) -> Places:
        time = readings.get(self.season.column)
        micros = np.full(num_rows, np.nan) if time is None else time.numbers
        return self.season.phases(micros)

    def _column(self, name: str, reading: Reading, phases: Places, num_phases: int) -> ColumnSketch:
        numbers, levels = reading.numbers, self.levels.get(name)
        is_missing = np.isnan(numbers)
        has_gaps = bool(is_missing.any())
        present = numbers[~is_missing] if has_gaps else numbers
        where = phases[~is_missing] if has_gaps else phases
        missing = np.bincount(phases[is_missing], minlength=num_phases)
        sums = squares = np.zeros(num_phases, dtype=np.int64)
        if isinstance(levels, NumberLevels):
            sums, squares = _moments(present, where, levels, num_phases)
        counts = self._counts(name, present, where, num_phases)
        return ColumnSketch(
            counts,
            missing,
            sums,
            squares,
            float(present.min()) if len(present) else np.inf,
            float(present.max()) if len(present) else -np.inf,
            CategoryCounts.of(reading.unseen),
            reading.faults,
        )

    def _counts(self, name: str, numbers: Numbers, phases: Places, num_phases: int) -> Counts:
        """How many of the numbers are at each level in each phase."""
        levels = self.levels.get(name)
        if levels is None:
            return np.zeros((num_phases, 0), dtype=np.int64)
        if isinstance(levels, NumberLevels):
            places = levels.place(numbers)
        else:
            places = self.level_of_code[name][numbers.astype(np.intp)]
        num_levels = len(levels.names)
        at = phases * num_levels + places if self.season.num_phases > 1 else places
        found = np.bincount(at, minlength=num_phases * num_levels)
        return found.reshape(num_phases, num_levels)


def _moments(
    numbers: Numbers, phases: Places, levels: NumberLevels, num_phases: int
) -> tuple[Counts, Counts]:
    """The sums, and the sums of squares, of numbers in whole parts of the reference's scale."""
    parts = (numbers - levels.centre) * (_UNITS / levels.scale)
    np.clip(parts, -_MOST, _MOST, out=parts)
    np.rint(parts, out=parts)
    if not phases.any():  # sums of a batch are exact in float64: each is below 2^53
        sums, squares = np.zeros((2, num_phases))
        sums[0], squares[0] = parts.sum(), parts @ parts
    else:
        sums, squares = (
            np.bincount(phases, weights=weights, minlength=num_phases).astype(np.float64)
            for weights in (parts, parts * parts)
        )
    return sums.astype(np.int64), squares.astype(np.int64)


def standardised(sums: float, squares: float, num: float) -> tuple[float, float]:
    """The mean and standard deviation of numbers, in the reference's, of `num` of these sums."""
    mean = sums / num / _UNITS
    return mean, float(np.sqrt(max(squares / num / _UNITS**2 - mean**2, 0.0)))
