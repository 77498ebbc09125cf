"""`mintmark synthesize`: rows like those of a table, with no server and no registry."""

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

AUTO = "auto"
_CHOSEN = "trees"


def synthesize(
    table: Annotated[str, typer.Argument(help="A CSV or Parquet file, a glob, or an s3:// URI.")],
    target: Annotated[str, typer.Option(help="The column that matters most; generated first.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Where to write: a .parquet or .csv file.")
    ],
    model: Annotated[
        str, typer.Option(help="auto (sequential trees), trees, copula or ctgan.")
    ] = AUTO,
    rows: Annotated[
        int | None, typer.Option(min=1, help="How many rows; without it, as many as the table has.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Equal seeds give equal rows.")] = 0,
    drop: Annotated[
        list[str] | None, typer.Option(help="A column to leave out; may be given again.")
    ] = None,
    kind: Annotated[
        list[str] | None, typer.Option(help="What a column is, as column=kind; may be given again.")
    ] = None,
) -> None:
    """Write synthetic rows that look like those of TABLE. Nothing is judged or registered.

    To learn whether the rows help, or give anyone away, use `mintmark run --data`.
    """
    from components.data.output import check_output, write_frame
    from components.data.preparation import declared_kinds, prepare_table
    from components.data.sources import read_source
    from components.models.catalog import default_config, make_model

    console = Console(stderr=True)
    check_output(output)
    config = default_config(_CHOSEN if model == AUTO else model)
    started = time.monotonic()
    source = read_source(table)
    real = prepare_table(source.frame, target, drop=drop or (), kinds=declared_kinds(kind or ()))
    with console.status(f"fitting {config.name} to {len(real)} rows"):
        generator = make_model(config)
        generator.fit(real, seed=seed)
        synthetic = generator.sample(rows or len(real), seed=seed)
    write_frame(synthetic, output)
    seconds = time.monotonic() - started
    console.print(
        f"{len(synthetic)} rows by {config.name} in {seconds:.1f} s: {escape(str(output))}",
        highlight=False,
    )
