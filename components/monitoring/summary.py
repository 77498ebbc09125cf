"""A drift report in Markdown, for a person who has half a minute."""

from itertools import zip_longest

from components.monitoring.anomaly_report import OddRow
from components.monitoring.odd_lines import odd_lines
from components.monitoring.report import ColumnDrift, DriftReport, Gap, Problem, Unit

_ROWS = 8


def summary_markdown(report: DriftReport, title: str) -> str:
    """The verdict, the reason, what changed, and a table of the columns that differ most."""
    rows, part = report.unit.plural, report.unit.part
    lines = [f"# {title}: {report.status}", "", f"{_plain(report.reason)}.", ""]
    compared = f"{report.num_current:,} new {rows} against {report.num_reference:,} training {rows}"
    lines.append(f"{compared}.")
    lines += [f"- {_plain(text)}" for text in evidence(report)]
    if odd := odd_lines(report):
        lines += ["", "**The oddest**", ""]
        oddest = report.flagged.oddest if report.flagged and report.unit is Unit.IMAGE else ()
        pictures = map(_pictures, oddest[: len(odd)])
        lines += [
            f"- {_plain(text)}{each}" for text, each in zip_longest(odd, pictures, fillvalue="")
        ]
    if report.problems:
        lines += ["", "**The batch**", ""]
        lines += [f"- {_kind(each, rows)}: {_plain(each.text)}" for each in report.problems]
    if report.changes:
        lines += ["", "**Schema**", ""]
        lines += [f"- {_plain(change.text)}" for change in report.changes]
    if report.columns:
        lines += [
            "",
            f"| {part} | distance | at least | at most | allowed | mean moved | missing | before "
            "| new categories | |",
            "|---|---|---|---|---|---|---|---|---|---|",
        ]
        lines += [_row(column) for column in report.columns[:_ROWS]]
    return "\n".join(lines) + "\n"


def _pictures(row: OddRow) -> str:
    """An odd image, and where it is odd, as Markdown that needs no file."""
    picture = row.picture
    drawn = [] if picture is None else [picture.image, picture.where]
    return "".join(f" ![](data:image/png;base64,{png})" for png in drawn if png)


def evidence(report: DriftReport) -> list[str]:
    """What was found of all rows, of their target, and of the champion's own rows, a line each."""
    rows, part = report.unit.plural, report.unit.part
    lines = [each.text for each in report.far if not each.is_sure]
    if report.joint is not None:
        joint = report.joint
        lines.append(
            f"together, the {part}s that did not drift alone tell new {rows} from training {rows} "
            f"with an AUC of {joint.auc:.2f} ({joint.low:.2f} to {joint.high:.2f}; "
            f"{joint.limit:.2f} is allowed)"
        )
    if report.target is not None:
        target = report.target
        lines.append(
            f"the other {part}s explained {target.held_out:.0%} of {target.name!r} in training "
            f"{rows} held out, and explain {max(target.now, 0):.0%} in the new {rows}"
        )
    if report.synthetic is not None:
        now, then = report.synthetic.to_current, report.synthetic.to_reference
        lines.append(
            f"the champion's own {rows}, against the new {rows}: {_apart(now, part)}; "
            f"against the training {rows}: {_apart(then, part)}"
        )
    return lines


def _kind(problem: Problem, rows: str) -> str:
    """What is wrong, in the word for what was looked at."""
    return str(problem.kind).replace("rows", rows)


def _apart(gap: Gap, part: str) -> str:
    """How far two sets of rows are apart, and by which parts, in words."""
    worst = f" ({', '.join(map(repr, gap.worst))})" if gap.worst else ""
    auc = "" if gap.auc is None else f", all together tell them apart with an AUC of {gap.auc:.2f}"
    return f"{gap.share:.0%} of {part}s differ{worst}{auc}"


def _row(column: ColumnDrift) -> str:
    cells = (
        _plain(column.name),
        _number(column.value),
        _number(column.low),
        _number(column.high),
        _number(column.threshold),
        "" if column.shift is None else f"{column.shift:+.1f} sd",
        f"{column.missing:.1%}",
        f"{column.missing_reference:.1%}",
        f"{column.unseen:.1%}",
        "**drifted**" if column.drifted else "",
    )
    return f"| {' | '.join(cells)} |"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _plain(text: str) -> str:
    """`text` as itself: a column's name may hold what Markdown or HTML would take as its own."""
    for sign in "\\`*_[]|<>":
        text = text.replace(sign, f"\\{sign}")
    return text.replace("\n", " ")
