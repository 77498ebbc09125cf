import numpy as np

from components.data.schema import Column, ColumnKind
from components.evaluation.rules.rule_search import MAX_COLUMNS, find_rules


def test_rules_are_sought_among_the_first_columns_of_a_wide_table() -> None:
    width = MAX_COLUMNS + 10
    rows = np.random.default_rng(0).normal(size=(300, width))
    rows[:, 1] = rows[:, 0] + 1.0
    rows[:, -1] = rows[:, 0] + 1.0
    names = [f"c{i}" for i in range(width)]
    columns = tuple(Column(name=n, kind=ColumnKind.NUMERICAL, dtype="float64") for n in names)
    found = [rule.text(names) for rule in find_rules(rows[:200], rows[200:], columns)]
    assert found == ["c0 <= c1"]
