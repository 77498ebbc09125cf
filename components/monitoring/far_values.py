"""Values of a column far beyond any of the training rows', however few they are."""

from collections.abc import Collection, Sequence
from itertools import product

import numpy as np

from components.data.counted import counted
from components.data.schema import Column
from components.monitoring.levels import Numbers
from components.monitoring.report import FarValue, Unit
from components.monitoring.sketch import Batch
from components.monitoring.streams import Rows
from components.monitoring.tails import FURTHEST, Tail, as_times

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

    It is set beside the training rows, of which `reference` has some, and beside these and all new
    rows but itself, as there may be few of either; beside the latter alone in columns that `moved`
    as a whole. `chance` is that of any value of the rows being called so falsely, for each end of
    each column. From `FURTHEST` times on it is told, and not as sure, where the tail is so heavy
    that it may be chance.
    """
    found = []
    for column, sign in product(columns, (1, -1)):
        end = rows.extremes.of(column.name, sign)
        if end is None or not np.isfinite(end[0]):
            continue
        before, now = (sign * _present(side, column.name) for side in (reference, rows.sample))
        sides = [np.concatenate([before, now[now < end[0]]])]
        if column.name not in moved:
            sides.append(before)
        tails = [tail for tail in map(Tail.of, sides) if tail is not None]
        told = [t for t in tails if t.is_far(end[0], rows.sketch.num_rows, chance / 2)]
        if far := told or [t for t in tails if t.times(end[0]) >= FURTHEST]:
            found.append(_told(column, sign, end, far[-1], unit, is_sure=bool(told)))
    return tuple(sorted(found, key=lambda each: -each.times))


def _present(rows: Batch, name: str) -> Numbers:
    if name not in rows.names:
        return np.empty(0)
    values = rows.matrix[:, rows.names.index(name)]
    return values[np.isfinite(values)]


def _told(
    column: Column, sign: int, end: tuple[float, int], tail: Tail, unit: Unit, *, is_sure: bool
) -> FarValue:
    value, times = sign * end[0], tail.times(end[0])
    doubt = "" if is_sure else ", which may be chance, as many are far off"
    written = f"{value:.0f}" if abs(value) < _LONG and value.is_integer() else f"{value:.6g}"
    return FarValue(
        column=column.name,
        value=value,
        row=end[1],
        times=times,
        is_sure=is_sure,
        text=(
            f"{column.name!r} is {written} in {unit} {end[1]}, {as_times(times)} as far from the "
            f"middle as in any of {counted(tail.num_seen, unit)} seen{doubt}"
        ),
    )
