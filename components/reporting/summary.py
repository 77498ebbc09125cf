"""The evidence in short: Markdown for an artifact, rows for a terminal."""

from collections.abc import Sequence
from dataclasses import dataclass

from components.data.counted import counted
from components.evaluation.evidence import Evidence
from components.reporting.lineage import Lineage, links
from components.reporting.markdown import escaped
from components.reporting.rows import gate_rows, headline, measurement_rows


@dataclass(frozen=True)
class SummaryLine:
    """One row of the terminal's table, every cell as text."""

    metric: str
    value: str
    interval: str
    ideal: str


def summary_lines(evidence: Evidence) -> list[SummaryLine]:
    """One line a measurement, in the evidence's order."""
    return [
        SummaryLine(row.metric, row.value, row.interval, row.ideal)
        for row in measurement_rows(evidence)
    ]


def summary_markdown(evidence: Evidence, lineage: Lineage, unit: str = "row") -> str:
    """A short Markdown page: the verdict, its gates, the figures, where they come from.

    `unit` is what one of those that were judged is called.
    """
    said = headline(evidence, lineage)
    sections = [
        f"# {escaped(lineage.title)}: {escaped(said.text)}",
        escaped(said.why),
        "## Gates",
        _gates(evidence),
        "## Measured",
        _measured(evidence),
        "## From",
        _origin(evidence, lineage, unit),
    ]
    return "\n\n".join(sections) + "\n"


def _gates(evidence: Evidence) -> str:
    header = ("metric", "value", "worse bound", "asked", "outcome", "reason")
    rows = [
        (row.title, row.value, row.bound, row.asked, row.outcome, row.reason)
        for row in gate_rows(evidence)
    ]
    return _table(header, rows)


def _measured(evidence: Evidence) -> str:
    header = ("metric", "value", "interval", "ideal")
    rows = [(row.metric, row.value, row.interval, row.ideal) for row in summary_lines(evidence)]
    return _table(header, rows)


def _origin(evidence: Evidence, lineage: Lineage, unit: str) -> str:
    """The few facts a reader asks for first, then the links."""
    dirty = " with uncommitted changes" if lineage.git_dirty else ""
    columns = f"{counted(len(evidence.columns), 'column')}; " if evidence.columns else ""
    lines = [
        f"generator {lineage.generator}, seed {lineage.seed}",
        f"data {lineage.data_uri} ({columns}{unit}s: {lineage.rows})",
        f"git {lineage.git_commit}{dirty}",
        lineage.moment,
    ]
    items = [f"- {escaped(line)}" for line in lines]
    for link in links(lineage):
        target = "" if link.href is None else link.href.replace("<", "%3C").replace(">", "%3E")
        shown = f"[{escaped(link.title)}](<{target}>)" if target else escaped(link.title)
        items.append(f"- {shown}" if target else f"- {shown}: {escaped(link.text)}")
    return "\n".join(items)


def _table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A Markdown table; "none" where there are no rows."""
    if not rows:
        return "none"
    lines = [header, tuple("---" for _ in header), *(map(escaped, row) for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
