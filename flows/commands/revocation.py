"""`mintmark revoke`: withdraw a source, a generator or a release with all that descends from it."""

from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape


class Kind(StrEnum):
    """What can be revoked."""

    SOURCE = "source"
    MODEL = "model"
    RELEASE = "release"


def revoke(
    kind: Annotated[Kind, typer.Argument(help="What is withdrawn.")],
    what: Annotated[
        str,
        typer.Argument(
            help="A source's path or URI, or its SHA-256; else NAME@NUMBER, NAME@champion or "
            "NAME@all."
        ),
    ],
    why: Annotated[str, typer.Option(help="The reason; all who meet it will read it.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only list what it would reach.")
    ] = False,
) -> None:
    """Withdraw WHAT and everything made from it: models, their releases, models trained on those.

    Nothing withdrawn can be pulled, sampled, released, promoted or trained on again; the files
    are kept in quarantine. There is no way back; look with --dry-run first.
    """
    from flows.project import set_up_environment

    home = set_up_environment()
    from components.registry.revoking import revocation
    from components.registry.tracking import connect

    client = connect(home)
    if dry_run:
        found = revocation.find_revocation(client, kind.value, what, why)
    else:
        found = revocation.revoke(client, kind.value, what, why, home)
    newly = {thing.key for thing in found.newly}
    console = Console(soft_wrap=True, highlight=False)
    for thing in found.things:
        known = "" if thing.key in newly else ", revoked before"
        console.print(f"{escape(thing.title)}: {escape(thing.how)}{known}")
    for name in found.without_champion:
        verb = "would have" if dry_run else "has"
        console.print(f"[bold]{escape(name)} {verb} no champion any more[/bold]")
    done = "nothing was changed; this would be revoked" if dry_run else "revoked and in quarantine"
    console.print(f"{done}: {len(found.things)} in all, because of {escape(found.act.cause)}")
