"""Values of a column far beyond any of the training rows', however few they are."""

from collections.abc import Collection, Sequence

import numpy as np

from components.data.counted import counted
from components.data.schema import NUMBERS, Column, Schema
from components.monitoring.levels import Numbers
from components.monitoring.report import FarValue, Unit
from components.monitoring.sketch import Batch
from components.monitoring.tails import Tail, as_times

_LONG = 1e15
"""Whole numbers below this are written in all their digits."""


class Extremes:
    """The largest and the smallest number of each column, and the row of each, over batches."""

    def __init__(self, schema: Schema) -> None:
        self._names = [column.name for column in schema.learned if column.kind in NUMBERS]
        self._found: dict[tuple[str, int], tuple[float, int]] = {}
        self._num_rows = 0

    def add(self, names: tuple[str, ...], matrix: Numbers) -> None:
        """Note the rows that follow those before."""
        for name in set(self._names) & set(names):
            values = matrix[:, names.index(name)]
            for sign in (1, -1):
                self._note(name, sign, np.where(np.isnan(values), -np.inf, sign * values))
        self._num_rows += len(matrix)

    def _note(self, name: str, sign: int, values: Numbers) -> None:
        if not len(values):
            return
        place = int(values.argmax())
        before, _ = self._found.get((name, sign), (-np.inf, 0))
        if values[place] > before:
            self._found[name, sign] = (float(values[place]), self._num_rows + place)

    def of(self, name: str, sign: int) -> tuple[float, int] | None:
        """The largest number times `sign`, 1 or -1, and its row; None where there is none."""
        return self._found.get((name, sign))


def far_values(
    extremes: Extremes,
    columns: Sequence[Column],
    sides: tuple[Batch, Batch],
    moved: Collection[str],
    num_rows: int,
    chance: float,
    unit: Unit,
) -> tuple[FarValue, ...]:
    """The furthest number at either end of each column, where it is far beyond any (`tails.py`).

    `sides` are samples of training and of new rows. Columns that `moved` as a whole are set beside
    both of these: it takes a value that is far from the others of its own, too. `chance` is that of
    a value of `num_rows` being called so falsely, for each end of each column.
    """
    found = []
    for column in columns:
        for sign in (1, -1):
            end = extremes.of(column.name, sign)
            if end is None or not np.isfinite(end[0]):
                continue
            seen = [sign * _present(sides[0], column.name)]
            if column.name in moved:
                new = sign * _present(sides[1], column.name)
                seen.append(new[new < end[0]])
            tail = Tail.of(np.concatenate(seen))
            if tail is not None and tail.is_far(end[0], num_rows, chance):
                found.append(_told(column, sign, end, tail, unit))
    return tuple(sorted(found, key=lambda each: -each.times))


def _present(rows: Batch, name: str) -> Numbers:
    if name not in rows.names:
        return np.empty(0)
    values = rows.matrix[:, rows.names.index(name)]
    return values[np.isfinite(values)]


def _told(column: Column, sign: int, end: tuple[float, int], tail: Tail, unit: Unit) -> FarValue:
    value, times = sign * end[0], tail.times(end[0])
    written = f"{value:.0f}" if abs(value) < _LONG and value.is_integer() else f"{value:.6g}"
    return FarValue(
        column=column.name,
        value=value,
        row=end[1],
        times=times,
        text=(
            f"{column.name!r} is {written} in {unit} {end[1]}, {as_times(times)} as far from the "
            f"middle as in any of {counted(tail.num_seen, unit)} seen"
        ),
    )
