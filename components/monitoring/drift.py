"""Drift: new rows against the training rows, by sketches of all rows and a sample of them."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from components.data.batches import Batches, frame_batches
from components.data.schema import Column, Schema
from components.data.table import Table
from components.errors import UserError
from components.monitoring import joint
from components.monitoring.columns import Sides, compare, now_constant, num_tests, shown_value
from components.monitoring.effects import distance_threshold
from components.monitoring.evidently_run import EvidentlyRun, run_evidently
from components.monitoring.levels import CategoryLevels
from components.monitoring.reading import Faults
from components.monitoring.reference import Reference, TimeOrder, make_reference
from components.monitoring.report import (
    ChangeKind,
    ColumnDrift,
    DriftReport,
    Gap,
    JointDrift,
    Problem,
    ProblemKind,
    SchemaChange,
    SyntheticDrift,
)
from components.monitoring.sampled import RowSample
from components.monitoring.season import ALL_YEAR, Season
from components.monitoring.sketch import Batch, Sketcher, TableSketch
from components.monitoring.verdict import Found, judge

MIN_ROWS = 50
SAMPLE = 20_000
"""Rows of either side that are kept for Evidently, and of which the trees see some."""
ALPHA = 0.1 / 120
"""The chance of a false alarm at one look: one in ten months of a look every six hours."""
_JOINT = 0.5
"""The part of that chance that is for the rows as a whole; columns share the rest equally."""


@dataclass(frozen=True)
class Rows:
    """A stream of rows as it is kept: the sketch of all, a sample, which times are in order."""

    sketch: TableSketch
    sample: Batch
    order: TimeOrder


@dataclass(frozen=True)
class Baseline:
    """What new rows are compared with: the training rows, and the champion's own if these are kept.

    `sample` are some training rows, `synthetic` the champion's.
    """

    reference: Reference
    sample: Batch
    synthetic: Rows | None = None


@dataclass(frozen=True)
class Detection:
    """A report, and what Evidently shows of it to a person."""

    report: DriftReport
    baseline: Baseline | None = None
    sample: Batch | None = None

    @cached_property
    def evidently(self) -> EvidentlyRun | None:
        """Evidently's run on a sample of either side; None where no column has values to compare.

        On no more than `SAMPLE` rows its distances are those of the report.
        """
        if self.baseline is None or self.sample is None:
            return None
        names = [column.name for column in self.report.columns if column.value is not None]
        if not names:
            return None
        sketcher = self.baseline.reference.sketcher()
        old, new = (_leveled(side, names, sketcher) for side in (self.baseline.sample, self.sample))
        alpha = _alpha_each(self.report.alpha, len(names))
        thresholds = {
            name: distance_threshold(
                len(set(old[name].dropna()) | set(new[name].dropna())),
                int(old[name].count()),
                int(new[name].count()),
                alpha,
            )
            for name in names
        }
        return run_evidently(old, new, thresholds, alarm_share=self.report.alarm_share)


def detect_drift(
    reference: Table,
    current: pd.DataFrame,
    *,
    alarm_share: float,
    ignored: Collection[str] = (),
    alpha: float = ALPHA,
) -> Detection:
    """What differs between `current` rows, as they came, and the training rows."""
    baseline = make_baseline(frame_batches(reference.frame), reference.schema)
    return detect(
        baseline, frame_batches(current), alarm_share=alarm_share, ignored=ignored, alpha=alpha
    )


def make_baseline(
    batches: Batches,
    schema: Schema,
    *,
    season: Season = ALL_YEAR,
    reference: Reference | None = None,
    synthetic: Batches | None = None,
) -> Baseline:
    """The baseline of these training rows, whose sketch is `reference` where it is known already.

    Raises UserError where there are fewer than `MIN_ROWS`.
    """
    reference = reference or make_reference(batches, schema, season)
    if reference.num_rows < MIN_ROWS:
        raise UserError(
            f"there are {reference.num_rows} training rows; at least {MIN_ROWS} are needed to "
            "tell drift from chance"
        )
    sketcher = reference.sketcher()
    bare = Sketcher(sketcher.reader, reference.season, {})
    sample = RowSample(SAMPLE)
    for frame in batches.read():
        sample.add(bare.sketch(frame)[1])
    own = None if synthetic is None else read_rows(synthetic, sketcher)
    return Baseline(reference, sample.rows(), own)


def read_rows(batches: Batches, sketcher: Sketcher) -> Rows:
    """All rows, read once, in memory that does not grow with them."""
    schema = sketcher.reader.schema
    wanted = [name for name in batches.names if name in schema.names]
    sketch = sketcher.sketch(pd.DataFrame({name: [] for name in wanted}))[0]
    sample, order = RowSample(SAMPLE), TimeOrder(schema)
    for frame in batches.read(wanted or None):
        found, rows = sketcher.sketch(frame)
        sketch = sketch + found
        sample.add(rows)
        order.add(rows.names, rows.matrix)
    return Rows(sketch, sample.rows(), order)


def detect(
    baseline: Baseline,
    batches: Batches,
    *,
    alarm_share: float,
    ignored: Collection[str] = (),
    alpha: float = ALPHA,
) -> Detection:
    """What differs between the rows of `batches`, as they came, and those of `baseline`.

    Numbers and categories are compared by the Jensen-Shannon distance of their levels (see
    `levels.py`), datetimes by their missing values alone. Identifiers are not compared. Columns in
    `ignored` may be there and are not looked at. `alpha` bounds the chance that the look is
    breached although nothing differs by more than what counts (see `effects.py`).

    Raises UserError where rows cannot be read; what is wrong with rows that can is in the report.
    """
    rows = read_rows(batches, baseline.reference.sketcher())
    found = _find(baseline, rows, batches.names, ignored, alpha)
    report = judge(
        found,
        alarm_share=alarm_share,
        alpha=alpha,
        num_reference=baseline.reference.num_rows,
        num_current=rows.sketch.num_rows,
    )
    if baseline.synthetic is not None and found.columns:
        synthetic = _synthetic(baseline, baseline.synthetic, rows, alpha)
        report = report.model_copy(update={"synthetic": synthetic})
    return Detection(report, baseline, rows.sample)


def _find(
    baseline: Baseline, rows: Rows, names: Collection[str], ignored: Collection[str], alpha: float
) -> Found:
    reference, sketch = baseline.reference, rows.sketch
    changes = _extra(names, reference.schema, ignored)
    if sketch.num_rows < MIN_ROWS:
        text = (
            f"there are {sketch.num_rows} new rows; at least {MIN_ROWS} are needed to tell drift "
            "from chance"
        )
        problem = Problem(kind=ProblemKind.TOO_FEW_ROWS, text=text)
        return Found(changes=changes + _changed(reference.schema, sketch), problems=(problem,))
    changed = _changed(reference.schema, sketch)
    readable = _readable(reference.schema, sketch, changed)
    if sketch.columns and {c.kind for c in changed} == {ChangeKind.EMPTY} and not readable:
        text = f"no column has a value in any of {sketch.num_rows} rows"
        problem = Problem(kind=ProblemKind.NO_VALUES, text=text)
        return Found(changes=changes + changed, problems=(problem,))
    sides = _sides(reference, reference.sketch, sketch, readable)
    each = _alpha_each(alpha, sum(map(num_tests, sides)))
    columns = [compare(side, each) for side in sides]
    stuck = [
        now_constant(side, each, shown_value(side, _categories(reference, side.column)))
        for side in sides
    ]
    whole = _whole(baseline.sample, rows.sample, _calm(columns), sketch, alpha * _JOINT)
    return Found(
        columns, [*changes, *changed, *filter(None, stuck)], _disorder(reference, rows), whole
    )


def _alpha_each(alpha: float, tests: int) -> float:
    """Bonferroni's share of what is not for the rows as a whole, whatever columns depend on."""
    return alpha * (1 - _JOINT) / max(tests, 1)


def _categories(reference: Reference, column: Column) -> tuple[str, ...]:
    return tuple(reference.sketcher().reader.codes.get(column.name, ()))


def _calm(columns: list[ColumnDrift]) -> list[str]:
    """The columns that are compared and did not drift by themselves."""
    return [column.name for column in columns if column.value is not None and not column.drifted]


def _extra(names: Collection[str], schema: Schema, ignored: Collection[str]) -> list[SchemaChange]:
    return [
        _change(name, ChangeKind.EXTRA, "is new")
        for name in names
        if name not in schema.names and name not in ignored
    ]


def _changed(schema: Schema, sketch: TableSketch) -> list[SchemaChange]:
    """What became of the columns of the schema whose values cannot be compared."""
    changes = []
    for column in schema.columns:
        if column.name not in sketch.columns:
            changes.append(_change(column.name, ChangeKind.MISSING, "is missing"))
            continue
        own = sketch.columns[column.name]
        if sketch.num_rows and own.missing.sum() == sketch.num_rows:
            text = f"has no value in any of {sketch.num_rows} rows"
            changes.append(_change(column.name, ChangeKind.EMPTY, text))
        elif change := _fault(column, own.faults, sketch.num_rows):
            changes.append(change)
    return changes


def _fault(column: Column, faults: Faults, num_rows: int) -> SchemaChange | None:
    if faults.other is not None:
        text = f"was always {column.example!r} and now has {faults.other!r}"
        return _change(column.name, ChangeKind.NO_LONGER_CONSTANT, text)
    if faults.odd is not None:
        text = f"cannot be read as {column.kind}: it has {faults.odd}"
    elif faults.num_infinite:
        text = f"is infinite in {faults.num_infinite} of {num_rows} rows"
    elif faults.fraction is not None:
        text = f"had whole numbers and now has {faults.fraction}"
    else:
        return None
    return _change(column.name, ChangeKind.UNREADABLE, text)


def _change(name: str, kind: ChangeKind, text: str) -> SchemaChange:
    return SchemaChange(column=name, kind=kind, text=f"{name!r} {text}")


def _readable(schema: Schema, sketch: TableSketch, changed: list[SchemaChange]) -> list[Column]:
    gone = {change.column for change in changed}
    return [c for c in schema.learned if c.name in sketch.columns and c.name not in gone]


def _sides(
    reference: Reference, before: TableSketch, now: TableSketch, columns: list[Column]
) -> list[Sides]:
    return [
        Sides(
            column,
            reference.levels.get(column.name),
            before.columns[column.name],
            now.columns[column.name],
            before.rows,
            now.rows,
            reference.once.get(column.name, 0),
        )
        for column in columns
    ]


def _disorder(reference: Reference, rows: Rows) -> tuple[Problem, ...]:
    """Times that step back although those of the training rows never did."""
    found = []
    for name in sorted(reference.ordered & rows.sketch.columns.keys()):
        count = rows.order.steps_back(name)
        if count:
            text = f"{name!r} steps back in {count} of {rows.sketch.num_rows} rows and never did"
            found.append(Problem(kind=ProblemKind.OUT_OF_ORDER, text=text))
    return tuple(found)


def _whole(
    reference: Batch, current: Batch, names: list[str], now: TableSketch, alpha: float
) -> JointDrift | None:
    """Whether the rows of these columns drifted together; two at least, or there is no together."""
    shared = tuple(n for n in names if n in reference.names and n in current.names)
    if len(shared) < 2:
        return None
    old = _at_phases(reference, now)
    sides = [_columns(side, shared) for side in (old, current)]
    if min(map(len, sides)) < joint.MIN_ROWS:
        return None
    old_rows, new_rows = (side[: joint.MAX_ROWS] for side in map(_shuffled, sides))
    return joint.tell_apart(old_rows, new_rows, shared, alpha=alpha)


def _columns(rows: Batch, names: tuple[str, ...]) -> np.ndarray:
    return rows.matrix[:, [rows.names.index(name) for name in names]]


def _shuffled(rows: np.ndarray) -> np.ndarray:
    """The rows as they are where all are wanted, else in a random order."""
    if len(rows) <= joint.MAX_ROWS:
        return rows
    return rows[np.random.default_rng(0).permutation(len(rows))]


def _at_phases(rows: Batch, now: TableSketch) -> Batch:
    """Those rows that have phases as often as new rows do."""
    if not (now.rows[1:-1]).any():
        return rows
    held = np.bincount(rows.phases, minlength=len(now.rows))
    known = (now.rows > 0) & (held > 0)
    if not known.any():
        return Batch(rows.names, rows.matrix[:0], rows.phases[:0])
    most = (held[known] / now.rows[known]).min()
    wanted = np.where(known, np.floor(now.rows * most), 0).astype(np.int64)
    taken = np.concatenate([np.flatnonzero(rows.phases == p)[:n] for p, n in enumerate(wanted)])
    kept = np.sort(taken)
    return Batch(rows.names, rows.matrix[kept], rows.phases[kept])


def _synthetic(baseline: Baseline, own: Rows, rows: Rows, alpha: float) -> SyntheticDrift:
    reference = baseline.reference
    return SyntheticDrift(
        num_rows=own.sketch.num_rows,
        to_current=_gap(reference, own, rows.sketch, rows.sample, alpha),
        to_reference=_gap(reference, own, reference.sketch, baseline.sample, alpha),
    )


def _gap(reference: Reference, own: Rows, other: TableSketch, sample: Batch, alpha: float) -> Gap:
    """How far the champion's own rows are from others."""
    changed = _changed(reference.schema, other) + _changed(reference.schema, own.sketch)
    columns = _readable(reference.schema, other, changed)
    sides = _sides(reference, own.sketch, other, columns)
    each = _alpha_each(alpha, sum(map(num_tests, sides)))
    found = sorted((compare(side, each) for side in sides), key=lambda c: -c.excess)
    drifted = [column.name for column in found if column.drifted]
    names = [column.name for column in found if column.value is not None]
    whole = _whole(own.sample, sample, names, other, alpha * _JOINT)
    return Gap(
        share=len(drifted) / max(len(found), 1),
        worst=tuple(drifted[:3]),
        auc=whole.auc if whole else 0.5,
        low=whole.low if whole else 0.5,
    )


def _leveled(rows: Batch, names: list[str], sketcher: Sketcher) -> pd.DataFrame:
    """The rows with each column as the names of its levels."""
    columns = {}
    for name in names:
        numbers, levels = rows.matrix[:, rows.names.index(name)], sketcher.levels[name]
        missing = np.isnan(numbers)
        labels = np.array([*levels.names, None], dtype=object)
        if isinstance(levels, CategoryLevels):
            places = sketcher.level_of_code[name][np.where(missing, 0, numbers).astype(np.intp)]
        else:
            places = levels.place(numbers)
        columns[name] = labels[np.where(missing, len(levels.names), places)]
    return pd.DataFrame(columns)
