"""`mintmark judge`: the verdict on synthetic data from any tool, without registry or server."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from components.config import Purpose
from flows.commands.options import DropOption, KindOption

if TYPE_CHECKING:
    from components.evaluation.evidence import Evidence

_NOT_PASSED = 1
_COLOURS = {"passed": "green", "refused": "red", "undecided": "yellow"}


def judge(
    train: Annotated[
        str, typer.Option(help="The real rows or images that the synthetic ones were made from.")
    ],
    test: Annotated[str, typer.Option(help="Real ones that were held back from their maker.")],
    synthetic: Annotated[
        str,
        typer.Option(
            help="What to judge. All three: CSV or Parquet, a path or s3://; or images, as .npz "
            "(images, labels) or a folder of PNG or JPEG files, one folder a class."
        ),
    ],
    target: Annotated[
        str | None,
        typer.Option(
            help="The column that learners are to predict; not for images. For sharing the one "
            "that the others tell most of stands in."
        ),
    ] = None,
    purpose: Annotated[
        Purpose, typer.Option(help="What the rows are judged for.")
    ] = Purpose.SHARING,
    json_: Annotated[
        Path | None, typer.Option("--json", help="Where to write all the evidence, as JSON.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option("--report", help="Where to write the report, an HTML page.")
    ] = None,
    protocol: Annotated[
        str | None, typer.Option(help="How much is done, as evaluate.protocol: quick, thorough.")
    ] = None,
    drop: DropOption = None,
    kind: KindOption = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="A setting, as evaluate.key=value; may be given again."),
    ] = None,
) -> None:
    """Judge synthetic rows or images, whatever made them, on real ones their maker never saw.

    Exit status 0 where they pass every gate; 1 where a gate refuses them, or the evidence is too
    thin to decide; 2 where they cannot be judged. Nothing is registered.
    """
    from components.data.output import check_writable
    from flows.judging import JudgeOrder, judge_files, read_config

    config = read_config(purpose, protocol, set_ or ())
    for path in filter(None, (json_, report)):
        check_writable(path, (train, test, synthetic))
    order = JudgeOrder(train, test, synthetic, target, config, drop or (), kind or ())
    judged = judge_files(order, _say_progress)
    if json_:
        judged.evidence.save(json_)
    if report:
        from components.reporting.report import render

        report.write_text(render(judged.evidence, judged.lineage, judged.panels))
    _show(judged.evidence, report)
    if not judged.evidence.verdict.passed:
        raise typer.Exit(_NOT_PASSED)


def _say_progress(step: int, metrics: Mapping[str, float]) -> None:
    """One line for each part that is done."""
    for name, share in metrics.items():
        Console(stderr=True).print(f"{name.replace('_', ' ')}: {share:.0%}", highlight=False)


def _show(evidence: "Evidence", report: Path | None) -> None:
    """Print the figures, each gate with its reason, notes and the verdict."""
    from components.reporting.summary import summary_lines

    console = Console()
    table = Table(title="What was measured")
    for title in ("metric", "value", "interval", "ideal"):
        table.add_column(title)
    for line in summary_lines(evidence):
        table.add_row(line.metric, line.value, line.interval, line.ideal)
    console.print(table)
    for note in evidence.notes:
        console.print(f"[yellow]note[/yellow]  {escape(note)}", highlight=False, soft_wrap=True)
    for gate in evidence.verdict.gates:
        colour = _COLOURS[gate.outcome]
        text = f"[{colour}]{gate.outcome}[/{colour}]  {escape(gate.reason.split(': ', 1)[1])}"
        console.print(text, highlight=False, soft_wrap=True)
    colour, verdict = _COLOURS[evidence.verdict.outcome], evidence.verdict
    console.print(
        f"\n[bold {colour}]{verdict.outcome} for {verdict.purpose}[/bold {colour}]\n"
        f"{escape(verdict.summary)}",
        highlight=False,
        soft_wrap=True,
    )
    if report:
        console.print(f"report: {escape(str(report))}", highlight=False, soft_wrap=True)
