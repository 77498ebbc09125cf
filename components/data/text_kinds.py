"""Columns of text that are read as numbers, and those that are refused for what they rather are."""

import logging

from components.config.yaml_text import shown
from components.data.counted import counted
from components.data.identifiers.names import names_an_identifier
from components.data.schema import NUMBERS, ColumnKind
from components.data.summaries import MAX_CLASSES, ColumnSummary
from components.data.texts import PROSE_SHARE, PROSE_WORDS
from components.errors import UserError

logger = logging.getLogger(__name__)


def number_kind(column: ColumnSummary) -> ColumnKind | None:
    """The kind of a text whose values are numbers in one form; None for any other."""
    numbers = column.numbers
    if numbers is None or not numbers.are_numbers or column.num_distinct <= MAX_CLASSES:
        return None
    if numbers.form is None:
        return None
    if not numbers.are_whole:
        return ColumnKind.NUMERICAL
    is_name = column.is_unique and names_an_identifier(column.name)
    return None if is_name else ColumnKind.INTEGER


def check_text(column: ColumnSummary) -> None:
    """Raise UserError for text of many values that is rather numbers, dates or prose than names."""
    name, distinct = column.name, column.num_distinct
    if column.declared is not None or distinct <= MAX_CLASSES:
        return
    drop = f"drop it (prepare.drop: [{name}])"
    kept = f"learn it as categories (prepare.kinds: {{{name}: categorical}})"
    made_up = f"have letters made up in its place (prepare.kinds: {{{name}: identifier}})"
    numbers, texts = column.numbers, column.texts
    if numbers is not None and numbers.are_numbers and numbers.trouble is not None:
        raise UserError(
            f"column {name!r} is text of numbers, such as {column.first!r}, which cannot be read "
            f"as numbers {numbers.trouble.told(name)}, {drop}, {made_up}, or {kept}"
        )
    may_be_either = column.date_formats.may_be_either
    if column.strays is not None and not may_be_either and (told := column.strays.told):
        raise UserError(
            f"column {name!r} {told}: write all as YYYY-MM-DD and leave cells of a missing one "
            f"empty, {drop}, {made_up}, or {kept}"
        )
    if column.cells is not None and column.cells.are_structures:
        raise UserError(
            f"column {name!r} holds lists or records in text, such as {shown(column.first)}, "
            f"which are not learned: write each of their values in a column of its own, {drop}, "
            f"{made_up}, or {kept}"
        )
    if column.cells is not None and column.cells.are_pairs:
        raise UserError(
            f"column {name!r} has two numbers in each cell, such as {shown(column.first)}, which "
            f"are not learned together: write each in a column of its own, {drop}, {made_up}, or "
            f"{kept}"
        )
    is_prose = texts is not None and texts.words >= PROSE_WORDS
    if texts is not None and is_prose and distinct >= PROSE_SHARE * column.num_present:
        raise UserError(
            f"column {name!r} is free text, {texts.words:.0f} words a row, which is not learned: "
            f"{drop}, {made_up}, or {kept}"
        )


def check_declared(column: ColumnSummary) -> None:
    """Raise UserError for text that is declared to be numbers and may be one or another."""
    trouble = column.numbers.trouble if column.numbers is not None else None
    if column.declared in NUMBERS and trouble is not None and trouble.is_ambiguous:
        raise UserError(
            f"column {column.name!r} cannot be read as {column.declared} "
            f"{trouble.told(column.name)}"
        )


def tell_names(column: ColumnSummary, kind: ColumnKind) -> None:
    """Say that a text of which some values come again is left out as an identifier."""
    is_name = kind is ColumnKind.IDENTIFIER and column.declared is None
    if is_name and column.is_text and not column.is_unique:
        logger.warning(
            "column %r is text, another in nearly each row (%d values in %d rows), and is taken as "
            "an identifier: it is made anew in every row, not learned; where its values may be "
            "given out, declare it (prepare.kinds: {%s: categorical})",
            column.name,
            column.num_distinct,
            column.num_present,
            column.name,
        )


def tell_read_numbers(column: ColumnSummary, kind: ColumnKind) -> None:
    """Say how numbers in text are read, and what among them is taken for a missing one."""
    numbers = column.numbers
    if kind not in NUMBERS or numbers is None or numbers.form is None:
        return
    logger.info("column %r is text of numbers and read as such: %s", column.name, numbers.form.told)
    if numbers.absent:
        logger.warning(
            "column %r is text of numbers; for a missing one are taken: %s",
            column.name,
            ", ".join(
                f"{text!r} in {counted(count, 'row')}" for text, count in numbers.absent.items()
            ),
        )
