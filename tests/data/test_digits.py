"""Numbers that no few digits after the point keep have the significant ones of their source."""

import numpy as np
import pandas as pd
import pytest

from components.config import Inequality
from components.data.description import Description
from components.data.inference import describe
from components.data.preparation import prepare_table
from components.data.schema import ColumnKind
from components.data.table import decode

RNG = np.random.default_rng(0)
SMALL = [float(f"{value:.3e}") for value in RNG.lognormal(-20, 8, 200)]
DRAWN = np.array([[1.6386350894049559e-06], [-1.0], [np.nan], [123.456]])


@pytest.mark.parametrize(
    ("values", "significant"),
    [(SMALL, 4), ([1e-30, 2e30], 1), ([0.1, 0.25], None), ([1 / 3, 2e-12], None)],
)
def test_significant_digits_are_told_where_decimals_are_not(
    values: list[float], significant: int | None
) -> None:
    rows = pd.DataFrame({"it": values})
    schema = describe(rows, {"it": ColumnKind.NUMERICAL}, "it")
    assert schema["it"].significant == significant
    parts = Description({"it": ColumnKind.NUMERICAL})
    for start in range(len(rows)):
        parts.add(rows[start : start + 1])
    assert parts.schema("it") == schema


def test_made_numbers_have_as_many_and_stay_in_range() -> None:
    schema = describe(pd.DataFrame({"it": [*SMALL, None]}), {"it": ColumnKind.NUMERICAL}, "it")
    made = decode(DRAWN, schema, seed=0)["it"]
    assert made.iloc[0] == 1.639e-06 and made.iloc[1] == min(SMALL)
    assert made.isna().tolist() == [False, False, True, False]


def test_what_a_constraint_is_about_is_left_as_it_is() -> None:
    rows = pd.DataFrame({"a": SMALL, "b": [2 * each + 1 for each in SMALL]})
    table = prepare_table(rows, "a", constraints=[Inequality(low="a", high="b")])
    assert table.schema["a"].significant == 4
    made = decode(np.array([[1.6386350894049559e-06, 1.5]]), table.schema, seed=0)
    assert made["a"].tolist() == [1.6386350894049559e-06]
