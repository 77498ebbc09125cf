"""What a monitor found, as values: each column, the rows as a whole, the batch, the verdict."""

from enum import StrEnum

from components.config import ColumnKind
from components.monitoring.anomaly_report import AnomalyReport, SeriesReport
from components.monitoring.value import Value

_WORST = 3


class Status(StrEnum):
    """Whether the new rows are like those that the model was trained on.

    `anomaly` is more odd rows than so many normal ones would have, or one far beyond anything seen,
    `breached` a difference that was not yet seen in as many looks as an alarm needs, `unusable` a
    batch that says nothing about either. Where several are so, it is drift, then anomaly, then the
    others; the report has all.
    """

    OK = "ok"
    ANOMALY = "anomaly"
    DRIFT = "drift"
    BREACHED = "breached"
    UNUSABLE = "unusable"


class Unit(StrEnum):
    """What one of those that are looked at is called."""

    ROW = "row"
    IMAGE = "image"

    @property
    def plural(self) -> str:
        """What several of them are called."""
        return f"{self}s"

    @property
    def part(self) -> str:
        """What is compared of it: a column's values; what is measured of an image is none."""
        return "column" if self is Unit.ROW else "measure"


class ChangeKind(StrEnum):
    """What can become of a column, so that its values cannot be compared or are no news at all."""

    MISSING = "missing"
    EXTRA = "extra"
    EMPTY = "empty"
    UNREADABLE = "unreadable"
    NO_LONGER_CONSTANT = "no longer constant"
    NOW_CONSTANT = "now constant"
    FOREIGN = "foreign"


class ProblemKind(StrEnum):
    """What can be wrong with a batch as such."""

    TOO_FEW_ROWS = "too few rows"
    NO_VALUES = "no values"
    UNREADABLE = "unreadable"
    OUT_OF_ORDER = "out of order"
    BROKEN_RULES = "broken rules"
    REPEATED = "repeated"
    NOT_SCORED = "not scored"


class SchemaChange(Value):
    """A column that is not what it was in the training rows, in words."""

    column: str
    kind: ChangeKind
    text: str


class Problem(Value):
    """What is wrong with a batch, in words."""

    kind: ProblemKind
    text: str


class LevelShare(Value):
    """One level of a column: its share of the values there are, before and now."""

    name: str
    before: float
    now: float


class ColumnDrift(Value):
    """One column of the new rows against the same column of the training rows.

    `value` is the distance between the two by `method`, `low` and `high` the ends of its interval,
    and `threshold` the distance from which `low` is beyond the effect that counts; they are None
    where only missing values are compared. `shift` is how far the mean moved, in standard
    deviations of the training rows, `spread` the new standard deviation in these; None where the
    column has no numbers. `missing` and `unseen` are shares of the new rows: without a value, and
    with a category that no training row has. `why` says in words what drifted, empty where nothing
    did.
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
    low: float | None = None
    high: float | None = None
    shift: float | None = None
    spread: float | None = None
    levels: tuple[LevelShare, ...] = ()

    @property
    def excess(self) -> float:
        """How far beyond its threshold the distance is, as a ratio; 0 where there is none."""
        return self.value / self.threshold if self.value is not None and self.threshold else 0.0


class FarValue(Value):
    """A number far beyond any of the training rows', in words too.

    `row` is its position among the new rows, `times` how many times as far from the middle it is as
    the furthest that was seen. It `is_sure` where its chance is as small as that of any alarm.
    """

    column: str
    value: float
    row: int
    times: float
    is_sure: bool
    text: str


class TargetDrift(Value):
    """How much of what the other columns tell of the target still holds.

    `held_out` is the share of the target's variance that a learner of training rows explains in
    other training rows, `now` that in the new rows; 1 would be all of it, and below 0 the learner
    is worse than what it always knew. It is drift where `now` is surely less than the share
    `limit` of `held_out`; `high` is the upper end of the interval of `now` in units of it.
    """

    name: str
    num_reference: int
    num_current: int
    held_out: float
    now: float
    high: float
    limit: float
    drifted: bool


class JointColumn(Value):
    """How much of the AUC is lost where this column is shuffled among the rows."""

    name: str
    loss: float


class JointDrift(Value):
    """Whether trees can tell new rows from training rows by the columns that did not drift alone.

    `auc` is that of rows the trees did not learn from, 0.5 where nothing tells them apart, `low`
    and `high` the ends of its interval. It is drift where `low` is beyond `limit`; then `columns`
    has those that the trees need, the most needed first.
    """

    num_reference: int
    num_current: int
    auc: float
    low: float
    high: float
    limit: float
    drifted: bool
    columns: tuple[JointColumn, ...] = ()


class Gap(Value):
    """How far two sets of rows are apart: the share of columns that differ, the worst, the whole.

    `auc` is that of trees that tell the two apart, `low` the lower end of its interval; None where
    there are not two columns to tell them apart by.
    """

    share: float
    worst: tuple[str, ...]
    auc: float | None
    low: float | None


class SyntheticDrift(Value):
    """The champion's judged synthetic rows: against the new rows, and against the training rows.

    The second says how far the model was off when it was made, the first how far it is off now.
    """

    num_rows: int
    to_current: Gap
    to_reference: Gap


class DriftReport(Value):
    """What one look at new rows found. `columns` has the worst first.

    `share` is the share of the compared columns that drifted; from `alarm_share` on, where the
    schema changed, and where the rows as a whole or their `target` drifted, the look is `breached`.
    `alpha` bounds the chance that it is, or that there are `far` values, although nothing differs
    by more than counts. `anomalies` is what a champion that finds anomalies says of the rows, None
    for others or where it cannot score these.
    `unit` is what the rows are called, and what their columns are.
    """

    status: Status
    reason: str
    share: float
    alarm_share: float
    num_reference: int
    num_current: int
    columns: tuple[ColumnDrift, ...]
    changes: tuple[SchemaChange, ...]
    alpha: float = 0.0
    breached: bool = False
    joint: JointDrift | None = None
    target: TargetDrift | None = None
    far: tuple[FarValue, ...] = ()
    synthetic: SyntheticDrift | None = None
    problems: tuple[Problem, ...] = ()
    anomalies: AnomalyReport | SeriesReport | None = None
    unit: Unit = Unit.ROW

    @property
    def flagged(self) -> AnomalyReport | None:
        """How many rows, or blocks of a series, are odd; None where that was not asked."""
        found = self.anomalies
        return found.blocks if isinstance(found, SeriesReport) else found

    @property
    def is_anomalous(self) -> bool:
        """Whether more are odd than so many normal ones would be, or one is beyond anything."""
        is_far = any(each.is_sure for each in self.far)
        return is_far or (self.flagged is not None and self.flagged.is_anomalous)

    @property
    def worst(self) -> tuple[str, ...]:
        """What to look at first: changed columns, the most drifted, then those of the whole."""
        names = [change.column for change in self.changes]
        names += [column.name for column in self.columns if column.drifted]
        if self.joint and self.joint.drifted:
            names += [column.name for column in self.joint.columns]
        if self.target and self.target.drifted:
            names.append(self.target.name)
        names += [each.column for each in self.far if each.is_sure]
        return tuple(dict.fromkeys(names))[:_WORST]
