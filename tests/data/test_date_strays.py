"""Dates in text with something else among them: a line that names it, not letters made up."""

import numpy as np
import pandas as pd
import pytest

from components.data.inference import infer_kinds
from components.data.preparation import prepare_table
from components.data.schema import ColumnKind
from components.errors import UserError

DAYS = pd.Series(pd.date_range("2021-11-28", periods=200))


def visits(texts: list[str]) -> pd.DataFrame:
    classes = np.random.default_rng(0).choice(["a", "b"], len(texts))
    return pd.DataFrame({"when": texts, "y": classes})


@pytest.mark.parametrize(
    ("form", "stray", "told"),
    [
        ("%d/%m/%Y", "31/02/2022", "but for '31/02/2022' in 2 rows: write all as YYYY-MM-DD"),
        ("%d/%m/%Y", "00/00/0000", "but for '00/00/0000' in 2 rows"),
        ("%Y-%m-%d", "unknown", "such as '2021-11-28', but for 'unknown' in 2 rows"),
        ("%Y-%m-%d 10:20:30", "-", "but for '-' in 2 rows"),
        ("%Y-%m-%d", "28/11/2021", "but for '28/11/2021' in 2 rows"),
        ("%Y-%m-%d", "0000-00-00", "'0000-00-00' is no date written as the others are"),
    ],
)
def test_what_stands_among_dates_is_named(form: str, stray: str, told: str) -> None:
    texts = DAYS.dt.strftime(form).tolist()
    texts[3] = texts[90] = stray
    with pytest.raises(UserError, match="column 'when'") as raised:
        prepare_table(visits(texts), "y")
    assert told in str(raised.value)
    kept = infer_kinds(visits(texts), "y", {"when": ColumnKind.CATEGORICAL})
    assert kept["when"] is ColumnKind.CATEGORICAL


def test_dates_of_several_formats_are_told() -> None:
    texts = [*DAYS[:100].dt.strftime("%Y-%m-%d"), *DAYS[100:].dt.strftime("%d.%m.%Y")]
    with pytest.raises(UserError, match=r"'2021-11-28', and others such as '08\.03\.2022'"):
        infer_kinds(visits(texts), "y", {})


def test_codes_that_look_like_dates_are_none() -> None:
    numbers = range(200)
    for texts in (
        [f"{n % 90 + 100}-{n % 50 + 10}-{n + 1000}" for n in numbers],
        [f"{n % 30}.{n % 12}.{n % 7}" for n in numbers],
        [f"10.{n % 12}.{n % 28}.{n}" for n in numbers],
    ):
        assert infer_kinds(visits(texts), "y", {})["when"] is not ColumnKind.DATETIME
