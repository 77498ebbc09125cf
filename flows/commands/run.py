"""`mintmark run`, `mintmark recipes` and `mintmark params`."""

from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from components.config import Approval, Purpose
from components.recipes.recipe import Preset
from flows.commands.options import GENERATORS_OF_ROWS


def run(
    recipe: Annotated[
        str | None,
        typer.Argument(help="A recipe (see `mintmark recipes`); else the settings in params.yaml."),
    ] = None,
    preset: Annotated[Preset, typer.Option(help="How large a recipe is run.")] = Preset.CPU,
    data: Annotated[
        str | None,
        typer.Option(
            help="Your own table (a path, folder or glob of CSV or Parquet), images (a folder of "
            "PNG and JPEG files, an .npz file), or either as s3://."
        ),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(
            help="The column to predict; none for images. For sharing the one that the others tell "
            "most of stands in."
        ),
    ] = None,
    purpose: Annotated[
        Purpose | None, typer.Option(help="What the generator is judged for.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help=f"{GENERATORS_OF_ROWS}; for images image_gan, image_gaussian, deformations, "
            "lapgan, semi_supervised_gan, and for anomalies in them image_vae, anomaly_gan; for "
            "anomalies in series series_autoencoder."
        ),
    ] = None,
    name: Annotated[str | None, typer.Option(help="The name to register under.")] = None,
    again: Annotated[
        str | None,
        typer.Option(help="A registered model to train again, on its data as it is now."),
    ] = None,
    approval: Annotated[
        Approval | None, typer.Option(help="Who promotes a version that passed its gates.")
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="Any setting, as section.key=value; may be given again."),
    ] = None,
) -> None:
    """Run the loop once: prepare, train, synthesize, evaluate, register, decide, promote.

    A run that was killed goes on where it was when the same command is given again; work that
    was done before is not done twice. Exit status 0 whatever the verdict: a refusal is an answer.
    """
    from flows.project import set_up_environment

    home = set_up_environment()
    from components.data.stand_in import STANDS_IN
    from flows.forms import fill_in
    from flows.request import RunRequest, build_params
    from flows.services.server import prefect_server

    console = Console()
    request = fill_in(
        RunRequest,
        recipe=recipe,
        preset=preset,
        data=data,
        target=target,
        purpose=purpose,
        model=model,
        name=name,
        again=again,
        approval=approval,
        overrides=tuple(set_ or ()),
    )
    params = build_params(request)
    console.print(
        f"[bold]{params.name}[/bold]: {params.train.model.name} on {escape(params.prepare.data)}, "
        f"judged for {params.evaluate.purpose}",
        highlight=False,
    )
    if params.evaluate.stands_in:
        told = STANDS_IN.format(target=params.prepare.target)
        console.print(escape(told), highlight=False)
    with prefect_server(home):
        from flows.progress import show_outcome, show_progress
        from flows.retrain import retrain

        with show_progress(console):
            outcome = retrain(request.pinned(params))
    show_outcome(console, outcome)


def params(
    recipe: Annotated[str, typer.Argument(help="A recipe (see `mintmark recipes`).")],
    preset: Annotated[Preset, typer.Option(help="How large the run is.")] = Preset.CPU,
) -> None:
    """Print a recipe's settings: a `params.yaml` to start from."""
    from flows.forms import fill_in
    from flows.request import RunRequest, build_params, to_yaml

    request = fill_in(RunRequest, recipe=recipe, preset=preset)
    typer.echo(to_yaml(build_params(request)), nl=False)


def recipes() -> None:
    """List the bundled problems and the question that each one's verdict answers."""
    from components.recipes.catalog import DEFAULT, RECIPES

    console = Console()
    for name, recipe in RECIPES.items():
        mark = " (the default)" if name == DEFAULT else ""
        console.print(f"[bold]{name}[/bold]{mark}\n  {recipe.question}", highlight=False)
