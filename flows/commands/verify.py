"""`mintmark verify`: does every recipe of a family still reach what it asks of itself?"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from components.recipes.recipe import Family, Preset

if TYPE_CHECKING:
    from flows.verifying.records import Verified


_PAGES = {Family.TABLES: "table_recipes.md"}
"""Families whose page is named otherwise: `tables.md` is that of a benchmark."""


def verify(
    family: Annotated[Family, typer.Argument(help="Which recipes.")],
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds each is run with.")] = 3,
    preset: Annotated[Preset, typer.Option(help="How large the runs are.")] = Preset.CPU,
    only: Annotated[
        list[str] | None, typer.Option(help="A recipe to run alone; may be given again.")
    ] = None,
    run: Annotated[
        bool, typer.Option(help="Run what was not run yet; else write the page of what was.")
    ] = True,
    older: Annotated[bool, typer.Option(help="Then run again what older code did.")] = True,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="The page; else docs/FAMILY.md of the checkout (of tables table_recipes.md).",
        ),
    ] = None,
) -> None:
    """Run every recipe of a family with several seeds, and write what each reached.

    This may take hours. What ended is kept beside the page, as figures in a JSON file: the same
    command goes on where it was. The page is written anew after every run, and tells older figures
    by their commit. Exit status 1 where a recipe could not be run.
    """
    from flows.project import PROJECT, set_up_environment

    home = set_up_environment()
    from components.data.output import check_writable
    from components.errors import UserError
    from flows.progress import show_progress
    from flows.services.server import prefect_server
    from flows.verifying.page import verification_page
    from flows.verifying.plan import plan, undone
    from flows.verifying.records import RECORDS, Records

    if output:
        check_writable(output)
        if output.suffix == RECORDS:
            raise UserError(f"cannot write the page to {output}: that is where its figures go")
    console, page = Console(), output or PROJECT / "docs" / _PAGES.get(family, f"{family}.md")
    records, failed = Records(page.with_suffix(RECORDS)), []
    planned = plan(family, range(seeds), preset, records, only or ())
    left = undone(planned, older=older)
    page.write_text(verification_page(family, preset, records.of(preset)))
    if run and left:
        with prefect_server(home), show_progress(console):
            for each in left:
                console.print(f"[bold]{each.recipe}, seed {each.seed}[/bold]", highlight=False)
                found = each.run()
                if found.failed:
                    failed.append(found)
                page.write_text(verification_page(family, preset, [*records.of(preset), *failed]))
                console.print(escape(_said(found)), highlight=False)
    console.print(f"page: {escape(str(page))}", highlight=False)
    if failed:
        raise typer.Exit(1)


def _said(found: "Verified") -> str:
    """How it ended, in a line."""
    passed = sum(gate.outcome == "passed" for gate in found.gates)
    said = found.failed or f"{passed} of {len(found.gates)} gates passed"
    return f"{found.recipe}, seed {found.seed}: {said}"
