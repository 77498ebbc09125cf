"""What a monitor found, as values: each column, what became of the columns, and the verdict."""

from collections.abc import Sequence
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from components.config import ColumnKind

_WORST = 3


class Status(StrEnum):
    """Whether the new rows are like those that the model was trained on."""

    OK = "ok"
    DRIFT = "drift"


class ChangeKind(StrEnum):
    """What can become of a column so that its values cannot be compared."""

    MISSING = "missing"
    EXTRA = "extra"
    EMPTY = "empty"
    UNREADABLE = "unreadable"
    NO_LONGER_CONSTANT = "no longer constant"


class Value(BaseModel):
    """Base of everything in a report: frozen, written as JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SchemaChange(Value):
    """A column that is not what it was in the training rows, in words."""

    column: str
    kind: ChangeKind
    text: str


class ColumnDrift(Value):
    """One column of the new rows against the same column of the training rows.

    `value` is the distance between the two by `method`, `threshold` the largest one that counts as
    none; they are None where only missing values are compared. `missing` and `unseen` are shares
    of the new rows: without a value, and with a category that no training row has. `why` says in
    words what drifted, empty where nothing did.
    """

    name: str
    kind: ColumnKind
    method: str | None
    value: float | None
    threshold: float | None
    missing_reference: float
    missing: float
    unseen: float
    new_categories: tuple[str, ...]
    drifted: bool
    why: str

    @property
    def excess(self) -> float:
        """How far beyond its threshold the distance is, as a ratio; 0 where there is none."""
        return self.value / self.threshold if self.value is not None and self.threshold else 0.0


class DriftReport(Value):
    """All that one look at new rows found. `columns` has the worst first.

    `share` is the share of the compared columns that drifted; from `alarm_share` on, and where the
    schema changed, the status is drift.
    """

    status: Status
    reason: str
    share: float
    alarm_share: float
    num_reference: int
    num_current: int
    columns: tuple[ColumnDrift, ...]
    changes: tuple[SchemaChange, ...]

    @property
    def worst(self) -> tuple[str, ...]:
        """The columns to look at first: changed ones, then the most drifted, a few at most."""
        drifted = [column.name for column in self.columns if column.drifted]
        return tuple([change.column for change in self.changes] + drifted)[:_WORST]


def judge(
    columns: Sequence[ColumnDrift],
    changes: Sequence[SchemaChange],
    *,
    alarm_share: float,
    num_reference: int,
    num_current: int,
) -> DriftReport:
    """The report on these columns and changes, with its verdict and the reason in words."""
    ordered = sorted(columns, key=lambda column: (column.drifted, column.excess), reverse=True)
    drifted = [column for column in ordered if column.drifted]
    share = len(drifted) / len(ordered) if ordered else 0.0
    is_drift = bool(changes) or (share >= alarm_share and bool(drifted))
    parts = [f"the schema changed: {_list([change.text for change in changes])}"] if changes else []
    parts.append(
        f"{len(drifted)} of {len(ordered)} columns drifted ({share:.0%}; the alarm is at "
        f"{alarm_share:.0%})"
        + (f": {_list([column.why for column in drifted])}" if drifted else "")
    )
    return DriftReport(
        status=Status.DRIFT if is_drift else Status.OK,
        reason="; ".join(parts),
        share=share,
        alarm_share=alarm_share,
        num_reference=num_reference,
        num_current=num_current,
        columns=tuple(ordered),
        changes=tuple(changes),
    )


def _list(texts: list[str]) -> str:
    """The first few texts, and how many more there are."""
    more = len(texts) - _WORST
    return ", ".join(texts[:_WORST]) + (f" and {more} more" if more > 0 else "")
