"""`mintmark verify`: does every recipe of a family still reach what it asks of itself?"""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from components.recipes.recipe import Family, Preset


def verify(
    family: Annotated[Family, typer.Argument(help="Which recipes.")],
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds each is run with.")] = 3,
    preset: Annotated[Preset, typer.Option(help="How large the runs are.")] = Preset.CPU,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The page; else docs/FAMILY.md of the checkout."),
    ] = None,
) -> None:
    """Run every recipe of a family with several seeds, and write what each reached.

    This may take hours. Ended runs are kept: the same command goes on where it was, and runs again
    what other code would do. The page is written anew after every run.
    """
    from flows.project import PROJECT, set_up_environment

    home = set_up_environment()
    from flows import verification
    from flows.progress import show_progress
    from flows.server import prefect_server
    from flows.verification_page import verification_page

    console, page = Console(), output or PROJECT / "docs" / f"{family}.md"
    found: list[verification.Verified] = []

    def tell(what: str) -> None:
        console.print(f"[bold]{what}[/bold]", highlight=False)

    with prefect_server(home), show_progress(console):
        for each in verification.verify(family, range(seeds), preset, home, tell):
            found.append(each)
            page.write_text(verification_page(family, preset, found))
            passed = sum(gate.outcome == "passed" for gate in each.gates)
            said = each.failed or f"{passed} of {len(each.gates)} gates passed"
            console.print(f"{each.recipe}, seed {each.seed}: {said}", highlight=False)
    console.print(f"page: {page}", highlight=False)
