"""Fidelity to rules: do synthetic rows keep what all real rows keep."""

import numpy as np

from components.data.table import Matrix, Table
from components.evaluation.case import Case, Evaluator, Findings, Metric, subsample
from components.evaluation.evidence import Constraint
from components.evaluation.rules.rule_search import find_rules
from components.evaluation.rules.rules import Rule
from components.evaluation.statistics import share_interval
from components.models.contract import LogMetrics

MAX_ROWS = 20_000
MAX_TOLD = 100

CONSTRAINTS_KEPT = Metric(
    name="constraints_kept",
    family="fidelity",
    goal="maximise",
    bounds=(0.0, 1.0),
    ideal=1.0,
    meaning="the share of synthetic rows that keep every rule found in real rows",
)


def measure_constraints(case: Case, log: LogMetrics) -> Findings:
    """The rules that training rows show and test rows confirm, and who keeps them.

    Rules are dependencies (a determines b), inequalities (a <= b), sums (c = a + b, 100 = a + b +
    c, end = start + days(stay)) and products (c = a * b) of learned columns; `find_rules` says what
    support they need. A row that a rule cannot be asked of keeps
    it. At most 20,000 rows of each table; at most 100 rules are told, the least kept first. The
    interval is exact, the reference has test rows in the synthetic rows' place (which confirmed
    the rules, so it is near 1 by their choice). Nothing is measured where no rule is found. Blind
    to all else: a copy and a constant row do equally well.
    """
    train, test, synthetic = (
        _drawn(case, table) for table in (case.train, case.test, case.synthetic)
    )
    columns = case.train.schema.learned
    rules = find_rules(train, test, columns)
    if not rules:
        return Findings()
    kept, of_test = (~_any_broken(rules, rows) for rows in (synthetic, test))
    measured = CONSTRAINTS_KEPT.measured(
        share_interval(
            int(kept.sum()), len(kept), confidence=case.confidence(CONSTRAINTS_KEPT.name)
        ),
        case,
        meaning=f"the share of synthetic rows that keep every one of {len(rules)} rules found in "
        "real rows",
        reference=float(of_test.mean()),
    )
    names = [column.name for column in columns]
    told = [
        Constraint(
            rule=rule.text(names),
            kind=rule.kind,
            real=share_kept(rule, test),
            synthetic=share_kept(rule, synthetic),
        )
        for rule in rules
    ]
    told.sort(key=lambda constraint: (constraint.synthetic, constraint.kind, constraint.rule))
    return Findings((measured,), constraints=tuple(told[:MAX_TOLD]))


def share_kept(rule: Rule, rows: Matrix) -> float:
    """The share that keep a rule, of the rows it applies to; 1 where it applies to none.

    >>> from components.evaluation.rules.rules import Inequality
    >>> share_kept(Inequality(0, 1, 0.5), np.array([[1.0, 2.0], [3.0, 2.0], [np.nan, 2.0]]))
    0.5
    """
    applied = int(rule.applies(rows).sum())
    return 1.0 - float(rule.broken(rows).sum()) / applied if applied else 1.0


def _any_broken(rules: list[Rule], rows: Matrix) -> np.ndarray:
    broken = np.zeros(len(rows), dtype=np.bool_)
    for rule in rules:
        broken |= rule.broken(rows)
    return broken


def _drawn(case: Case, table: Table) -> Matrix:
    rows = subsample(len(table), MAX_ROWS, case.seed("constraints"))
    return table.matrix[rows]


CONSTRAINTS = Evaluator(
    measure_constraints, (CONSTRAINTS_KEPT,), needs="a rule that all real rows keep"
)
