"""Options that several commands have."""

from typing import Annotated

import typer

from components.config import MAX_SEED

SeedOption = Annotated[int, typer.Option(min=0, max=MAX_SEED, help="Equal seeds give equal rows.")]
