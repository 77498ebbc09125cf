"""Drift: new rows against the training rows, column by column."""

from collections.abc import Collection
from dataclasses import dataclass

import pandas as pd

from components.data.schema import Column, ColumnKind
from components.data.table import Table
from components.errors import UserError
from components.monitoring.batch import read_batch
from components.monitoring.evidently_run import METHOD, EvidentlyRun, run_evidently
from components.monitoring.levels import to_levels
from components.monitoring.report import ColumnDrift, DriftReport, judge
from components.monitoring.thresholds import (
    distance_threshold,
    missing_threshold,
    unseen_threshold,
)

MIN_ROWS = 50
MAX_ROWS = 100_000
"""Distances in longer tables are told from so many of their rows: an effect needs no more."""
_SHOWN = 10


@dataclass(frozen=True)
class Detection:
    """A report, and Evidently's run behind it, None where no column had values to compare."""

    report: DriftReport
    evidently: EvidentlyRun | None


@dataclass(frozen=True)
class _Sides:
    """The two sides of one column."""

    column: Column
    reference: pd.Series
    current: pd.Series


def detect_drift(
    reference: Table,
    current: pd.DataFrame,
    *,
    alarm_share: float,
    ignored: Collection[str] = (),
) -> Detection:
    """What differs between `current` rows, as they came, and the training rows.

    Numbers and categories are compared by the Jensen-Shannon distance of their levels (see
    `levels.py`), datetimes by their missing values alone. Identifiers are not compared. Columns in
    `ignored` may be in `current` and are not looked at. Raises UserError where either side has
    fewer than `MIN_ROWS` rows.
    """
    for count, what in ((len(reference), "training rows"), (len(current), "new rows")):
        if count < MIN_ROWS:
            raise UserError(
                f"there are {count} {what}; at least {MIN_ROWS} are needed to tell drift "
                "from chance"
            )
    batch = read_batch(current, reference.schema, ignored=ignored)
    trained = read_batch(reference.frame, reference.schema).frame
    sides = [
        _Sides(reference.schema[name], trained[name], batch.frame[name]) for name in batch.names
    ]
    thresholds, run = _compare(
        [side for side in sides if side.column.kind is not ColumnKind.DATETIME], alarm_share
    )
    report = judge(
        [_describe(side, thresholds, run) for side in sides],
        batch.changes,
        alarm_share=alarm_share,
        num_reference=len(reference),
        num_current=len(current),
    )
    return Detection(report, run)


def _compare(
    sides: list[_Sides], alarm_share: float
) -> tuple[dict[str, float], EvidentlyRun | None]:
    """The threshold of each column, and what Evidently says about all of them."""
    if not sides:
        return {}, None
    thresholds, old, new = {}, {}, {}
    for side in sides:
        name = side.column.name
        old[name], new[name] = to_levels(
            _sample(side.reference), _sample(side.current), side.column
        )
        num_levels = len(set(old[name]) | set(new[name]))
        thresholds[name] = distance_threshold(num_levels, len(old[name]), len(new[name]))
    run = run_evidently(pd.DataFrame(old), pd.DataFrame(new), thresholds, alarm_share=alarm_share)
    return thresholds, run


def _sample(values: pd.Series) -> pd.Series:
    """At most `MAX_ROWS` of the values that are there, always the same ones."""
    present = values.dropna()
    if len(present) > MAX_ROWS:
        present = present.sample(MAX_ROWS, random_state=0)
    return present.reset_index(drop=True)


def _describe(side: _Sides, thresholds: dict[str, float], run: EvidentlyRun | None) -> ColumnDrift:
    name = side.column.name
    before, now = float(side.reference.isna().mean()), float(side.current.isna().mean())
    reasons = []
    value = run.distances.get(name) if run else None
    if run and value is not None and name in run.failed:
        reasons.append(f"distance {value:.2f}, {thresholds[name]:.2f} is allowed")
    pooled = pd.concat([side.reference, side.current]).isna().mean()
    if abs(now - before) > missing_threshold(float(pooled), len(side.reference), len(side.current)):
        reasons.append(f"{now:.0%} are missing, {before:.0%} were")
    unseen, new, too_many = _unseen(side)
    if too_many:
        reasons.append(f"{unseen:.0%} of the rows have new categories such as {new[0]!r}")
    return ColumnDrift(
        name=name,
        kind=side.column.kind,
        method=METHOD if value is not None else None,
        value=value,
        threshold=thresholds.get(name),
        missing_reference=before,
        missing=now,
        unseen=unseen,
        new_categories=new,
        drifted=bool(reasons),
        why=f"{name!r} ({'; '.join(reasons)})" if reasons else "",
    )


def _unseen(side: _Sides) -> tuple[float, tuple[str, ...], bool]:
    """The share of rows with new categories, the most frequent of these, whether it counts.

    As many rows as had a category that no other row had are to be expected (Good 1953).
    """
    if not side.column.is_discrete:
        return 0.0, (), False
    counts = side.current[~side.current.isin(set(side.reference.dropna()))].value_counts()
    share = float(counts.sum() / len(side.current))
    once = int((side.reference.value_counts() == 1).sum())
    expected = once / len(side.reference)
    too_many = share > unseen_threshold(expected, len(side.current))
    return share, tuple(map(str, counts.index[:_SHOWN])), too_many
