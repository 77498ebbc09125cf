"""`mintmark collect`: free the space of what nothing refers to any more."""

from typing import Annotated

import typer
from rich.console import Console


def collect(
    keep_days: Annotated[
        int, typer.Option(min=1, help="What changed within so many days stays.")
    ] = 14,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be deleted.")
    ] = False,
) -> None:
    """Delete old runs' folders, checkpoints and cached content that nothing refers to.

    What a registered version or a release refers to always stays, and so does what a run that
    goes on may need. The same runs can be asked for again; they only take their time again.
    """
    from flows.project import PROJECT, set_up_environment

    home = set_up_environment()
    from components.registry.references import collect_unreferenced
    from components.registry.tracking import connect
    from flows.collected import collected_lines

    done = collect_unreferenced(connect(home), home, PROJECT, keep_days=keep_days, dry_run=dry_run)
    for line in collected_lines(done):
        Console().print(line, highlight=False)
