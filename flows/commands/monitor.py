"""`mintmark monitor`: are new rows still like those that a champion was trained on?"""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

_DRIFT = 1


def monitor(
    model: Annotated[str, typer.Argument(help="A registered model; its champion is monitored.")],
    data: Annotated[
        str,
        typer.Option(
            help="The new rows: a path, folder or glob of CSV or Parquet, or s3://. Without it, "
            "the place the training rows came from, as it is now."
        ),
    ] = "",
    json_: Annotated[
        Path | None, typer.Option("--json", help="Where to write the whole report, as JSON.")
    ] = None,
    alarm: Annotated[float, typer.Option(help="The share of drifted columns that is drift.")] = 0.3,
) -> None:
    """Say whether new rows have drifted from the rows a champion was trained on.

    Exit status 0 where they have not, 1 where they have or where columns came or went, 2 where
    they cannot be read.
    """
    from flows.project import set_up_environment

    home = set_up_environment()
    from components.errors import UserError
    from components.monitoring.report import Status
    from flows.drift_check import MonitorRequest, look
    from flows.forms import fill_in

    if json_ and not json_.absolute().parent.is_dir():
        raise UserError(f"cannot write {json_}: there is no folder {json_.absolute().parent}")
    request = fill_in(MonitorRequest, model=model, data=data, alarm_share=alarm)
    with Console(stderr=True).status("comparing"):
        seen = look(request, home)
    report = seen.detection.report
    if json_:
        json_.write_text(report.model_dump_json(indent=1) + "\n")
    is_drift = report.status is Status.DRIFT
    mark = "[red]drift[/red]" if is_drift else "[green]ok[/green]"
    Console().print(
        f"{mark}  [bold]{escape(model)}[/bold] version {seen.watched.version}, "
        f"{report.num_current:,} new rows of {escape(seen.data)}\n{escape(report.reason)}",
        highlight=False,
        soft_wrap=True,
    )
    if is_drift:
        raise typer.Exit(_DRIFT)
