"""Drift: new rows against the training rows, by sketches of all rows and a sample of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

from components.data.batches import Batches
from components.data.schema import Column, Schema
from components.errors import UserError
from components.monitoring.changes import (
    MIN_ROWS,
    broken_rules,
    changed_columns,
    disorder,
    extra_columns,
    nothing_to_compare,
    other_rhythm,
    readable_columns,
)
from components.monitoring.columns import Sides, compare, now_constant, now_foreign, num_tests
from components.monitoring.evidently_run import EvidentlyRun, run_on_samples
from components.monitoring.far_values import far_values
from components.monitoring.reference import Reference, make_reference
from components.monitoring.repeated import distinct_rows, repeated_rows
from components.monitoring.report import (
    ColumnDrift,
    DriftReport,
    Gap,
    JointDrift,
    SchemaChange,
    SyntheticDrift,
    TargetDrift,
    Unit,
)
from components.monitoring.season import ALL_YEAR, Season
from components.monitoring.sketch import Batch, Counts, TableSketch
from components.monitoring.streams import Rows, read_rows
from components.monitoring.swapped import swapped_columns
from components.monitoring.together import compare_target, compare_together
from components.monitoring.verdict import Found, judge

ALPHA = 0.1 / 120
"""The chance of a false alarm at one look: one in ten months of a look every six hours."""
_JOINT = 0.5
"""The part of that chance that is for the rows as a whole, half of it for their target; columns
share the rest equally."""
_SHOWN = 3


@dataclass(frozen=True)
class Baseline:
    """What new rows are compared with: the training rows, and the champion's own if these are kept.

    `sample` are some training rows, `synthetic` the champion's; `unit` is what they are called.
    """

    reference: Reference
    sample: Batch
    synthetic: Rows | None = None
    unit: Unit = Unit.ROW


@dataclass(frozen=True)
class Detection:
    """A report, and the samples of both sides, None where rows could not be read."""

    report: DriftReport
    baseline: Baseline | None = None
    sample: Batch | None = None

    @cached_property
    def evidently(self) -> EvidentlyRun | None:
        """Evidently's run on both samples; None where no column has values to compare.

        Where the samples are all rows there are, its distances are those of the report.
        """
        names = [column.name for column in self.report.columns if column.value is not None]
        if self.baseline is None or self.sample is None or not names:
            return None
        return run_on_samples(
            self.baseline.sample,
            self.sample,
            names,
            self.baseline.reference.sketcher(),
            alpha=_alpha_each(self.report.alpha, len(names)),
            alarm_share=self.report.alarm_share,
        )


def make_baseline(
    batches: Batches,
    schema: Schema,
    *,
    season: Season = ALL_YEAR,
    reference: Reference | None = None,
    synthetic: Batches | None = None,
    unit: Unit = Unit.ROW,
) -> Baseline:
    """The baseline of these training rows, whose sketch is `reference` where it is known already.

    Raises UserError where there are fewer than `MIN_ROWS`.
    """
    reference = reference or make_reference(batches, schema, season)
    if reference.num_rows < MIN_ROWS:
        raise UserError(
            f"there are {reference.num_rows} training {unit.plural}; at least {MIN_ROWS} are "
            "needed to tell drift from chance"
        )
    own = None if synthetic is None else read_rows(synthetic, reference.sketcher())
    return Baseline(reference, reference.sample_of(batches), own, unit)


def detect(
    baseline: Baseline,
    batches: Batches,
    *,
    alarm_share: float,
    ignored: Collection[str] = (),
    alpha: float = ALPHA,
    together: bool = True,
) -> Detection:
    """What differs between the rows of `batches`, as they came, and those of `baseline`.

    Numbers and categories are compared by the Jensen-Shannon distance of their levels (see
    `levels.py`), datetimes by their missing values alone, and `together` all that did not drift
    alone by trees (see `joint.py`). Identifiers are not compared. Columns in `ignored` may be there
    and are not looked at. `alpha` bounds the chance that the look is breached although nothing
    differs by more than what counts (see `effects.py`). Values beyond anything seen are
    found in any number of rows (see `far_values.py`), a target that no longer follows from the
    others `together` with these (see `follows.py`).

    Raises UserError where rows cannot be read; what is wrong with rows that can is in the report.
    """
    rows = read_rows(batches, baseline.reference.sketcher())
    report = compare_rows(
        baseline, rows, alarm_share=alarm_share, ignored=ignored, alpha=alpha, together=together
    )
    return Detection(report, baseline, rows.sample)


def compare_rows(
    baseline: Baseline,
    rows: Rows,
    *,
    alarm_share: float,
    ignored: Collection[str] = (),
    alpha: float = ALPHA,
    together: bool = True,
) -> DriftReport:
    """The report of `detect` on rows that were read."""
    found = _find(baseline, rows, ignored, alpha, together)
    report = judge(
        found,
        alarm_share=alarm_share,
        alpha=alpha,
        num_reference=baseline.reference.num_rows,
        num_current=rows.sketch.num_rows,
    )
    if baseline.synthetic is None or not found.columns:
        return report
    synthetic = _synthetic(baseline, baseline.synthetic, rows, alpha)
    return report.model_copy(update={"synthetic": synthetic})


def _find(
    baseline: Baseline, rows: Rows, ignored: Collection[str], alpha: float, together: bool
) -> Found:
    reference, sketch, unit = baseline.reference, rows.sketch, baseline.unit
    changed = changed_columns(reference.schema, sketch)
    changes = [*extra_columns(rows.names, reference.schema, ignored), *changed]
    readable = readable_columns(reference.schema, sketch, changed)
    sides = _sides(reference, reference.sketch, sketch, readable)
    each = _alpha_each(alpha, sum(map(num_tests, sides)))
    samples = (baseline.sample, rows.sample)
    if problem := nothing_to_compare(sketch, changed, unit):
        far = far_values(rows, baseline.sample, readable, (), each, unit)
        return Found(changes=changes, problems=(problem,), unit=unit, far=far)
    columns = [compare(side, each) for side in sides]
    changes += _turned(baseline, rows, sides, columns, each)
    moved = {column.name for column in columns if column.drifted}
    repeated = repeated_rows(*samples, each, unit)
    sample = distinct_rows(rows.sample) if repeated else rows.sample  # trees would know them again
    whole, target = (
        _together(baseline, sample, columns, sketch.rows, alpha * _JOINT)
        if together
        else (None, None)
    )
    problems = [*disorder(reference, rows), *broken_rules(rows), *repeated]
    far = far_values(rows, baseline.sample, readable, moved, each, unit)
    return Found(columns, changes, problems, whole, target, unit, far)


def _turned(
    baseline: Baseline,
    rows: Rows,
    sides: Sequence[Sides],
    columns: Sequence[ColumnDrift],
    alpha: float,
) -> list[SchemaChange]:
    """The columns that are not what they were: constant, foreign, swapped, stuck."""
    reference = baseline.reference
    turned = [  # one value far away does not make a column drift
        now_constant(side, alpha) or (now_foreign(side, alpha) if column.drifted else None)
        for side, column in zip(sides, columns, strict=True)
    ]
    found = [change for change in turned if change]
    moved = {column.name for column in columns if column.drifted}
    found += swapped_columns(baseline.sample, rows.sample, moved, reference.levels, alpha)
    return [*found, *other_rhythm(reference, rows, {change.column for change in found})]


def _together(
    baseline: Baseline,
    current: Batch,
    columns: Sequence[ColumnDrift],
    now: Counts,
    alpha: float,
) -> tuple[JointDrift | None, TargetDrift | None]:
    """What trees say of the rows as a whole, and of their target, by what did not drift alone.

    `now` counts the new rows of each phase. A measure of images is no target.
    """
    schema, sides = baseline.reference.schema, (baseline.sample, current)
    calm = [each.name for each in columns if each.value is not None and not each.drifted]
    whole = compare_together(*sides, calm, now, alpha / 2)
    compared = {column.name for column in columns}
    if schema.target not in compared or (
        baseline.unit is Unit.IMAGE and not schema.target_column.is_discrete
    ):
        return whole, None
    return whole, compare_target(*sides, schema[schema.target], calm, now, alpha / 2)


def _alpha_each(alpha: float, tests: int) -> float:
    """Bonferroni's share of what is not for the rows as a whole, however columns depend."""
    return alpha * (1 - _JOINT) / max(tests, 1)


def _sides(
    reference: Reference, before: TableSketch, now: TableSketch, columns: Sequence[Column]
) -> list[Sides]:
    return [
        Sides(
            column,
            reference.levels.get(column.name),
            reference.categories(column.name),
            before.columns[column.name],
            now.columns[column.name],
            before.rows,
            now.rows,
            reference.once.get(column.name, 0),
        )
        for column in columns
    ]


def _synthetic(baseline: Baseline, own: Rows, rows: Rows, alpha: float) -> SyntheticDrift:
    reference = baseline.reference
    return SyntheticDrift(
        num_rows=own.sketch.num_rows,
        to_current=_gap(reference, own, rows.sketch, rows.sample, alpha),
        to_reference=_gap(reference, own, reference.sketch, baseline.sample, alpha),
    )


def _gap(reference: Reference, own: Rows, other: TableSketch, sample: Batch, alpha: float) -> Gap:
    """How far the champion's own rows are from others."""
    schema = reference.schema
    changed = changed_columns(schema, other) + changed_columns(schema, own.sketch)
    sides = _sides(reference, own.sketch, other, readable_columns(schema, other, changed))
    each = _alpha_each(alpha, sum(map(num_tests, sides)))
    found = sorted((compare(side, each) for side in sides), key=lambda c: -c.excess)
    drifted = [column.name for column in found if column.drifted]
    names = [column.name for column in found if column.value is not None]
    whole = compare_together(own.sample, sample, names, other.rows, alpha * _JOINT)
    return Gap(
        share=len(drifted) / max(len(found), 1),
        worst=tuple(drifted[:_SHOWN]),
        auc=whole.auc if whole else None,
        low=whole.low if whole else None,
    )
