"""`mintmark monitor`: are new rows still like those a champion was trained on, are any odd?"""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

_EXIT = {"ok": 0, "anomaly": 1, "drift": 1, "breached": 1, "unusable": 3}
_MARKS = {
    "ok": "green",
    "anomaly": "magenta",
    "drift": "red",
    "breached": "yellow",
    "unusable": "yellow",
}


def monitor(
    model: Annotated[str, typer.Argument(help="A registered model; its champion is monitored.")],
    data: Annotated[
        str,
        typer.Option(
            help="The new rows: a path, folder or glob of CSV, Parquet or images, or s3://. "
            "Without it, the place the training rows came from, as it is now."
        ),
    ] = "",
    json_: Annotated[
        Path | None, typer.Option("--json", help="Where to write the whole report, as JSON.")
    ] = None,
    alarm: Annotated[float, typer.Option(help="The share of drifted columns that is drift.")] = 0.3,
    false_alarms: Annotated[
        float, typer.Option(help="How many false alarms a month there may be.")
    ] = 0.1,
    looks: Annotated[float, typer.Option(help="How many looks a month there are.")] = 120.0,
    time_column: Annotated[
        str, typer.Option(help="The datetime that tells the hour or the weekday.")
    ] = "",
    period: Annotated[
        str,
        typer.Option(help="Compare with training rows of the same 'hour of day' or 'day of week'."),
    ] = "none",
    flagged: Annotated[
        float,
        typer.Option(
            help="Of a model that finds anomalies: the share of normal rows that may be called "
            "odd. 0 is the share it was judged by."
        ),
    ] = 0.0,
) -> None:
    """Say whether new rows have drifted from the rows a champion was trained on, or are odd.

    Odd rows are looked for where the champion is to find anomalies. Exit status 0 where all is
    well, 1 where rows have drifted, columns came or went, more rows are odd than so many normal
    ones would be, or a value is far beyond anything seen, 2 where the command makes no sense, 3
    where the rows say nothing: too few, unreadable, out of order.
    """
    from flows.project import set_up_environment

    home = set_up_environment()
    from components.data.output import check_writable
    from components.monitoring.odd_lines import odd_lines
    from components.monitoring.summary import evidence
    from flows.forms import fill_in
    from flows.watching.drift_check import MonitorRequest, look

    if json_:
        check_writable(json_)
    request = fill_in(
        MonitorRequest,
        model=model,
        data=data,
        alarm_share=alarm,
        false_alarms=false_alarms,
        looks=looks,
        time_column=time_column,
        period=period,
        flagged=flagged,
    )
    with Console(stderr=True).status("comparing"):
        seen = look(request, home)
    report = seen.detection.report
    if json_:
        json_.write_text(report.model_dump_json(indent=1) + "\n")
    status, rows = str(report.status), report.unit.plural
    Console().print(
        f"[{_MARKS[status]}]{status}[/]  [bold]{escape(model)}[/bold] version "
        f"{seen.watched.version}, {report.num_current:,} new {rows} of {escape(seen.data)}\n"
        f"{escape(report.reason)}",
        highlight=False,
        soft_wrap=True,
    )
    for line in (*odd_lines(report), *evidence(report)):
        Console().print(escape(line), highlight=False, soft_wrap=True)
    if _EXIT[status]:
        raise typer.Exit(_EXIT[status])
