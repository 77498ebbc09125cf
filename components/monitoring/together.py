"""Which rows of two samples the trees are asked about, as a whole and for the target of each."""

from collections.abc import Sequence

import numpy as np

from components.data.schema import Column
from components.monitoring import follows, joint
from components.monitoring.follows import Labelled, tell_follows
from components.monitoring.levels import Numbers
from components.monitoring.report import JointDrift, TargetDrift
from components.monitoring.sketch import Batch, Counts


def compare_together(
    reference: Batch, current: Batch, names: Sequence[str], rows_now: Counts, alpha: float
) -> JointDrift | None:
    """Whether trees tell the rows apart by these columns; None for less than two, or few rows.

    `rows_now` counts the new rows of each phase, at which the reference's rows are taken.
    """
    shared = tuple(n for n in names if n in reference.names and n in current.names)
    if len(shared) < 2:
        return None
    sides = [_columns(side, shared) for side in (_at_phases(reference, rows_now), current)]
    if min(map(len, sides)) < joint.MIN_ROWS:
        return None
    old, new = map(_some, sides)
    return joint.tell_apart(old, new, shared, alpha=alpha)


def compare_target(
    reference: Batch,
    current: Batch,
    target: Column,
    names: Sequence[str],
    rows_now: Counts,
    alpha: float,
) -> TargetDrift | None:
    """Whether the target follows from the columns `names` as it did; None for few rows with one.

    A target that drifted alone is asked about, too: that it follows is another matter.

    `rows_now` counts the new rows of each phase, at which the reference's rows are taken.
    """
    others = [n for n in names if n in reference.names and n in current.names and n != target.name]
    if not others or target.name not in current.names:
        return None
    old = _labelled(_at_phases(reference, rows_now), others, target)
    new = _labelled(current, others, target)
    if min(len(old.y), len(new.y)) < joint.MIN_ROWS or len(np.unique(old.y)) < 2:
        return None
    return tell_follows(old, new, target, alpha=alpha)


def _labelled(rows: Batch, names: Sequence[str], target: Column) -> Labelled:
    """Some of the rows that have a target."""
    table = _columns(rows, (*names, target.name))
    table = _some(table[~np.isnan(table[:, -1])], follows.MAX_ROWS)
    return Labelled(table[:, :-1], table[:, -1])


def _columns(rows: Batch, names: Sequence[str]) -> Numbers:
    return rows.matrix[:, [rows.names.index(name) for name in names]]


def _some(rows: Numbers, most: int = joint.MAX_ROWS) -> Numbers:
    """The rows, or so many of them at random as the trees are asked about."""
    if len(rows) <= most:
        return rows
    return rows[np.random.default_rng(0).permutation(len(rows))[:most]]


def _at_phases(rows: Batch, rows_now: Counts) -> Batch:
    """The most of the rows that have phases as often as new rows do."""
    held = np.bincount(rows.phases, minlength=len(rows_now))
    shared = (rows_now > 0) & (held > 0)
    if len(rows_now) == 2 and not rows_now[1]:
        return rows
    if not shared.any():
        return rows.take(np.arange(0))
    most = (held[shared] / rows_now[shared]).min()
    wanted = np.where(shared, np.floor(rows_now * most), 0).astype(np.int64)
    taken = [np.flatnonzero(rows.phases == phase)[:n] for phase, n in enumerate(wanted)]
    kept = np.sort(np.concatenate(taken))
    return rows.take(kept)
