from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from components.data.schema import Column, ColumnKind, Schema
from components.data.table import Matrix, Table
from components.evaluation.evidence import Constraint
from components.evaluation.rules.constraints import share_kept
from components.evaluation.rules.rule_search import find_rules
from components.evaluation.rules.rules import Inequality
from tests.evaluation.samplers import Marginals, case_of, measure, mixed_split, values

NAMES = ("net", "tax", "gross", "start", "end", "city", "land", "loose", "group")
LAND = np.array([0, 0, 1, 1, 2, 2, 2, 0])


def ruled_frame(num_rows: int, seed: int) -> pd.DataFrame:
    """Rows that keep a sum, an inequality of dates and a dependency, and one column at will."""
    rng = np.random.default_rng(seed)
    net = np.round(rng.lognormal(3, 1, num_rows), 2)
    tax = np.round(net * rng.choice([0.07, 0.19], num_rows), 2)
    start = pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 10**7, num_rows), "s")
    city = rng.integers(0, 8, num_rows)
    return pd.DataFrame(
        {
            "net": net,
            "tax": tax,
            "gross": np.round(net + tax, 2),
            "start": start,
            "end": start + pd.to_timedelta(rng.integers(0, 10**6, num_rows), "s"),
            "city": city,
            "land": np.array(["X", "Y", "Z"], object)[LAND[city]],
            "loose": rng.normal(size=num_rows),
            "group": np.where(rng.random(num_rows) < 0.5, "p", "q"),
        }
    )


def ruled_table(num_rows: int, seed: int) -> Table:
    kinds = {"start": ColumnKind.DATETIME, "end": ColumnKind.DATETIME, "city": ColumnKind.INTEGER}
    levels = {"land": ("X", "Y", "Z"), "group": ("p", "q")}
    columns = tuple(
        Column(
            name=name,
            kind=ColumnKind.CATEGORICAL if name in levels else kinds.get(name, "numerical"),
            dtype="float64",
            categories=levels.get(name, ()),
            decimals=2 if name in ("net", "tax", "gross") else None,
        )
        for name in NAMES
    )
    return Table(ruled_frame(num_rows, seed), Schema(columns=columns, target="group"))


def constraints(synthetic: Table) -> tuple[float, dict[str, Constraint]]:
    found = measure("constraints", case_of(ruled_table(400, 0), ruled_table(250, 1), synthetic))
    rules = {constraint.rule: constraint for constraint in found.constraints}
    return values(found)["constraints_kept"], rules


def test_the_planted_rules_are_found_and_no_others() -> None:
    kept, rules = constraints(ruled_table(300, 2))
    assert kept == 1.0
    assert set(rules) == {
        "gross = net + tax",
        "start <= end",
        "city determines land",
        "tax <= net",
        "tax <= gross",
        "net <= gross",
    }
    assert {rule.kind for rule in rules.values()} == {"sum", "inequality", "dependency"}
    assert all(rule.real == rule.synthetic == 1 for rule in rules.values())


def test_broken_rows_are_counted() -> None:
    table = ruled_table(300, 2)
    frame = table.frame.copy()
    frame.loc[:29, "gross"] += 1.0
    frame.loc[20:59, "end"] = frame.loc[20:59, "start"] - pd.Timedelta(seconds=1)
    kept, rules = constraints(Table(frame, table.schema))
    assert kept == pytest.approx(240 / 300)
    assert rules["gross = net + tax"].synthetic == pytest.approx(0.9)
    assert rules["start <= end"].synthetic == pytest.approx(260 / 300)
    assert rules["start <= end"].real == 1.0
    assert rules["city determines land"].synthetic == 1.0


def test_marginals_break_what_noise_in_the_rows_would() -> None:
    train = ruled_table(400, 0)
    kept, rules = constraints(Table(Marginals(train).sample(400, seed=0), train.schema))
    assert kept < 0.01
    assert rules["city determines land"].synthetic == pytest.approx(0.34, abs=0.12)


def unrelated(num_rows: int, num_columns: int, seed: int) -> Matrix:
    """Columns of whole numbers that overlap hardly, much, or in a heap at 0."""
    rng = np.random.default_rng(seed)
    shift = np.arange(num_columns) * 1.5
    rows = np.round(rng.normal(shift, 1.0 + np.arange(num_columns) % 3, (num_rows, num_columns)))
    rows[:, ::4] *= rng.random((num_rows, len(shift[::4]))) < 0.05
    return rows


@pytest.mark.parametrize("num_rows", [60, 400, 3000])
def test_unrelated_columns_have_no_rules(num_rows: int) -> None:
    columns = tuple(Column(name=f"x{i}", kind=ColumnKind.INTEGER, dtype="int64") for i in range(12))
    found = [
        rule.text([column.name for column in columns])
        for seed in range(5)
        for rule in find_rules(unrelated(num_rows, 12, seed), unrelated(200, 12, seed + 9), columns)
    ]
    assert found == []


def test_rules_of_the_training_rows_alone_are_not_demanded() -> None:
    columns = tuple(
        Column(name=name, kind=ColumnKind.NUMERICAL, dtype="float64") for name in ("a", "b")
    )
    ruled = np.sort(np.random.default_rng(0).normal(size=(300, 2)), axis=1)
    free = np.random.default_rng(1).normal(size=(300, 2))
    assert find_rules(ruled, free, columns) == []
    assert len(find_rules(ruled, np.sort(free, axis=1), columns)) == 1
    assert find_rules(ruled, np.sort(free[:5], axis=1), columns) == []


def test_equal_rows_are_no_evidence_of_a_dependency() -> None:
    columns = tuple(
        Column(name=name, kind=ColumnKind.INTEGER, dtype="int64") for name in ("a", "b")
    )
    rng = np.random.default_rng(0)
    once = np.column_stack([np.arange(100), rng.integers(0, 9, 100)]).astype(float)
    assert find_rules(np.repeat(once, 5, axis=0), once, columns) == []


def test_nothing_is_measured_where_nothing_is_ruled() -> None:
    train, test, more = mixed_split(extra=200)
    assert measure("constraints", case_of(train, test, more)).measurements == ()


def test_rules_do_not_depend_on_units_or_the_order_of_columns() -> None:
    def found(table: Table, other: Table, synthetic: Table) -> float:
        return values(measure("constraints", case_of(table, other, synthetic)))["constraints_kept"]

    tables = [ruled_table(300, seed) for seed in (0, 1, 2)]
    frame = tables[2].frame.copy()
    frame.loc[:49, "tax"] += 0.5
    tables[2] = Table(frame, tables[2].schema)
    schema = tables[0].schema
    money = ["net", "tax", "gross"]
    turned = Schema(
        columns=tuple(
            column.model_copy(update={"decimals": 0}) if column.name in money else column
            for column in schema.columns[::-1]
        ),
        target="group",
    )
    scaled = [
        Table(table.frame.assign(**{m: (table.frame[m] * 100).round() for m in money}), turned)
        for table in tables
    ]
    assert found(*tables) == found(*scaled) < 1
    assert all(a < b for a, b in pairwise([0.5, found(*tables)]))


def test_a_rule_that_applies_to_no_row_is_broken_by_none() -> None:
    assert share_kept(Inequality(0, 1, 0.5), np.array([[np.nan, 2.0]])) == 1.0
