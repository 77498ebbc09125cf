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
from components.monitoring.tails import FURTHEST, Tail, as_number, as_times


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
        num_now, is_calm = rows.sketch.num_rows, column.name not in moved
        judged = judge_end(end[0], before, now, num_now, chance, is_calm=is_calm)
        if judged is not None:
            found.append(_told(column, sign, end, *judged, unit))
    return tuple(sorted(found, key=lambda each: -each.times))


def judge_end(
    largest: float, before: Numbers, now: Numbers, num_now: int, chance: float, *, is_calm: bool
) -> tuple[Tail, bool] | None:
    """By which tail the largest of `num_now` new numbers is far, and whether surely; None if not.

    It is set beside those `before`, where their column `is_calm`, and beside these and all others
    of `now`.
    """
    sides = [np.concatenate([before, now[now < largest]])]
    if is_calm:
        sides.append(before)
    tails = [tail for tail in map(Tail.of, sides) if tail is not None]
    told = [tail for tail in tails if tail.is_far(largest, num_now, chance / 2)]
    far = told or [tail for tail in tails if tail.times(largest) >= FURTHEST]
    return (far[-1], bool(told)) if far else None


def _present(rows: Batch, name: str) -> Numbers:
    if name not in rows.names:
        return np.empty(0)
    values = rows.present(name)
    return values[np.isfinite(values)]


def _told(
    column: Column, sign: int, end: tuple[float, int], tail: Tail, is_sure: bool, unit: Unit
) -> FarValue:
    value, times = sign * end[0], tail.times(end[0])
    doubt = "" if is_sure else ", which may be chance, as many are far off"
    return FarValue(
        column=column.name,
        value=value,
        row=end[1],
        times=times,
        is_sure=is_sure,
        text=(
            f"{column.name!r} is {as_number(value)} in {unit} {end[1]}, {as_times(times)} as far "
            f"from the middle as in any of {counted(tail.num_seen, unit)} seen{doubt}"
        ),
    )
