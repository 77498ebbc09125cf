"""Values of a column far beyond any of the training rows', however few they are."""

from collections.abc import Collection, Sequence

import numpy as np

from components.data.counted import counted
from components.data.schema import Column
from components.monitoring.levels import Numbers
from components.monitoring.report import FarValue, Unit
from components.monitoring.sketch import Batch
from components.monitoring.streams import Rows
from components.monitoring.tails import Tail, as_times

_LONG = 1e15
"""Whole numbers below this are written in all their digits."""


def far_values(
    rows: Rows,
    reference: Batch,
    columns: Sequence[Column],
    moved: Collection[str],
    chance: float,
    unit: Unit,
) -> tuple[FarValue, ...]:
    """The furthest number at either end of each column, where it is far beyond any (`tails.py`).

    `reference` has some training rows. Columns that `moved` as a whole are set beside new rows,
    too: it takes a value that is far from the others of its own. `chance` is that of any value of
    the rows being called so falsely, for each end of each column.
    """
    found = []
    for column in columns:
        for sign in (1, -1):
            end = rows.extremes.of(column.name, sign)
            if end is None or not np.isfinite(end[0]):
                continue
            seen = [sign * _present(reference, column.name)]
            if column.name in moved:
                new = sign * _present(rows.sample, column.name)
                seen.append(new[new < end[0]])
            tail = Tail.of(np.concatenate(seen))
            if tail is not None and tail.is_far(end[0], rows.sketch.num_rows, chance):
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
