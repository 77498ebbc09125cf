"""The rewriting on made-up tables: digits, heaps, gaps and constraints at random."""

import numpy as np
import pandas as pd
import pytest
import torch

from components.config import ColumnKind, Constraint, Inequality, Sum
from components.data.constraints.checks import check_rows
from components.data.constraints.written import rewriting_of
from components.data.preparation import prepare_table
from components.data.table import Table, decode, encode
from components.errors import UserError
from tests.data.test_constraints import torn
from tests.ruled import num_broken

POOL: tuple[Constraint, ...] = (
    Inequality(low="a", high="b"),
    Inequality(low="b", high="c"),
    Inequality(low="a", high="c"),
    Sum(total="total", parts=("b", "e")),
    Inequality(low="total", high="limit"),
    Inequality(low="c", high="limit"),
    Inequality(low="a", high="limit"),
    Inequality(low="b", high="total"),
    Sum(total="all", parts=("total", "limit")),
)


def made_up(rng: np.random.Generator, num_rows: int = 200) -> pd.DataFrame:
    """Rows that hold `POOL`, most of them to a few digits, with values missing here and there."""
    digits = rng.choice([0, 1, 2, 9], 4)

    def up(values: np.ndarray, scale: float) -> np.ndarray:
        return np.ceil(values * scale) / scale

    a = up(rng.gamma(2, 5, num_rows) if rng.random() < 0.5 else rng.normal(0, 5, num_rows), 10.0)
    b = up(a + rng.exponential(3, num_rows) * rng.integers(0, 2, num_rows), 10.0 ** digits[0])
    c = up(b + rng.exponential(3, num_rows) * rng.integers(0, 2, num_rows), 10.0 ** digits[1])
    e = up(rng.gamma(2, 3, num_rows), 10.0 ** digits[2])
    total = np.round(b + e, max(digits[0], digits[2]))
    limit = 10 * np.ceil((np.maximum(total, c) + rng.exponential(4, num_rows)) / 10)
    whole = np.round(total + limit, max(digits[0], digits[2]))
    columns = {"a": a, "b": b, "c": c, "e": e, "total": total, "limit": limit, "all": whole}
    for values in columns.values():
        if rng.random() < 0.5:
            values[rng.random(num_rows) < rng.choice([0.05, 0.4])] = np.nan
    return pd.DataFrame(columns).assign(label=np.resize(["no", "yes"], num_rows))


def prepared(seed: int) -> Table:
    rng = np.random.default_rng(seed)
    frame = made_up(rng)
    asked = [constraint for constraint in POOL if rng.random() < 0.6]
    kinds = {name: ColumnKind.NUMERICAL for name in frame.columns[:-1]}
    try:
        return prepare_table(frame, "label", kinds=kinds, constraints=asked)
    except UserError as error:
        assert "cannot" in str(error) or "broken" in str(error)
        pytest.skip(str(error))


@pytest.mark.parametrize("seed", range(40))
def test_rows_are_held_final_the_same_in_torch_and_reversible(seed: int) -> None:
    table = prepared(seed)
    rewriting, drawn = rewriting_of(table), torn(table, 2_000)
    outer = rewriting.back(drawn, np, {})
    rows = decode(outer, rewriting.outer, seed=0)
    assert not sum(num_broken(rows, c, table.frame) for c in table.schema.constraints)
    check_rows(rows, table.schema)
    used = [i for i, c in enumerate(rewriting.outer.learned) if c.name in rewriting.order]
    np.testing.assert_array_equal(encode(rows, rewriting.outer)[:, used], outer[:, used])
    np.testing.assert_array_equal(rewriting.back(torch.from_numpy(drawn), torch, {}), outer)
    inner = encode(rewriting.there(table.frame), rewriting.inner)
    again = decode(rewriting.back(inner, np, {}), rewriting.outer, seed=0)
    for name in rewriting.order:
        np.testing.assert_allclose(again[name], table.frame[name], atol=1e-6)
