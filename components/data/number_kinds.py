"""What columns of numbers are: numbers to learn, categories, or identifiers."""

import logging

from components.data.digits import LARGEST_WHOLE
from components.data.identifiers.names import names_a_code, names_a_measure, names_an_identifier
from components.data.schema import NUMBERS, ColumnKind
from components.data.summaries import MAX_CLASSES, ColumnSummary

logger = logging.getLogger(__name__)

MIN_LEVEL_ROWS = 8
"""Rows that a whole number beyond 2^53 comes in, on average, to be taken as a category."""
MIN_CODE_ROWS = 30
"""The same where a name says that the numbers are codes, which can be learned as numbers, too."""


def infer_number(column: ColumnSummary, *, is_target: bool) -> ColumnKind:
    """The kind that the values of a column of numbers tell."""
    if is_target and column.num_distinct <= MAX_CLASSES:
        return ColumnKind.CATEGORICAL
    if column.are_days and not is_target:
        return ColumnKind.DATETIME
    if not column.is_whole:
        return ColumnKind.NUMERICAL
    if column.num_present > 1 and column.counts_up:
        return ColumnKind.IDENTIFIER
    if not is_target and column.are_different and _is_called_or_as_large_as_one(column):
        return ColumnKind.IDENTIFIER
    if column.largest <= LARGEST_WHOLE:
        are_codes = not is_target and names_a_code(column.name)
        is_category = are_codes and _come_again(column, MIN_CODE_ROWS)
        return ColumnKind.CATEGORICAL if is_category else ColumnKind.INTEGER
    return ColumnKind.CATEGORICAL if _are_levels(column) else ColumnKind.NUMERICAL


def _is_called_or_as_large_as_one(column: ColumnSummary) -> bool:
    """Whether whole numbers, each another, are identifiers: a name says it, or they are very large.

    How many digits they have tells nothing: so many have times in seconds, incomes and prices, and
    a measurement that is left out is worse than a number that is learned. Beyond 2^53 it is as
    good as told, but for times and amounts in small units.
    """
    if names_an_identifier(column.name):
        return True
    is_large = column.is_exact and column.largest > LARGEST_WHOLE
    return is_large and not column.are_thousands and not names_a_measure(column.name)


def _are_levels(column: ColumnSummary) -> bool:
    """Whether whole numbers too large to be learned are names that come again."""
    if not column.is_exact or names_a_measure(column.name):
        return False
    return _come_again(column, MIN_LEVEL_ROWS) or names_an_identifier(column.name)


def _come_again(column: ColumnSummary, times: int) -> bool:
    """Whether whole numbers are `MAX_LARGE_LEVELS` at most, each in so many rows on average."""
    return not column.levels.is_over and times * column.levels.count() <= column.num_rows


def tell_numbers(column: ColumnSummary, kind: ColumnKind) -> None:
    """Say that whole numbers are left out as identifiers, are read as dates, or lose digits."""
    name = column.name
    if kind is ColumnKind.DATETIME and not column.declared:
        logger.warning(
            "column %r holds whole numbers that are all dates, such as %d, and is learned as such; "
            "where they are amounts, declare it (prepare.kinds: {%s: integer})",
            name,
            column.first,
            name,
        )
    if kind is ColumnKind.IDENTIFIER and not column.declared and not column.counts_up:
        logger.warning(
            "column %r holds whole numbers, another in each row, and is taken as an identifier: it "
            "is made anew, not learned; where it is measured, declare it (prepare.kinds: "
            "{%s: integer})",
            name,
            name,
        )
    elif (
        kind in NUMBERS
        and column.is_whole
        and column.largest > LARGEST_WHOLE
        and (column.is_exact or column.num_missing)  # of a CSV with gaps, digits are gone already
    ):
        logger.warning(
            "column %r holds whole numbers up to %d: of those beyond 2^53 some 16 digits are kept; "
            "where they only name something, declare it (prepare.kinds: {%s: categorical}, or "
            "identifier)",
            name,
            column.largest,
            name,
        )
