"""`mintmark release`, `pull` and `verify-release`: synthetic rows as a product."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from flows.commands.options import SeedOption

_CHAMPION = "champion"


def release(
    model: Annotated[
        str, typer.Argument(help="A registered generator: NAME (its champion), or NAME@VERSION.")
    ],
    num_rows: Annotated[int, typer.Option("--rows", "-n", help="How many rows.")] = 10_000,
    seed: SeedOption = 0,
    notes: Annotated[
        str, typer.Option(help="For the card: licence, permitted use, whom to ask.")
    ] = "",
    unproven: Annotated[
        str | None,
        typer.Option(help="Why to release a version that did not pass for sharing; on the card."),
    ] = None,
) -> None:
    """Publish rows of a generator: numbered, hashed, with a card that says what was proven.

    The same version, rows and seed are released once; asking again shows that release.
    """
    from flows.project import set_up_environment

    home = set_up_environment()
    from components.registry.releases import release as releasing
    from components.registry.releases.making import ReleaseOrder
    from components.registry.releases.versions import release_model
    from components.registry.tracking import connect

    name, which = _split(model)
    order = ReleaseOrder(name, which, num_rows, seed, notes, unproven)
    with Console(stderr=True).status(f"drawing {num_rows:,} rows from {name}@{which}"):
        made = releasing.release(connect(home), order, home)
    card, console = made.card, Console()
    done = "was there already" if made.existed else "is made"
    lines = [
        f"[bold]{card.reference}[/bold] {done}: {card.rows:,} {card.unit} of version "
        f"{card.generator_version}, seed {card.seed}",
        f"sha256 {card.sha256}",
        f"fetch it: mintmark pull {card.reference} -o FOLDER",
        f"or by MLflow alone: models:/{release_model(name)}/{card.release}",
    ]
    if card.account is not None:
        lines.insert(1, f"released so far: {card.account.sentence()}")
    if card.unproven is not None:
        lines.insert(1, f"not proven for sharing; released because: {escape(card.unproven)}")
    console.print("\n".join(lines), highlight=False, soft_wrap=True)


def pull(
    model: Annotated[
        str, typer.Argument(help="NAME@champion, or NAME@NUMBER for an older release.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="A new or an empty folder.")],
) -> None:
    """Fetch a release: rows.parquet and card.json, checked against the registry's hashes."""
    from flows.project import set_up_environment

    home = set_up_environment()
    from components.registry.releases.delivery import pull_release
    from components.registry.tracking import connect

    name, which = _split(model)
    card = pull_release(connect(home), name, which, output)
    console = Console(stderr=True)
    console.print(
        f"{card.reference}: {card.rows:,} {card.unit} of version {card.generator_version} in "
        f"{escape(str(output))}",
        highlight=False,
        soft_wrap=True,
    )
    if card.unproven is not None:
        console.print(f"not proven for sharing: {escape(card.unproven)}", highlight=False)


def verify_release(
    model: Annotated[str, typer.Argument(help="NAME@NUMBER, or NAME@champion.")],
) -> None:
    """Make a release again and compare rows and bytes; exit 1 where it is not what it was."""
    from flows.project import set_up_environment

    home = set_up_environment()
    from components.registry.releases import delivery
    from components.registry.tracking import connect

    name, which = _split(model)
    with Console(stderr=True).status(f"making {name}@{which} again"):
        found = delivery.verify_release(connect(home), name, which)
    mark = "[green]ok[/green]" if found.passed else "[red]no[/red]"
    Console().print(f"{mark} {escape(found.reason)}", highlight=False, soft_wrap=True)
    if not found.passed:
        raise typer.Exit(1)


def _split(model: str) -> tuple[str, str]:
    """A name, and the alias or number behind its `@`; without one, the champion."""
    name, _, which = model.partition("@")
    return name, which or _CHAMPION
