"""`mintmark verify`: does every recipe of a family still reach what it asks of itself?"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from components.recipes.recipe import Family, Preset

if TYPE_CHECKING:
    from flows.verification import Verified


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
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The page; else docs/FAMILY.md of the checkout."),
    ] = None,
) -> None:
    """Run every recipe of a family with several seeds, and write what each reached.

    This may take hours. Ended runs are kept: the same command goes on where it was, then runs again
    what older code did. The page is written anew after every run, and tells older figures by their
    commit.
    """
    from flows.project import PROJECT, set_up_environment

    home = set_up_environment()
    from flows.progress import show_progress
    from flows.server import prefect_server
    from flows.verification import plan
    from flows.verification_page import verification_page

    console, page = Console(), output or PROJECT / "docs" / f"{family}.md"
    planned = plan(family, range(seeds), preset, home, only or ())
    found = {each: kept for each in planned if (kept := each.record()) is not None}
    missing = [each for each in planned if each not in found]
    stale = [each for each in found if not each.is_kept()]
    page.write_text(verification_page(family, preset, list(found.values())))
    if run and (missing or stale):
        with prefect_server(home), show_progress(console):
            for each in (*missing, *stale):
                console.print(f"[bold]{each.recipe}, seed {each.seed}[/bold]", highlight=False)
                found[each] = each.run()
                page.write_text(verification_page(family, preset, list(found.values())))
                console.print(_said(found[each]), highlight=False)
    console.print(f"page: {page}", highlight=False)


def _said(found: "Verified") -> str:
    """How it ended, in a line."""
    passed = sum(gate.outcome == "passed" for gate in found.gates)
    said = found.failed or f"{passed} of {len(found.gates)} gates passed"
    return f"{found.recipe}, seed {found.seed}: {said}"
