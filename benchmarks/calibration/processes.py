"""Processes that make rows without end, so that the truth about them can be known."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pandas as pd

from components.config import ColumnKind

Seed = int | Sequence[int]


@dataclass(frozen=True)
class Process:
    """A way to make rows, the column to predict, and the kinds that rows do not show."""

    make: Callable[[int, np.random.Generator], pd.DataFrame]
    target: str
    kinds: dict[str, ColumnKind] = field(default_factory=dict)

    def frame(self, num_rows: int, *, seed: Seed) -> pd.DataFrame:
        """`num_rows` independent rows."""
        return self.make(num_rows, np.random.default_rng(seed))


def _product(num_rows: int, rng: np.random.Generator, num_features: int = 6) -> pd.DataFrame:
    """Numbers; the class follows the product of two: slow to learn, so more rows help."""
    x = rng.normal(size=(num_rows, num_features))
    score = x[:, 0] * x[:, 1] + rng.normal(0, 0.3, num_rows)
    frame = pd.DataFrame(x, columns=[f"x{i}" for i in range(num_features)])
    return frame.assign(label=np.where(score > 0.0, "yes", "no"))


def _orders(num_rows: int, rng: np.random.Generator) -> pd.DataFrame:
    """Orders of a shop: every kind of column, missing values, rules that every row keeps.

    `city` decides `country`; `ordered`, never at a weekend, is before `shipped`; `total` is `goods`
    and `postage`.
    """
    code = rng.choice(3, size=num_rows, p=[0.3, 0.25, 0.45])
    city = (code + rng.integers(0, 3, num_rows)) % 5
    cities = np.array(["Ankara", "Bergen", "Bursa", "Cork", "Oslo"], dtype=object)
    countries = np.array(["Turkey", "Norway", "Turkey", "Ireland", "Norway"], dtype=object)
    goods = np.round(rng.lognormal(3.0 + 0.6 * code, 0.5, num_rows), 2)
    postage = np.round(4.0 + 0.05 * goods + rng.exponential(2.0, num_rows), 2)
    days = np.datetime64("2021-03-01") + rng.integers(0, 500, num_rows).astype("timedelta64[D]")
    ordered = np.busday_offset(days, 0, roll="forward")
    waiting = 1 + rng.poisson(2 + 3 * code)
    age = pd.Series(np.clip(rng.normal(35 + 8 * code, 9), 18, 90).round()).astype("Int64")
    rating = pd.Series(np.clip(np.round(5 - code + rng.normal(0, 1, num_rows)), 1, 5))
    rating[rng.random(num_rows) < 0.1 + 0.2 * (code == 2)] = np.nan
    age[rating.isna() & (rng.random(num_rows) < 0.7)] = pd.NA
    return pd.DataFrame(
        {
            "city": cities[city],
            "country": countries[city],
            "age": age,
            "goods": goods,
            "postage": postage,
            "total": np.round(goods + postage, 2),
            "ordered": pd.Series(ordered.astype("datetime64[us]")),
            "shipped": pd.Series((ordered + waiting.astype("timedelta64[D]")).astype("M8[us]")),
            "rating": rating.astype("Int64"),
            "is_member": rng.random(num_rows) < 0.15 + 0.3 * code,
            "returned": np.where(code + rng.normal(0, 0.7, num_rows) > 1.2, "yes", "no"),
        }
    )


def _visits(num_rows: int, rng: np.random.Generator) -> pd.DataFrame:
    """Patients who come again: stages only get worse, dates are a month apart, clinics are many."""
    patient = np.sort(rng.integers(0, max(1, num_rows // 4), num_rows))
    first = np.append(True, patient[1:] != patient[:-1])
    worse = np.where(first, 0, rng.random(num_rows) < 0.4)
    start = np.flatnonzero(first)
    many = np.diff(np.append(start, num_rows))
    sums = np.cumsum(worse)
    stage = np.minimum(sums - np.repeat(sums[start], many), 3)
    waits = np.where(first, rng.integers(0, 300, num_rows), 25 + rng.poisson(6, num_rows))
    days = np.cumsum(waits)
    days -= np.repeat(days[start] - waits[start], many)
    clinic = np.minimum(rng.geometric(0.25, num_rows), 16)
    score = 40.0 + 8 * stage + clinic + rng.normal(0, 4, num_rows)
    return pd.DataFrame(
        {
            "patient": [f"P{1000 + number}" for number in patient],
            "seen": pd.Series(np.datetime64("2022-01-03", "us") + days.astype("timedelta64[D]")),
            "stage": np.array(["I", "II", "III", "IV"], dtype=object)[stage],
            "clinic": [f"clinic {number}" for number in clinic],
            "score": score.round(1),
            "readmitted": np.where(score + rng.normal(0, 6, num_rows) > 58, "yes", "no"),
        }
    )


PROCESSES = {
    "product": Process(_product, "label"),
    "product of ten": Process(partial(_product, num_features=10), "label"),
    "orders": Process(_orders, "returned"),
    "visits": Process(_visits, "readmitted", {"patient": ColumnKind.IDENTIFIER}),
}
