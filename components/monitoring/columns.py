"""Two sketches of one column compared: what differs, by how much, and whether that counts."""

from dataclasses import dataclass

import numpy as np

from components.data.schema import Column
from components.monitoring.effects import (
    FAR,
    FOREIGN,
    FURTHEST,
    Distance,
    Shares,
    distance_between,
    gains_missing,
    gains_unseen,
    is_stuck,
)
from components.monitoring.evidently_run import METHOD
from components.monitoring.levels import CategoryLevels, Levels, NumberLevels
from components.monitoring.report import ChangeKind, ColumnDrift, LevelShare, SchemaChange
from components.monitoring.sketch import ColumnSketch, Counts, standardised

_SHOWN = 10
_TELLING = 0.1
"""A change of the mean or of the spread is told from so many standard deviations on."""


@dataclass(frozen=True)
class Sides:
    """One column before and now, the rows before weighted so that both have the same phases.

    `categories` are those of a discrete column, by code. `rows_before` and `rows_now` count all
    rows by phase, also those without a value.
    """

    column: Column
    levels: Levels | None
    categories: tuple[str, ...]
    before: ColumnSketch
    now: ColumnSketch
    rows_before: Counts
    rows_now: Counts
    once: int

    @property
    def num_now(self) -> int:
        """How many new rows there are."""
        return int(self.rows_now.sum())


@dataclass(frozen=True)
class _Weighted:
    """The reference as it is at the phases of the new rows, and how many rows it is worth.

    `shares` are what was asked for, `num` the size of a plain sample that is as sure of them (Kish
    1965), `num_now` the new rows in phases that the reference has.
    """

    shares: Shares
    num: float
    num_now: int


def num_tests(sides: Sides) -> int:
    """How many differences of a column are looked at, of which any can raise a false alarm.

    Of numbers these are also either end.
    """
    is_number = isinstance(sides.levels, NumberLevels)
    return 1 + 2 * (sides.levels is not None) + sides.column.is_discrete + 2 * is_number


def compare(sides: Sides, alpha: float) -> ColumnDrift:
    """The column with each of its differences, at a chance of `alpha` each of counting falsely."""
    missing_before = _weigh(sides.before.missing[:, None], sides.rows_before, sides.rows_now)
    missing = float(sides.now.missing.sum() / sides.num_now)
    num_known = missing_before.num_now
    before = float(missing_before.shares[0]) if num_known else missing
    missing_known = sides.now.missing[sides.rows_before > 0].sum() / max(num_known, 1)
    unseen = sides.now.unseen.total / sides.num_now if sides.column.is_discrete else 0.0
    new = sides.now.unseen.most_frequent(_SHOWN)
    distance, shares = _distance(sides, alpha)
    shift, spread = _moved(sides)
    reasons = []
    if distance and distance.counts:
        moved = _in_words(shift, spread)
        reasons.append(
            f"distance {distance.value:.2f}, {distance.threshold:.2f} is allowed"
            + (f", {moved}" if moved else "")
        )
    if gains_missing(before, missing_known, missing_before.num, num_known, alpha):
        reasons.append(f"{missing_known:.0%} are missing, {before:.0%} were")
    if sides.column.is_discrete and gains_unseen(
        sides.now.unseen.total, sides.num_now, sides.once, int(sides.rows_before.sum()), alpha
    ):
        reasons.append(f"{unseen:.0%} have new categories such as {new[0]!r}")
    name = sides.column.name
    return ColumnDrift(
        name=name,
        kind=sides.column.kind,
        method=METHOD if distance else None,
        value=distance.value if distance else None,
        threshold=distance.threshold if distance else None,
        missing_reference=before,
        missing=missing,
        unseen=unseen,
        new_categories=new,
        drifted=bool(reasons),
        why=f"{name!r} ({'; '.join(reasons)})" if reasons else "",
        low=distance.low if distance else None,
        high=distance.high if distance else None,
        shift=shift,
        spread=spread,
        levels=shares,
    )


def now_constant(sides: Sides, alpha: float) -> SchemaChange | None:
    """The column that varied and has one value in all new rows, where that is no chance."""
    if sides.levels is None or sides.now.smallest != sides.now.largest:
        return None
    if sides.now.unseen.total and len(sides.now.unseen.counts) > 1:
        return None
    num = int(sides.now.counts[sides.rows_before > 0].sum())
    place = int(sides.now.counts.sum(axis=0).argmax())
    weighted = _weigh(sides.before.counts, sides.before.counts.sum(axis=1), sides.rows_now)
    share = float(weighted.shares[place])
    if not weighted.num_now or not is_stuck(share, num, weighted.num, alpha):
        return None
    text = f"{sides.column.name!r} has one value, {_only_value(sides)}, in all {num} rows"
    return SchemaChange(column=sides.column.name, kind=ChangeKind.NOW_CONSTANT, text=text)


def now_foreign(sides: Sides, alpha: float) -> SchemaChange | None:
    """The column that is written in another way, or in another unit, than it was.

    That is a categorical one of which surely most rows have new categories, and numbers whose mean
    moved by more than `FAR` standard deviations and which are not closer together than they were,
    or by more than `FURTHEST`: a counter, which goes on in small steps, is none of these for long.
    """
    name = repr(sides.column.name)
    if sides.column.is_discrete:
        unseen, before = sides.now.unseen, int(sides.rows_before.sum())
        if not gains_unseen(unseen.total, sides.num_now, sides.once, before, alpha, share=FOREIGN):
            return None
        share, new = unseen.total / sides.num_now, unseen.most_frequent(1)[0]
        text = f"{name} has new categories in {share:.0%} of its values, such as {new!r}"
    else:
        shift, spread = _moved(sides)
        if shift is None or spread is None:
            return None
        if abs(shift) <= (FAR if spread >= 1 else FURTHEST):
            return None
        text = f"{name} has other numbers: {_in_words(shift, spread)}"
    return SchemaChange(column=sides.column.name, kind=ChangeKind.FOREIGN, text=text)


def _only_value(sides: Sides) -> str:
    """The one value that all new rows have, in words."""
    if not isinstance(sides.levels, CategoryLevels):
        return f"{sides.now.smallest:.6g}"
    if sides.now.unseen.total:
        return repr(sides.now.unseen.most_frequent(1)[0])
    return repr(sides.categories[int(sides.now.smallest)])


def _distance(sides: Sides, alpha: float) -> tuple[Distance | None, tuple[LevelShare, ...]]:
    if sides.levels is None:
        return None, ()
    values_before, values_now = sides.before.counts.sum(axis=1), sides.now.counts.sum(axis=1)
    before = _weigh(sides.before.counts, values_before, values_now)
    is_known = values_before > 0
    counts = sides.now.counts[is_known].sum(axis=0)
    if not before.num_now:
        return None, ()
    now = counts / before.num_now
    levels = tuple(
        LevelShare(name=name, before=round(float(b), 6), now=round(float(n), 6))
        for name, b, n in zip(sides.levels.names, before.shares, now, strict=True)
        if b > 0 or n > 0
    )
    return distance_between(before.shares, now, before.num, before.num_now, alpha), levels


def _weigh(counts: Counts, rows: Counts, rows_now: Counts) -> _Weighted:
    """`counts` of shape (phases, what is counted) as shares of `rows`, at the phases of now."""
    is_known = rows > 0
    now = rows_now[is_known]
    if not now.sum():
        return _Weighted(np.zeros(counts.shape[1]), float(rows.sum()), 0)
    weights = now / now.sum()
    shares = weights @ (counts[is_known] / rows[is_known, None])
    return _Weighted(shares, float(1 / np.sum(weights**2 / rows[is_known])), int(now.sum()))


def _moved(sides: Sides) -> tuple[float | None, float | None]:
    """How far the mean moved, and the spread now, in standard deviations of the reference."""
    if not isinstance(sides.levels, NumberLevels):
        return None, None
    values_before, values_now = sides.before.counts.sum(axis=1), sides.now.counts.sum(axis=1)
    sums = np.column_stack([sides.before.sums, sides.before.squares])
    weighted = _weigh(sums, values_before, values_now)
    if not weighted.num_now:
        return None, None
    before = standardised(float(weighted.shares[0]), float(weighted.shares[1]), 1.0)
    now = standardised(
        float(sides.now.sums.sum()), float(sides.now.squares.sum()), float(values_now.sum())
    )
    scale = before[1] or 1.0
    return round((now[0] - before[0]) / scale, 3), round(now[1] / scale, 3)


def _in_words(shift: float | None, spread: float | None) -> str:
    """What became of the numbers, as the end of a sentence.

    >>> _in_words(-0.52, 1.8)
    'the mean 0.5 standard deviations lower, the spread 1.8 times as large'
    """
    said = []
    if shift is not None and abs(shift) >= _TELLING:
        said.append(
            f"the mean {abs(shift):.1f} standard deviations {'higher' if shift > 0 else 'lower'}"
        )
    if spread is not None and abs(spread - 1) >= _TELLING:
        said.append(f"the spread {spread:.1f} times as large")
    return ", ".join(said)
