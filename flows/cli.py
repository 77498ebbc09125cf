"""The command line: `mintmark --help`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from components.config import Purpose
from components.errors import UserError
from components.recipes.recipe import Preset

app = typer.Typer(
    name="mintmark",
    help="Train generative models, prove that what they make helps, promote only what passed.",
    epilog="Start with: mintmark run",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
console = Console()


@app.command()
def run(
    recipe: Annotated[
        str | None, typer.Argument(help="A recipe; without one, the settings in params.yaml.")
    ] = None,
    preset: Annotated[Preset, typer.Option(help="How large the run is.")] = Preset.CPU,
    data: Annotated[
        str | None, typer.Option(help="Your own table: a path, folder, glob or s3:// URI.")
    ] = None,
    target: Annotated[str | None, typer.Option(help="The column to predict.")] = None,
    purpose: Annotated[
        Purpose | None, typer.Option(help="What the generator is judged for.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="trees, copula or ctgan.")] = None,
    name: Annotated[str | None, typer.Option(help="The name to register under.")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="A setting, as section.key=value.")
    ] = None,
) -> None:
    """Run the loop once: prepare, train, synthesize, evaluate, register, decide, promote."""
    from flows.project import set_up_environment

    set_up_environment()
    from flows.progress import show_outcome, show_progress
    from flows.request import RunRequest, build_params
    from flows.retrain import retrain

    request = RunRequest(
        recipe=recipe,
        preset=preset,
        data=data,
        target=target,
        purpose=purpose,
        model=model,
        name=name,
        overrides=tuple(set_ or ()),
    )
    build_params(request)
    with show_progress(console):
        outcome = retrain(request)
    show_outcome(console, outcome)


@app.command()
def recipes() -> None:
    """List the bundled problems and what each one's verdict answers."""
    from components.recipes.catalog import DEFAULT, RECIPES

    for recipe_name, recipe in RECIPES.items():
        mark = " (the default)" if recipe_name == DEFAULT else ""
        console.print(f"[bold]{recipe_name}[/bold]{mark}\n  {recipe.question}")


def main() -> None:
    """Run the command line; a user's error is one line and exit status 2."""
    try:
        app()
    except UserError as error:
        Console(stderr=True).print(f"[red]error:[/red] {error}", highlight=False, soft_wrap=True)
        raise SystemExit(2) from error


__all__ = ["Path", "app", "main"]
