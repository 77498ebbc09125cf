"""Rows that are drawn, and how they are written."""

from pathlib import Path

import pandas as pd

from components.config import CopulaConfig
from components.data.output import write_frame
from components.data.table import Table
from components.models.copula.model import Copula


def drawn_and_written(table: Table, name: str, path: Path) -> tuple[pd.DataFrame, pd.Series]:
    """500 rows that a copula of the table draws, and a column as it stands in their CSV file."""
    model = Copula(CopulaConfig())
    model.fit(table, seed=0)
    drawn = model.sample(500, seed=0)
    write_frame(drawn, path, table.schema)
    return drawn, pd.read_csv(path)[name]
