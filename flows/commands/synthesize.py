"""`mintmark synthesize`: rows like those of a table, with no server and no registry."""

import os
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from components.config import (
    PRIVATE_TARGET,
    AutoConfig,
    ModelConfig,
    PrivateConfig,
    Purpose,
    with_settings,
)
from components.data.counted import counted
from components.errors import UserError
from flows.commands.options import GENERATORS_OF_ROWS, DropOption, KindOption, SeedOption
from flows.option_words import told_as_options

if TYPE_CHECKING:
    from components.data.table import Table

_DEFAULT = "trees"


@told_as_options()
def synthesize(
    table: Annotated[str, typer.Argument(help="A CSV or Parquet file, a glob, or an s3:// URI.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Where to write: a .parquet or .csv file.")
    ],
    target: Annotated[
        str | None,
        typer.Option(
            help="The column that matters most; generated first. Without it, the one that the "
            "others tell most of; private needs it."
        ),
    ] = None,
    model: Annotated[str, typer.Option(help=f"{GENERATORS_OF_ROWS}.")] = _DEFAULT,
    rows: Annotated[
        int | None, typer.Option(min=1, help="How many rows; without it, as many as the table has.")
    ] = None,
    seed: SeedOption = 0,
    drop: DropOption = None,
    kind: KindOption = None,
    constraint: Annotated[
        list[str] | None,
        typer.Option(
            help="What holds in every row: 'a <= b', 'total = a + b', '100 = a + b + c', 'end = "
            "start + days(stay)', 'total = a * b', 'rate = 100 * a / b', 'tax = 0.2 * net', or "
            "'a & b' (values that go together); may be given again."
        ),
    ] = None,
    discover_constraints: Annotated[
        bool,
        typer.Option(
            "--discover-constraints",
            help="Also hold what all rows are found to keep; says what that is.",
        ),
    ] = False,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="A setting of the generator, as train.model.key=value; may be given again.",
        ),
    ] = None,
) -> None:
    """Write synthetic rows that look like those of TABLE. Nothing is judged or registered.

    Generators are set as `mintmark run --purpose sharing` sets them: trees in crowds of 15 rows.

    To learn whether the rows help, or give anyone away, use `mintmark run --data`.
    """
    from components.data.output import check_output
    from components.data.table import OTHER
    from components.models.catalog import NOT_PRIVATE
    from components.models.contract import FormallyPrivate
    from components.models.rare_levels import columns_gathered
    from components.racing.race import fit_chosen
    from flows.commands.drawing import draw_to_file

    console = Console(stderr=True)
    check_output(output, [table])
    config = _generator(model, set_ or (), target)
    if discover_constraints and isinstance(config, PrivateConfig):
        raise UserError(NOT_PRIVATE)
    started = time.monotonic()
    real = _read(table, target, drop or (), kind or (), constraint or (), console)
    if discover_constraints:
        real = _with_discovered(real, seed, console)
    console.print(f"columns: {escape(real.schema.told())}", highlight=False)
    with console.status(f"fitting {config.name} to {len(real)} rows"):
        fitted = fit_chosen(config, real, seed=seed, workers=os.cpu_count() or 1)
    if gathered := columns_gathered(real.schema, fitted.model.schema_):
        console.print(
            f"categories that too few rows have are given out as {OTHER!r} in: "
            f"{escape(', '.join(gathered))}",
            highlight=False,
        )
    num_rows = draw_to_file(console, fitted.model, rows or len(real), output, seed=seed)
    seconds = time.monotonic() - started
    name = fitted.race.winner.name if fitted.race else config.name
    console.print(
        f"{counted(num_rows, 'row')} by {name} in {seconds:.1f} s: {escape(str(output))}",
        highlight=False,
    )
    if isinstance(fitted.model, FormallyPrivate):
        console.print(
            f"the rows are ({fitted.model.epsilon_:g}, {fitted.model.delta_:g})-differentially "
            "private; another seed on the same table would cost as much again",
            highlight=False,
        )


def _generator(model: str, settings: Sequence[str], target: str | None) -> ModelConfig | AutoConfig:
    """The settings of the generator: as usual for sharing, but for those that were given."""
    from components.models.catalog import AUTO, default_config
    from flows.usual import usual_settings

    purpose = Purpose.SHARING
    usual = AutoConfig(purpose=purpose) if model == AUTO else usual_settings(model, purpose)
    config = with_settings(usual or default_config(model), settings)
    if target is None and isinstance(config, PrivateConfig):
        raise UserError(PRIVATE_TARGET)
    return config


def _read(
    table: str,
    target: str | None,
    drop: Sequence[str],
    declared: Sequence[str],
    constraints: Sequence[str],
    console: Console,
) -> "Table":
    """The rows as they can be learned, with a target where none was named."""
    from components.data.constraints.declared import declared_constraints
    from components.data.preparation import declared_kinds, prepare_table
    from components.data.sources import read_source
    from components.data.stand_in import stand_in_target

    source, kinds = read_source(table), declared_kinds(declared)
    if target is None:
        target = stand_in_target(source.frame, drop=drop, kinds=kinds)
        console.print(f"no --target: {escape(target)!r} is generated first", highlight=False)
    return prepare_table(
        source.frame,
        target,
        drop=drop,
        kinds=kinds,
        constraints=declared_constraints(constraints),
        kept=source.forms,
    )


def _with_discovered(table: "Table", seed: int, console: Console) -> "Table":
    """The table with the constraints that its rows show; the log says which."""
    from components.stages.discovery import discover

    with console.status("looking for constraints"):
        found = replace(table, schema=discover(table, seed))
    if found.schema == table.schema:
        console.print("no constraint found")
    return found
