"""Constraints found: the rules that all training rows keep, as far as they go together."""

import logging
from collections.abc import Collection, Iterator, Sequence

import numpy as np

from components.config import Combination, Constraint, Inequality, Product, Sum
from components.data.constraints.checks import check_columns, check_constraint
from components.data.constraints.rewriting import shares_of
from components.data.constraints.written import check_possible
from components.data.schema import Column, ColumnKind, Schema
from components.data.table import Table
from components.errors import UserError
from components.evaluation.rules import rules
from components.evaluation.rules.one_hot import find_groups, is_zero_or_one
from components.evaluation.rules.rule_search import find_rules

logger = logging.getLogger(__name__)

MOST_ROWS = 40_000
"""Of more training rows, so many at random are searched; all of them must keep what is found."""

MOST_HELD = 100


def discover(table: Table, seed: int) -> Schema:
    """The schema of training rows with the constraints that they show, after its own.

    Rules are those that the evaluation finds in one half of the rows and confirms in the other
    (`find_rules`), and columns of which exactly one is true in every row (`find_groups`): these are
    categories then. They come first, with the category that determines them where there is one,
    then sums, products, inequalities, and other combinations; one that any row breaks, or that
    cannot be held with those before it, is left out, as the log says.
    """
    schema = table.schema
    for constraint in _candidates(table, seed):
        if constraint in schema.constraints:
            continue
        if len(schema.constraints) >= MOST_HELD:
            logger.info("at most %d constraints are held: others are not looked at", MOST_HELD)
            break
        wanted = _with(constraint, schema)
        try:
            _check_leaves_room(constraint, schema)
            check_constraint(constraint, table.frame, schema)
            check_columns(wanted.constraints, wanted)
            check_possible(wanted)
        except UserError as error:
            logger.info("rule %r is no constraint: %s", str(constraint), error)
            continue
        logger.info("constraint found: %s", constraint)
        schema = wanted
    return schema


def _check_leaves_room(constraint: Constraint, schema: Schema) -> None:
    """Raise UserError for an order of columns of which the last is what the others leave.

    Columns that are held above others cannot make room for it: it could be below 0.
    """
    if isinstance(constraint, Inequality):
        for shares in shares_of(schema.constraints):
            if {shares.result, *shares.sources} & {*constraint.columns}:
                raise UserError(f"{shares.result} is what others leave, and would lack room")


def _with(constraint: Constraint, schema: Schema) -> Schema:
    """The schema with the constraint, zeros and ones that it combines as categories."""
    columns = schema.columns
    if isinstance(constraint, Combination):
        columns = tuple(_as_category(c) if c.name in constraint.columns else c for c in columns)
    held = (*schema.constraints, constraint)
    return schema.model_copy(update={"columns": columns, "constraints": held})


def _as_category(column: Column) -> Column:
    if column.kind is not ColumnKind.INTEGER:
        return column
    return Column(
        name=column.name,
        kind=ColumnKind.CATEGORICAL,
        dtype=column.dtype,
        nullable=column.nullable,
        categories=(0, 1),
    )


def _candidates(table: Table, seed: int) -> Sequence[Constraint]:
    order = np.random.default_rng(seed).permutation(len(table))[:MOST_ROWS]
    halves = np.array_split(table.matrix[order], 2)
    found = find_rules(halves[0], halves[1], table.schema.learned)
    names = [column.name for column in table.schema.learned]
    equations = [rule.constraint for rule in found if isinstance(rule, rules.Equation)]
    inequalities = [
        Inequality(low=names[rule.low], high=names[rule.high])
        for rule in found
        if isinstance(rule, rules.Inequality)
    ]
    inequalities = [c for c in inequalities if not _is_share(c, equations, table.schema)]
    groups = _groups(table)
    place = {name: number for number, group in enumerate(groups) for name in group.columns}
    dependencies = [
        (names[rule.source], names[rule.result])
        for rule in found
        if isinstance(rule, rules.Dependency)
    ]
    between = [p for p in dependencies if p[0] not in place or place[p[0]] != place.get(p[1])]
    combinations = list(_combinations(between, table.schema, place))
    wider = [c for c in combinations if any(_is_within(group, c) for group in groups)]
    others = [*wider, *table.schema.constraints]
    alone = [group for group in groups if not any(_is_within(group, other) for other in others)]
    narrower = [found for found in combinations if found not in wider]
    return [*alone, *wider, *equations, *inequalities, *narrower]


def _is_share(inequality: Inequality, equations: Sequence[Sum | Product], schema: Schema) -> bool:
    """Is the lower one a share of the other by an equation, such as a tax, and so never above?"""
    least = schema[inequality.high].minimum
    return any(
        isinstance(c, Product)
        and (c.total, c.parts, c.over) == (inequality.low, (inequality.high,), ())
        and 0 < c.factor <= 1
        and least is not None
        and least >= 0
        for c in equations
    )


def _is_within(group: Combination, other: Constraint) -> bool:
    return isinstance(other, Combination) and {*group.columns} <= {*other.columns}


def _groups(table: Table) -> list[Combination]:
    """The columns of which exactly one is true in every row, the target aside."""
    columns = table.schema.learned
    asked = [
        i for i, c in enumerate(columns) if is_zero_or_one(c) and c.name != table.schema.target
    ]
    found = find_groups(table.matrix[:, asked])
    return [Combination(columns=tuple(columns[asked[i]].name for i in group)) for group in found]


def _combinations(
    dependencies: Sequence[tuple[str, str]], schema: Schema, grouped: Collection[str]
) -> Iterator[Combination]:
    """Each category with all those that it determines, the one that determines most first."""
    determined: dict[str, list[str]] = {}
    for pair in dependencies:
        are_categories = all(schema[name].is_discrete or name in grouped for name in pair)
        if are_categories and schema.target not in pair:
            determined.setdefault(pair[0], []).append(pair[1])
    for source, results in sorted(determined.items(), key=lambda found: -len(found[1])):
        yield Combination(columns=(source, *results))
