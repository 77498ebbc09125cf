"""A table whose columns are computed from one another in every way, for tests."""

import numpy as np
import pandas as pd

from components.config import Constraint
from components.data.constraints.declared import declared_constraints

CONSTRAINTS: list[Constraint] = declared_constraints(
    [
        "100 = fats + carbs + proteins",
        "1 = east + west + south",
        "20 = lost + drawn + won",
        "left = came + days(stay)",
        "finish = start + minutes(lasted)",
        "hours(rounded) = finish - start",
        "paid = quantity * price",
        "tax = 0.19 * net",
        "rate = 100 * hits / tries",
    ]
)

SHARES = ("fats", "carbs", "proteins", "east", "west", "south", "lost", "drawn", "won")


def computed_frame(num_rows: int, seed: int = 0, *, gaps: bool = True) -> pd.DataFrame:
    """Rows that hold `CONSTRAINTS`; of each, if `gaps`, some values are missing.

    Percentages are each rounded by themselves, so that some add up to 99.99.
    """
    rng = np.random.default_rng(seed)
    group = rng.integers(0, 3, num_rows)
    food = rng.dirichlet([2, 3, 5], num_rows)
    food[rng.random(num_rows) < 0.2, 0] = 0
    food = (100 * food / food.sum(axis=1, keepdims=True)).round(2)
    sides = rng.dirichlet([4, 1, 2], num_rows)
    games = rng.multinomial(20, [0.5, 0.3, 0.2], num_rows)
    second, day = np.timedelta64(1, "s"), np.timedelta64(1, "D")
    came = np.datetime64("2022-01-01", "us") + rng.integers(0, 300, num_rows) * day
    stay = rng.geometric(0.2, num_rows)
    start = np.datetime64("2023-01-01", "us") + rng.integers(0, 10**7, num_rows) * second
    seconds = rng.gamma(2, 4_000, num_rows).astype(int) + 60
    quantity = rng.integers(1, 12, num_rows)
    price = (rng.gamma(3, 8, num_rows) + 5 * group + 0.5).round(2)
    net = rng.gamma(2, 50, num_rows).round(2)
    hits = rng.integers(0, 30, num_rows)
    tries = hits + rng.integers(0, 30, num_rows)
    rate = np.where(tries == 0, np.nan, (100 * hits / np.maximum(tries, 1)).round(1))
    frame = pd.DataFrame(
        {
            **dict(zip(SHARES, np.column_stack([food, sides, games]).T, strict=True)),
            "left": came + stay * day,
            "came": came,
            "stay": stay,
            "start": start,
            "lasted": seconds / 60,
            "rounded": (seconds / 3_600).round(2),
            "finish": start + seconds * second,
            "quantity": quantity,
            "price": price,
            "paid": (quantity * price).round(2),
            "net": net,
            "tax": (0.19 * net).round(2),
            "hits": hits,
            "tries": tries,
            "rate": rate,
            "outcome": np.array(["lost", "open", "won"])[group],
        }
    ).astype(dict.fromkeys(SHARES[6:], "int64"))
    if gaps:
        for name in ("carbs", "left", "came", "price", "tax"):
            frame.loc[rng.random(num_rows) < 0.1, name] = None
    return frame


def furthest_off(rows: pd.DataFrame) -> dict[str, float]:
    """How far the worst row is from each constraint, told without the code under test.

    That is, in units of what its rounding allows: 1 is allowed.
    """
    stayed = (rows["left"] - rows["came"]).dt.total_seconds()
    lasted = (rows["finish"] - rows["start"]).dt.total_seconds()
    rate = 100 * rows["hits"] / rows["tries"].where(rows["tries"] > 0)
    off = {
        "food": (rows[list(SHARES[:3])].sum(axis=1, skipna=False) - 100) / 1e-6,
        "sides": (rows[list(SHARES[3:6])].sum(axis=1) - 1) / 1e-6,
        "games": (rows[list(SHARES[6:])].sum(axis=1) - 20) / 1e-6,
        "stay": (stayed - 86_400 * rows["stay"]) / 1e-6,
        "lasted": (lasted - 60 * rows["lasted"]) / 1e-6,
        "rounded": (lasted / 3_600 - rows["rounded"]) / (0.005 + 1e-9),
        "paid": (rows["quantity"] * rows["price"] - rows["paid"]) / (0.005 + 1e-9),
        "tax": (0.19 * rows["net"] - rows["tax"]) / (0.005 + 1e-9),
        "rate": (rate - rows["rate"]) / (0.05 + 1e-9),
    }
    found = {name: float(values.abs().fillna(0).max()) for name, values in off.items()}
    by_nothing = (rows["tries"] == 0) & rows["rate"].notna()
    within_seconds = rows["finish"].dt.microsecond != 0
    return {
        **found,
        "by_nothing": 2.0 * float(by_nothing.sum()),
        "within_seconds": 2.0 * float(within_seconds.sum()),
    }


def is_held(rows: pd.DataFrame) -> bool:
    """Does every row hold every constraint, and is no share below 0."""
    return max(furthest_off(rows).values()) <= 1 and bool(rows[list(SHARES)].min().min() >= 0)
