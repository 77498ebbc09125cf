"""What became of the columns, and what is wrong with the batch, told from its sketch."""

from collections.abc import Collection, Sequence

from components.data.schema import Column, Schema
from components.monitoring.reading import Faults
from components.monitoring.reference import Reference
from components.monitoring.report import ChangeKind, Problem, ProblemKind, SchemaChange, Unit
from components.monitoring.sketch import TableSketch
from components.monitoring.streams import Rows

MIN_ROWS = 50


def extra_columns(
    names: Collection[str], schema: Schema, ignored: Collection[str]
) -> list[SchemaChange]:
    """The columns that training rows did not have."""
    return [
        _change(name, ChangeKind.EXTRA, "is new")
        for name in names
        if name not in schema.names and name not in ignored
    ]


def changed_columns(schema: Schema, sketch: TableSketch) -> list[SchemaChange]:
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


def readable_columns(
    schema: Schema, sketch: TableSketch, changed: Sequence[SchemaChange]
) -> list[Column]:
    """The learned columns that did not change."""
    gone = {change.column for change in changed}
    return [c for c in schema.learned if c.name in sketch.columns and c.name not in gone]


def nothing_to_compare(
    sketch: TableSketch, changed: Sequence[SchemaChange], unit: Unit = Unit.ROW
) -> Problem | None:
    """Why the rows say nothing: they are too few, or without a value."""
    num_rows = sketch.num_rows
    if num_rows < MIN_ROWS:
        text = (
            f"there are {num_rows} new {unit.plural}; at least {MIN_ROWS} are needed to tell drift "
            "from chance"
        )
        return Problem(kind=ProblemKind.TOO_FEW_ROWS, text=text)
    empty = {change.column for change in changed if change.kind is ChangeKind.EMPTY}
    if sketch.columns and empty == sketch.columns.keys():
        text = f"no column has a value in any of {num_rows} rows"
        return Problem(kind=ProblemKind.NO_VALUES, text=text)
    return None


def disorder(reference: Reference, rows: Rows) -> list[Problem]:
    """Times that step back although those of the training rows never did."""
    found = []
    for name in sorted(reference.ordered & rows.sketch.columns.keys()):
        count = rows.order.steps_back(name)
        if count:
            text = f"{name!r} steps back in {count} of {rows.sketch.num_rows} rows and never did"
            found.append(Problem(kind=ProblemKind.OUT_OF_ORDER, text=text))
    return found


def other_rhythm(reference: Reference, rows: Rows, known: Collection[str]) -> list[SchemaChange]:
    """Rows at another interval, and numbers that are stuck, where times go forward on both sides.

    Columns in `known` have one value in all rows, as is told already.
    """
    time = rows.rhythm.time
    if time not in reference.ordered or rows.order.steps_back(time):
        return []
    return [c for c in rows.rhythm.changes(reference.rhythm) if c.column not in known]


def broken_rules(rows: Rows) -> list[Problem]:
    """Constraints that all training rows keep and some of these do not, the most broken first."""
    of = f"of {rows.sketch.num_rows} rows"
    return [
        Problem(
            kind=ProblemKind.BROKEN_RULES,
            text=f"the rule '{rule}', which all training rows keep, is broken by {count} {of}",
        )
        for rule, count in rows.rules.most_broken()
    ]


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
