"""A drift report in Markdown, for a person who has half a minute."""

from components.monitoring.report import ColumnDrift, DriftReport

_ROWS = 8


def summary_markdown(report: DriftReport, title: str) -> str:
    """The verdict, the reason, what changed, and a table of the columns that differ most."""
    lines = [f"# {title}: {report.status}", "", f"{_plain(report.reason)}.", ""]
    lines.append(f"{report.num_current:,} new rows against {report.num_reference:,} training rows.")
    if report.changes:
        lines += ["", "**Schema**", ""]
        lines += [f"- {_plain(change.text)}" for change in report.changes]
    if report.columns:
        lines += ["", "| column | distance | allowed | missing | before | new categories | |"]
        lines.append("|---|---|---|---|---|---|---|")
        lines += [_row(column) for column in report.columns[:_ROWS]]
    return "\n".join(lines) + "\n"


def _row(column: ColumnDrift) -> str:
    cells = (
        _plain(column.name),
        _number(column.value),
        _number(column.threshold),
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
