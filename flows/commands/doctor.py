"""`mintmark doctor`: what is set up, what is reachable, what to do about what is not."""

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table


def doctor() -> None:
    """Say what is set up and reachable, and what to do about what is not; exit 1 if anything."""
    from flows.project import set_up_environment

    home = set_up_environment()
    from flows.services.health import examine

    console = Console()
    findings = examine(home)
    table = Table("", "what", Column("found", overflow="fold"), "what to do")
    for finding in findings:
        mark = "[green]ok[/green]" if finding.is_well else "[red]no[/red]"
        table.add_row(
            mark,
            finding.what,
            escape(finding.found),
            "" if finding.is_well else escape(finding.mend),
        )
    console.print(table)
    if not all(finding.is_well for finding in findings):
        raise typer.Exit(1)
