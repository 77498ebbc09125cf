"""Constraints in words, as they are declared on the command line."""

import math
import re
from collections.abc import Sequence

from pydantic import ValidationError

from components.config import Combination, Constraint, Inequality, Product, Sum, Unit
from components.errors import UserError

FORMS = (
    "a <= b, b >= a, a & b, total = a + b, 100 = a + b + c, end = start + days(stay) (or hours, "
    "minutes, seconds), hours(stay) = end - start, total = a * b, rate = 100 * a / b, tax = 0.2 * "
    "net"
)

_IN_UNITS = re.compile(rf"({'|'.join(Unit)})\((.+)\)")


def declared_constraints(texts: Sequence[str]) -> list[Constraint]:
    """Constraints written in one of `FORMS`; the sides of an equation can be either way round.

    The signs -, * and / have a space on both sides, since names of columns have them too. Raises
    UserError for others.

    >>> declared_constraints(["a + b = 100"])
    [Sum(kind='sum', total=100.0, parts=('a', 'b'), minus=(), units={})]
    """
    return [_declared(text) for text in texts]


def _declared(text: str) -> Constraint:
    low, below, high = (part.strip() for part in text.partition("<="))
    more, above, less = (part.strip() for part in text.partition(">="))
    left, equals, right = (part.strip() for part in text.partition("="))
    try:
        if below:
            return Inequality(low=low, high=high)
        if above:
            return Inequality(low=less, high=more)
        if equals:
            is_turned = _is_computed(left) and not _is_computed(right)
            return _equation(*((right, left) if is_turned else (left, right)))
        return Combination(columns=_split(text, "&"))
    except ValidationError as error:
        first = error.errors()[0]
        why = f" ({first['ctx']['error']})" if first["type"] == "value_error" else ""
        raise UserError(
            f"{text!r} is no constraint{why}; accepted are, of columns: {FORMS}"
        ) from error


def _is_computed(side: str) -> bool:
    return "+" in side or any(sign in side for sign in (" - ", " * ", " / "))


def _equation(total: str, computed: str) -> Sum | Product:
    if " * " in computed or " / " in computed:
        multiplied, *divisors = _split(computed, " / ")
        parts, factor = _without_numbers(_split(multiplied, " * "))
        over, divisor = _without_numbers(divisors)
        return Product(total=total, parts=parts, over=over, factor=factor / (divisor or math.nan))
    units: dict[str, Unit] = {}
    added: list[str] = []
    taken: list[str] = []
    for part in _split(computed, "+"):
        first, *others = (_bare(name, units) for name in _split(part, " - "))
        added.append(first)
        taken += others
    number = _number(total)
    return Sum(
        total=_bare(total, units) if number is None else number,
        parts=tuple(added),
        minus=tuple(taken),
        units=units,
    )


def _bare(term: str, units: dict[str, Unit]) -> str:
    """The column of a term; what it counts is put into `units`."""
    found = _IN_UNITS.fullmatch(term)
    if not found:
        return term
    units[found[2]] = Unit(found[1])
    return found[2]


def _without_numbers(terms: Sequence[str]) -> tuple[tuple[str, ...], float]:
    """The columns among the terms, and what the numbers among them multiply to."""
    numbers = [number for term in terms if (number := _number(term)) is not None]
    return tuple(term for term in terms if _number(term) is None), math.prod(numbers, start=1.0)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _split(text: str, sign: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(sign))
