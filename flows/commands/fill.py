"""`mintmark fill`: the missing cells of rows, drawn given all that is known of each row."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from components.data.counted import counted
from flows.commands.options import SeedOption, VersionArgument

IMPUTATION = "imputation"


def fill(
    model: VersionArgument,
    rows: Annotated[
        Path,
        typer.Argument(
            help="The rows, a .parquet or .csv file. Empty cells are filled; so is a whole column "
            "where the file lacks it. To ask what would be, empty the cells that should follow."
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Where to write: a .parquet or .csv file.")
    ],
    draws: Annotated[
        int,
        typer.Option(
            min=1,
            help="How many times each row is filled, for multiple imputation: more than one adds "
            f"a column {IMPUTATION!r} that numbers them.",
        ),
    ] = 1,
    seed: SeedOption = 0,
) -> None:
    """Fill the missing cells of rows with what a registered model draws for them.

    A cell is drawn from its distribution given the row's known cells, so that spreads and relations
    stay true; take the mean of several draws for a single best guess. Known cells are kept,
    and so are columns that the model does not know, such as those left out in training.
    The copula draws its parameters too, for each draw anew, so that intervals stay honest where
    its training rows were few; other models fill by what they have fitted.
    """
    from flows.project import set_up_environment

    home = set_up_environment()
    import pandas as pd

    from components.data.files import read_files
    from components.data.foreign import columns_beside, read_incomplete
    from components.data.output import check_output, write_frame
    from components.data.schema import Schema
    from components.errors import UserError
    from components.models.contract import Completer
    from components.models.several_draws import complete_several
    from components.registry.listing import pull
    from components.registry.promotion import CHAMPION
    from components.registry.tracking import connect

    check_output(output, [rows])
    name, _, alias = model.partition("@")
    generator = pull(connect(home), name, alias or CHAMPION)
    schema = generator.schema_
    if not isinstance(generator, Completer) or not isinstance(schema, Schema):
        raise UserError(
            f"{model} cannot fill cells: its generator draws rows in a fixed order; train one that "
            "takes any (--model copula, autoregressive, forest)"
        )
    given = read_files([rows])
    if draws > 1 and IMPUTATION in {*schema.names, *given.columns}:
        raise UserError(
            f"the rows have a column {IMPUTATION!r}, which would number the draws: fill them once "
            "(--draws 1) for each of several --seed"
        )
    incomplete, beside = read_incomplete(given, schema), columns_beside(given, schema)
    learned = [column.name for column in schema.learned]
    num_gaps = int(incomplete[learned].isna().to_numpy().sum())
    filled = [
        pd.concat([frame, beside], axis=1)
        for frame in complete_several(generator, incomplete, draws, seed=seed)
    ]
    if draws > 1:
        numbered = [frame.assign(**{IMPUTATION: k + 1}) for k, frame in enumerate(filled)]
        write_frame(pd.concat(numbered, ignore_index=True), output, schema)
    else:
        write_frame(filled[0], output, schema)
    names = ", ".join(map(str, beside.columns))
    kept = (
        escape(f"; kept as they are, since the model does not know them: {names}") if names else ""
    )
    Console(stderr=True).print(
        f"{counted(num_gaps, 'cell')} of {counted(len(incomplete), 'row')} filled: "
        f"{escape(str(output))}{kept}",
        highlight=False,
    )
