"""Made-up tables with one column of each kind and known dependencies, for tests."""

import numpy as np
import pandas as pd

from components.data.schema import Column, ColumnKind, Schema
from components.data.table import Table

CITIES = ("Ankara", "Bergen", "Cork", "Delft")
OUTCOMES = ("lost", "open", "won")
START = np.datetime64("2021-03-01T00:00:00", "us")


def mixed_frame(num_rows: int, seed: int = 0) -> pd.DataFrame:
    """Rows of every kind of column: spikes, heaps, missing values, each dependent on `outcome`."""
    rng = np.random.default_rng(seed)
    code = np.resize([0, 1, 2, 2], num_rows)[rng.permutation(num_rows)]
    amount = np.round(rng.lognormal(2.0 + code, 0.7, num_rows), 2)
    amount[rng.random(num_rows) < 0.3] = 0.0
    amount[rng.random(num_rows) < 0.15] = np.nan
    age = np.clip(rng.normal(35 + 8 * code, 9, num_rows), 18, 90).round()
    visits = pd.Series(rng.poisson(2 + code, num_rows)).astype("Int64")
    visits[rng.random(num_rows) < 0.1] = pd.NA
    city = pd.Series(np.array(CITIES, object)[(code + rng.integers(0, 3, num_rows)) % 4])
    city[rng.random(num_rows) < 0.12] = None
    seconds = rng.integers(0, 10**7, num_rows) * (1 + code)
    seen = pd.Series(START + seconds.astype("timedelta64[s]"))
    seen[rng.random(num_rows) < 0.08] = pd.NaT
    consents = pd.Series(rng.random(num_rows) < 0.3 + 0.2 * code).astype("boolean")
    consents[rng.random(num_rows) < 0.1] = pd.NA
    return pd.DataFrame(
        {
            "id": [f"AB-{number:04d}x" for number in range(num_rows)],
            "age": age.astype("int64"),
            "amount": amount,
            "ratio": rng.normal(code, 1.0, num_rows) + age / 30,
            "visits": visits,
            "city": city.astype("str"),
            "is_member": rng.random(num_rows) < 0.2 + 0.3 * code,
            "consents": consents,
            "seen": seen,
            "currency": "EUR",
            "outcome": pd.Series(np.array(OUTCOMES, object)[code]).astype("str"),
        }
    )


def mixed_table(num_rows: int = 300, seed: int = 0, *, target: str = "outcome") -> Table:
    """`mixed_frame` with its schema."""
    frame = mixed_frame(num_rows, seed)
    return Table(frame, schema_of(frame, target))


def columns_table(table: Table, names: list[str], *, target: str) -> Table:
    """The table of some of the columns."""
    frame = table.frame[names]
    return Table(frame, schema_of(frame, target))


def schema_of(frame: pd.DataFrame, target: str) -> Schema:
    """The schema of columns of `mixed_frame`."""
    columns = tuple(_column(frame[name]) for name in frame.columns)
    return Schema(columns=columns, target=target)


_KINDS = {
    "id": ColumnKind.IDENTIFIER,
    "age": ColumnKind.INTEGER,
    "amount": ColumnKind.NUMERICAL,
    "ratio": ColumnKind.NUMERICAL,
    "visits": ColumnKind.INTEGER,
    "city": ColumnKind.CATEGORICAL,
    "is_member": ColumnKind.BOOLEAN,
    "consents": ColumnKind.BOOLEAN,
    "seen": ColumnKind.DATETIME,
    "currency": ColumnKind.CONSTANT,
    "outcome": ColumnKind.CATEGORICAL,
}


def _column(values: pd.Series) -> Column:
    name, present = str(values.name), values.dropna()
    column = Column(
        name=name,
        kind=_KINDS[name],
        dtype=str(values.dtype),
        nullable=bool(values.isna().any()),
        decimals=2 if name == "amount" else None,
    )
    if column.is_discrete:
        return column.model_copy(update={"categories": tuple(sorted(present.unique().tolist()))})
    if not column.is_learned:
        return column.model_copy(update={"example": str(present.iloc[0])})
    numbers = present.astype("int64") if column.kind is ColumnKind.DATETIME else present
    bounds = {"minimum": float(numbers.min()), "maximum": float(numbers.max())}
    return column.model_copy(update=bounds)
