"""`mintmark fsck`: whether registry and storage agree, and mending what does not."""

from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape


def fsck(
    mend: Annotated[bool, typer.Option("--mend", help="Mend what can be mended.")] = False,
    read_bytes: Annotated[
        bool, typer.Option("--read", help="Read all content and compare it with its hash.")
    ] = False,
    keep_days: Annotated[
        int, typer.Option(min=1, help="What changed within so many days is no orphan.")
    ] = 14,
) -> None:
    """Look for versions with missing content, content nobody needs, and what was broken off.

    Nothing is changed without --mend. Exit 1 where anything is left to be mended.
    """
    from flows.project import set_up_environment

    home = set_up_environment()
    from components.registry.consistency import examine
    from components.registry.tracking import connect
    from flows.mending import mend_all

    console = Console()
    findings = list(examine(connect(home), home, read_bytes=read_bytes, keep_days=keep_days))
    mended = mend_all(findings, home) if mend else []
    for finding in findings:
        done = "mended" if finding in mended else "to mend" if finding.can_be_mended else "lost"
        console.print(f"{done}: {finding.fault}: {escape(finding.about)}", highlight=False)
        console.print(f"  {escape(finding.advice)}", highlight=False)
    left = len(findings) - len(mended)
    console.print(f"{len(findings)} found, {len(mended)} mended, {left} left")
    if left:
        raise typer.Exit(1)
