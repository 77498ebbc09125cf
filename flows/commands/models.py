"""`mintmark models`, `sample`, `promote` and `rollback`: what is in the registry."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from flows.commands.options import SeedOption, VersionArgument


def models() -> None:
    """List the registered models: champion, newest version, and what the newest was judged."""
    from flows.project import set_up_environment

    home = set_up_environment()
    from components.registry.listing import list_models
    from components.registry.tracking import connect

    console = Console()
    found = list_models(connect(home))
    if not found:
        console.print("no model is registered yet; `mintmark run` makes one")
        return
    for entry in found:
        champion = escape(f"champion: {entry.standing}")
        console.print(f"[bold]{entry.name}[/bold]  {champion}", highlight=False)
        judged = f"version {entry.newest}, the newest: {entry.verdict or 'not judged'}"
        console.print(f"  {judged}\n  {escape(entry.reason)}", highlight=False)


def sample(
    model: VersionArgument,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            help="Where to write: a .parquet or .csv file; images go to a .parquet or .npz file, "
            "or a new folder.",
        ),
    ],
    num_rows: Annotated[int, typer.Option("--rows", "-n", min=1, help="How many rows.")] = 1_000,
    seed: SeedOption = 0,
    condition: Annotated[
        str | None,
        typer.Option(
            help='What all rows must have, as JSON: \'{"income": ">50K"}\'. Some generators '
            "take any columns, others the target alone."
        ),
    ] = None,
) -> None:
    """Write rows or images drawn from a registered model; without an alias, from its champion."""
    from flows.project import set_up_environment

    home = set_up_environment()
    from components.errors import UserError
    from components.registry.listing import pull
    from components.registry.promotion import CHAMPION
    from components.registry.tracking import connect
    from flows.commands.drawing import draw_to_file

    try:
        wanted = json.loads(condition) if condition else None
    except json.JSONDecodeError as error:
        raise UserError(f"condition {condition!r} is not a JSON object: {error}") from error
    if condition and not isinstance(wanted, dict):
        raise UserError(f'condition {condition!r} is not a JSON object, such as {{"age": 30}}')
    name, _, alias = model.partition("@")
    generator = pull(connect(home), name, alias or CHAMPION)
    console = Console(stderr=True)
    draw_to_file(console, generator, num_rows, output, condition=wanted, seed=seed)
    console.print(f"{num_rows} written: {escape(str(output))}", highlight=False)


def promote(
    model: Annotated[str, typer.Argument(help="A registered model.")],
    version: Annotated[int, typer.Argument(min=1, help="The version to promote.")],
    why: Annotated[str, typer.Option(help="The reason, for the audit record.")],
) -> None:
    """Make a version the champion; the champion becomes the previous one."""
    from flows.project import set_up_environment

    home = set_up_environment()
    from components.registry import promotion
    from components.registry.tracking import connect
    from flows.services.turns import told_of_a_server, turn

    client = connect(home)
    with turn("promote", model, is_shared=told_of_a_server()):
        before = promotion.champion(client, model)
        promotion.promote(client, model, str(version), expected=before, reason=why, home=home)
    instead = f", no longer {before}" if before else ""
    Console().print(f"{model}: version {version} is the champion{instead}")


def rollback(
    model: Annotated[str, typer.Argument(help="A registered model.")],
    why: Annotated[str, typer.Option(help="The reason, for the audit record.")],
) -> None:
    """Make the previous champion the champion again; the two change places."""
    from flows.project import set_up_environment

    home = set_up_environment()
    from components.registry import promotion
    from components.registry.tracking import connect
    from flows.services.turns import told_of_a_server, turn

    with turn("promote", model, is_shared=told_of_a_server()):
        before, after = promotion.rollback(connect(home), model, reason=why, home=home)
    instead = "" if before == "none" else f", no longer {before}"
    Console().print(f"{model}: version {after} is the champion again{instead}")
