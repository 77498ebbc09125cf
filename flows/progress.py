"""What a person sees in the terminal while a run goes on and when it has ended."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import prefect
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from components.evaluation.evidence import Outcome as Judged
from components.reporting.summary import summary_lines
from flows.steps.outcome import Outcome
from flows.steps.report import judged_unit

_LOGGERS = ("prefect.flow_runs", "prefect.task_runs")
_ENGINE = str(Path(prefect.__file__).parent)
MARKS = {
    Judged.PASSED: "[green]pass[/green]",
    Judged.REFUSED: "[red]fail[/red]",
    Judged.UNDECIDED: "[yellow]thin[/yellow]",
}


class _Lines(logging.Handler):
    """Prints our own messages, not the engine's."""

    def __init__(self, console: Console) -> None:
        super().__init__(logging.INFO)
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        if not record.pathname.startswith(_ENGINE):
            self._console.print(f"  {escape(record.getMessage())}", highlight=False)


@contextmanager
def show_progress(console: Console) -> Iterator[None]:
    """Print each line that the flow and its stages log, and none of the engine's."""
    lines = _Lines(console)
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    for logger in loggers:
        logger.addHandler(lines)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(lines)


def show_outcome(console: Console, outcome: Outcome) -> None:
    """Print the verdict, the figures behind it and where to look."""
    unit = judged_unit(outcome.registered, outcome.workspace)
    table = Table(title=f"What was measured on {unit}s the generator never saw")
    for title in ("metric", "value", "interval", "ideal"):
        table.add_column(title)
    for line in summary_lines(outcome.registered.evidence):
        table.add_row(line.metric, line.value, line.interval, line.ideal)
    console.print(table)
    for gate in outcome.registered.evidence.verdict.gates:
        console.print(f"{MARKS[gate.outcome]}  {escape(gate.reason)}", highlight=False)
    decision, model = outcome.decision, outcome.registered.model
    title = f"{model} version {outcome.registered.version}"
    promoted = decision.promote or decision.is_champion
    state = "[green]champion[/green]" if promoted else "[red]refused[/red]"
    if decision.undecided:
        state = "[yellow]undecided[/yellow]"
    if decision.waits:
        state = "[yellow]waits for approval[/yellow]"
    console.print(f"\n[bold]{title}: {state}[/bold]\n{escape(decision.reason)}", highlight=False)
    if decision.waits:
        console.print(escape(decision.waits), highlight=False)
    places = {
        "report": outcome.report,
        "version": f"models:/{model}/{outcome.registered.version} in {outcome.registry}",
        "workspace": outcome.workspace,
        "pages": outcome.pages or "`make up` starts the Prefect and MLflow pages",
    }
    console.print()
    for name, place in places.items():
        console.print(f"{name:<10} {escape(str(place))}", highlight=False, soft_wrap=True)
