"""Constraints found: the rules that all training rows keep, as far as they go together."""

import logging
from collections.abc import Iterator, Sequence

import numpy as np

from components.config import Combination, Constraint, Inequality, Sum
from components.data.constraints import check_columns, check_constraint
from components.data.schema import Schema
from components.data.table import Table
from components.data.written import check_possible
from components.errors import UserError
from components.evaluation import rules
from components.evaluation.rule_search import find_rules

logger = logging.getLogger(__name__)

MOST_ROWS = 40_000
"""Of more training rows, so many at random are searched; all of them must keep what is found."""

MOST_HELD = 100


def discover(table: Table, seed: int) -> Schema:
    """The schema of training rows with the constraints that they show, after its own.

    Rules are those that the evaluation finds in one half of the rows and confirms in the other
    (`find_rules`). Of these, sums come first, then inequalities, then combinations; one that any
    row breaks, or that cannot be held with those before it, is left out, as the log says.
    """
    schema = table.schema
    for constraint in _candidates(table, seed):
        if constraint in schema.constraints:
            continue
        if len(schema.constraints) >= MOST_HELD:
            logger.info("at most %d constraints are held: others are not looked at", MOST_HELD)
            break
        wanted = schema.model_copy(update={"constraints": (*schema.constraints, constraint)})
        try:
            check_constraint(constraint, table.frame, schema)
            check_columns(wanted.constraints, wanted)
            check_possible(wanted)
        except UserError as error:
            logger.info("rule %r is no constraint: %s", str(constraint), error)
            continue
        logger.info("constraint found: %s", constraint)
        schema = wanted
    return schema


def _candidates(table: Table, seed: int) -> Sequence[Constraint]:
    order = np.random.default_rng(seed).permutation(len(table))[:MOST_ROWS]
    halves = np.array_split(table.matrix[order], 2)
    found = find_rules(halves[0], halves[1], table.schema.learned)
    names = [column.name for column in table.schema.learned]
    sums = [_sum(rule, names) for rule in found if isinstance(rule, rules.Sum)]
    inequalities = [
        Inequality(low=names[rule.low], high=names[rule.high])
        for rule in found
        if isinstance(rule, rules.Inequality)
    ]
    dependencies = [rule for rule in found if isinstance(rule, rules.Dependency)]
    return [*sums, *inequalities, *_combinations(dependencies, table.schema)]


def _sum(rule: rules.Sum, names: Sequence[str]) -> Sum:
    return Sum(total=names[rule.total], parts=(names[rule.first], names[rule.second]))


def _combinations(
    dependencies: Sequence[rules.Dependency], schema: Schema
) -> Iterator[Combination]:
    """Each category with all those that it determines, the one that determines most first."""
    determined: dict[str, list[str]] = {}
    for rule in dependencies:
        pair = schema.learned[rule.source], schema.learned[rule.result]
        if all(column.is_discrete and column.name != schema.target for column in pair):
            determined.setdefault(pair[0].name, []).append(pair[1].name)
    for source, results in sorted(determined.items(), key=lambda found: -len(found[1])):
        yield Combination(columns=(source, *results))
