"""The verdict on what was found, and the reason in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from components.monitoring.anomaly_report import AnomalyReport, SeriesReport
from components.monitoring.report import (
    ColumnDrift,
    DriftReport,
    FarValue,
    JointDrift,
    Problem,
    ProblemKind,
    SchemaChange,
    Status,
    TargetDrift,
    Unit,
)

_LISTED = 3
_HIDING = frozenset({ProblemKind.TOO_FEW_ROWS, ProblemKind.NO_VALUES, ProblemKind.UNREADABLE})
"""Problems that leave nothing to be said about drift."""


@dataclass(frozen=True)
class Found:
    """Everything that one look found, before it is judged."""

    columns: Sequence[ColumnDrift] = ()
    changes: Sequence[SchemaChange] = ()
    problems: Sequence[Problem] = ()
    joint: JointDrift | None = None
    target: TargetDrift | None = None
    unit: Unit = Unit.ROW
    far: Sequence[FarValue] = ()


def judge(
    found: Found, *, alarm_share: float, alpha: float, num_reference: int, num_current: int
) -> DriftReport:
    """The report on what was found, with its verdict and the reason in words."""
    ordered = sorted(found.columns, key=lambda each: (each.drifted, each.excess), reverse=True)
    share = sum(each.drifted for each in ordered) / len(ordered) if ordered else 0.0
    is_whole = any(each is not None and each.drifted for each in (found.joint, found.target))
    is_many = share >= alarm_share and share > 0
    is_hidden = any(problem.kind in _HIDING for problem in found.problems)
    breached = not is_hidden and bool(found.changes or is_many or is_whole)
    return DriftReport(
        status=_status(found, breached),
        reason="; ".join(_reasons(found, ordered, share, alarm_share, is_hidden)),
        share=share,
        alarm_share=alarm_share,
        num_reference=num_reference,
        num_current=num_current,
        columns=tuple(ordered),
        changes=tuple(found.changes),
        alpha=alpha,
        breached=breached,
        joint=found.joint,
        target=found.target,
        far=tuple(found.far),
        problems=tuple(found.problems),
        unit=found.unit,
    )


def _status(found: Found, breached: bool) -> Status:
    if breached:
        return Status.DRIFT
    if any(each.is_sure for each in found.far):
        return Status.ANOMALY
    return Status.UNUSABLE if found.problems else Status.OK


def unusable(
    problem: Problem, *, alarm_share: float, num_reference: int, unit: Unit = Unit.ROW
) -> DriftReport:
    """The report on rows that could not be read at all."""
    return judge(
        Found(problems=(problem,), unit=unit),
        alarm_share=alarm_share,
        alpha=0.0,
        num_reference=num_reference,
        num_current=0,
    )


def with_problem(report: DriftReport, problem: Problem) -> DriftReport:
    """The report with another problem of the batch: what drifted still did."""
    status = Status.UNUSABLE if report.status is Status.OK else report.status
    return report.model_copy(
        update={
            "status": status,
            "problems": (*report.problems, problem),
            "reason": f"{problem.text}; {report.reason}",
        }
    )


def with_anomalies(report: DriftReport, found: AnomalyReport | SeriesReport) -> DriftReport:
    """The report with what the scores of the rows say, which is an alarm of its own.

    Drift stays drift: rows that differ are often odd as well, and both are told.
    """
    told = report.model_copy(update={"anomalies": found})
    flagged = told.flagged
    assert flagged is not None, "it was just put there"
    parts = [report.reason, flagged.reason]
    status = report.status
    if flagged.is_anomalous and status is not Status.DRIFT:
        parts, status = parts[::-1], Status.ANOMALY
    return told.model_copy(update={"status": status, "reason": "; ".join(parts)})


def settle(
    report: DriftReport, earlier: Sequence[bool], *, breaches: int, looks: int
) -> DriftReport:
    """The report as an alarm only where `breaches` of the last `looks` looks breached.

    `earlier` says of each look before whether it did, the last one first.
    """
    if not report.breached:
        return report
    count = 1 + sum(earlier[: looks - 1])
    if count >= breaches:
        return report
    reason = f"{report.reason}; {count} of the last {looks} looks drifted, {breaches} are an alarm"
    status = Status.ANOMALY if report.is_anomalous else Status.BREACHED
    return report.model_copy(update={"status": status, "reason": reason})


def _reasons(
    found: Found, ordered: list[ColumnDrift], share: float, alarm_share: float, is_hidden: bool
) -> list[str]:
    texts = [problem.text for problem in found.problems]
    sure = [each.text for each in found.far if each.is_sure]
    far = [_listed(sure)] if sure else []
    if is_hidden:
        return far + texts
    parts = far + ([_listed(texts)] if texts else [])
    if found.changes:
        texts = [change.text for change in found.changes]
        parts.insert(0, f"the schema changed: {_listed(texts)}")
    drifted = [column for column in ordered if column.drifted]
    parts.append(
        f"{len(drifted)} of {len(ordered)} {found.unit.part}s drifted ({share:.0%}; the alarm is "
        f"at {alarm_share:.0%})"
        + (f": {_listed([column.why for column in drifted])}" if drifted else "")
    )
    if found.joint and found.joint.drifted:
        parts.append(_whole(found.joint, found.unit))
    if found.target and found.target.drifted:
        parts.append(_target(found.target, found.unit))
    return parts


def _target(target: TargetDrift, unit: Unit) -> str:
    now = max(target.now, 0)
    return (
        f"{target.name!r} no longer follows from the other {unit.part}s as it did: they explained "
        f"{target.held_out:.0%} of it in training {unit.plural} and explain {now:.0%} now, surely "
        f"less than {target.limit:.0%} of that"
    )


def _whole(joint: JointDrift, unit: Unit) -> str:
    text = (
        f"the other {unit.part}s tell new {unit.plural} from training {unit.plural} together "
        f"(AUC {joint.auc:.2f}, surely {joint.low:.2f}; {joint.limit:.2f} is allowed)"
    )
    names = [repr(column.name) for column in joint.columns]
    return f"{text}: {_listed(names)}" if names else text


def _listed(texts: list[str]) -> str:
    """The first few texts, and how many more there are."""
    more = len(texts) - _LISTED
    return ", ".join(texts[:_LISTED]) + (f" and {more} more" if more > 0 else "")
