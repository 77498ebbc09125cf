"""A table with constraints of every kind, several sharing columns, for tests."""

import numpy as np
import pandas as pd

from components.config import Combination, Constraint, Inequality, Sum
from components.data.preparation import prepare_table
from components.data.table import Table

PLACES = {
    "Ankara": ("Asia", True),
    "Bergen": ("Europe", False),
    "Cork": ("Europe", True),
    "Delft": ("Europe", True),
    "Erbil": ("Asia", False),
}

CONSTRAINTS: tuple[Constraint, ...] = (
    Inequality(low="ordered", high="sent"),
    Inequality(low="sent", high="paid"),
    Inequality(low="ordered", high="paid"),
    Inequality(low="least", high="price"),
    Sum(total="total", parts=("price", "tax")),
    Sum(total="items", parts=("sold", "returned")),
    Inequality(low="total", high="limit"),
    Inequality(low="sold", high="items"),
    Inequality(low="price", high="total"),
    Inequality(low="least", high="total"),
    Combination(columns=("city", "continent", "is_coastal")),
)


def ruled_frame(num_rows: int, seed: int = 0) -> pd.DataFrame:
    """Rows that hold `CONSTRAINTS`, with missing values in most of their columns."""
    rng = np.random.default_rng(seed)
    outcome = rng.integers(0, 3, num_rows)
    day = np.timedelta64(1, "D")
    ordered = np.datetime64("2022-01-01", "us") + rng.integers(0, 300, num_rows) * day
    sent = ordered + rng.integers(0, 4 + outcome, num_rows) * day
    paid = sent + rng.geometric(0.1, num_rows) * day
    least = rng.integers(1, 50, num_rows)
    price = np.round(least + rng.exponential(20.0, num_rows) * rng.integers(0, 2, num_rows), 2)
    tax = np.round(price * np.array([0.0, 0.07, 0.19])[outcome], 2)
    total = np.round(price + tax, 2)
    limit = np.ceil(total / 50) * 50 + 50 * rng.integers(0, 3, num_rows)
    sold, returned = rng.poisson(3, num_rows), rng.poisson(1, num_rows)
    city = np.array(sorted(PLACES))[rng.integers(0, len(PLACES), num_rows)]
    frame = pd.DataFrame(
        {
            "id": [f"R-{number:05d}x" for number in range(num_rows)],
            "limit": limit.astype("int64"),
            "total": total,
            "paid": paid,
            "sent": sent,
            "ordered": ordered,
            "least": least,
            "price": price,
            "tax": tax,
            "items": sold + returned,
            "sold": sold,
            "returned": returned,
            "city": city,
            "continent": [PLACES[name][0] for name in city],
            "is_coastal": [PLACES[name][1] for name in city],
            "outcome": np.array(["lost", "open", "won"])[outcome],
        }
    )
    for name, share in {"paid": 0.2, "sent": 0.1, "price": 0.1, "total": 0.1, "least": 0.1}.items():
        frame.loc[rng.random(num_rows) < share, name] = None
    for name in ("city", "continent"):
        frame.loc[rng.random(num_rows) < 0.1, name] = None
    return frame


def ruled_table(num_rows: int = 600, seed: int = 0, *, target: str = "outcome") -> Table:
    """`ruled_frame` prepared, with its constraints."""
    return prepare_table(ruled_frame(num_rows, seed), target, constraints=CONSTRAINTS)


def num_broken(rows: pd.DataFrame, constraint: Constraint, real: pd.DataFrame) -> int:
    """How many rows break a constraint, told without the code under test."""
    known = rows[rows[list(constraint.columns)].notna().all(axis=1)]
    if isinstance(constraint, Inequality):
        return int((known[constraint.low] > known[constraint.high]).sum())
    if isinstance(constraint, Sum):
        parts = sum(known[part].astype(float) for part in constraint.parts)
        return int(((parts - known[constraint.total].astype(float)).abs() > 1e-6).sum())
    names = list(constraint.columns)
    real_ones = set(real[names].dropna().itertuples(index=False, name=None))
    return sum(row not in real_ones for row in known[names].itertuples(index=False, name=None))
