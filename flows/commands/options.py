"""Arguments and options that several commands have."""

from typing import Annotated

import typer

from components.config import MAX_SEED, ColumnKind

VersionArgument = Annotated[
    str,
    typer.Argument(help="A registered model, as NAME (its champion), NAME@ALIAS or NAME@NUMBER."),
]
SeedOption = Annotated[int, typer.Option(min=0, max=MAX_SEED, help="Equal seeds give equal rows.")]
DropOption = Annotated[
    list[str] | None, typer.Option(help="A column to leave out; may be given again.")
]
KindOption = Annotated[
    list[str] | None,
    typer.Option(
        help=f"What a column is, as column=kind; may be given again. Kinds are "
        f"{', '.join(ColumnKind)}."
    ),
]
GENERATORS_OF_ROWS = (
    "trees, copula, autoregressive, forest, ctgan, tvae, table_gan, expression_gan, "
    "class_gaussian, private, or auto: the winner of a race"
)
"""What `--model` may be for rows."""
