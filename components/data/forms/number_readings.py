"""The one form that shapes of numbers allow, or what keeps it from being told."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations, permutations
from typing import NamedTuple

from components.config import ColumnKind
from components.data.forms.number_forms import MARKS, NumberForm
from components.data.forms.number_shapes import Seen, Shape, kept_digits

_MOST_DIGITS = 15
"""Whole numbers of so many digits are exact."""
_MOST_COMPARED = 50
_CURRENCIES = frozenset(
    "AED ARS AUD BDT BGN BRL CAD CHF CLP CNY COP CZK DKK EGP EUR GBP HKD HUF IDR ILS INR ISK JPY "
    "KES KRW KZT LKR MAD MXN MYR NGN NOK NZD PEN PHP PKR PLN QAR RMB RON RSD RUB SAR SEK SGD THB "
    "TND TRY TWD UAH USD UYU VND ZAR".split()
)
_NO_MILLS = frozenset("$ US$ USD £ GBP ₹ INR Rs. Rs ₱ PHP".split())
"""Money that is never written with three decimals behind a comma."""
_LETTERS = re.compile("[A-Z]{3}")


@dataclass(frozen=True)
class Trouble:
    """Why numbers in text cannot be read, and how that is mended, as ends of a sentence.

    `declared` is the kind that tells, where declaring one does.
    """

    why: str
    mend: str = ""
    declared: ColumnKind | None = None
    is_ambiguous: bool = False

    def told(self, name: str) -> str:
        """The same of the column that is called so."""
        declare = f"where they are whole, declare it (prepare.kinds: {{{name}: {self.declared}}})"
        mends = [declare] * (self.declared is not None) + [self.mend] * bool(self.mend)
        return f"{self.why}: {' or '.join(mends)}"


class Reading(NamedTuple):
    """What parts thousands, and what stands before decimals."""

    gap: str
    mark: str
    has_lakhs: bool = False

    def fits(self, body: str) -> bool:
        """Whether the digits of a shape can be read so."""
        gap, mark = re.escape(self.gap), re.escape(self.mark)
        groups = rf"9{{1,2}}(?:{gap}99)*{gap}999" if self.has_lakhs else rf"9{{1,3}}(?:{gap}999)+"
        expression = rf"(?:z|9+|{groups})?(?:{mark}9+)?"
        return re.fullmatch(expression, body) is not None

    def digits(self, body: str) -> int:
        """How many decimals there are."""
        return len(body.partition(self.mark)[2])

    def whole_digits(self, body: str) -> int:
        """How many digits stand before them."""
        return len(body.partition(self.mark)[0].replace(self.gap, ""))

    def is_whole(self, shape: Shape) -> bool:
        """Whether numbers of this shape are whole."""
        return not (shape.has_part and self.digits(shape.body))


def tell_form(
    seen: Mapping[Shape, Seen], declared: ColumnKind | None = None
) -> tuple[NumberForm, bool] | Trouble:
    """The form that all these shapes have and whether all numbers are whole, or why there is none.

    What may be thousands or decimals are thousands where whole numbers are `declared`.
    """
    seen, behind_one = without_singular(seen)
    two = _two_ways(seen)
    if two is not None:
        return several_forms(*two)
    exponents = [seen[shape].example for shape in seen if "e" in shape.body.lower()]
    if exponents:
        return Trouble(
            f"since some have exponents, such as {exponents[0]!r}", "store them as numbers"
        )
    readings = _readings(seen, declared)
    if len(readings) > 1:
        return _ambiguous(seen, readings, declared)
    if not readings:
        return several_forms(*_unlike(seen))
    form = _form(seen, readings[0]).model_copy(update={"behind_one": behind_one})
    trouble = _trouble(seen, readings[0], form, declared)
    return trouble or (form, all(map(readings[0].is_whole, seen)))


def without_singular(seen: Mapping[Shape, Seen]) -> tuple[Mapping[Shape, Seen], str | None]:
    """The shapes without those of a 1 that has another word behind it, and this: `1 minute`.

    Both words begin alike, so that what has nothing to do with the other stays.
    """
    others = {shape.core for shape in seen if not shape.is_one}
    odd = [shape for shape in seen if shape.is_one and shape.core not in others]
    words = {shape.core for shape in odd}
    if len(others) != 1 or len(words) != 1:
        return seen, None
    ((before, behind),), ((before_one, behind_one),) = others, words
    start = behind_one.lstrip()[:1]
    if before != before_one or not start.isalpha() or not behind.lstrip().startswith(start):
        return seen, None
    return {shape: rows for shape, rows in seen.items() if shape not in odd}, behind_one


def _readings(seen: Collection[Shape], declared: ColumnKind | None = None) -> list[Reading]:
    """All that fit; of several, the one that the shapes decide for, if they do."""
    signs = sorted({sign for shape in seen for sign in shape.body} - {"9", "z"})
    possible = [*_possible(signs)]
    fitting = [r for r in possible if all(r.fits(shape.body) for shape in seen)]
    if not fitting:
        lakhs = [reading._replace(has_lakhs=True) for reading in possible if reading.gap == ","]
        return [r for r in lakhs if all(r.fits(shape.body) for shape in seen)]
    if len(fitting) < 2 or len(signs) > 1:
        return fitting
    thousands, decimals = fitting
    are_whole = declared is ColumnKind.INTEGER and not all(map(decimals.is_whole, seen))
    return [thousands] if are_whole or _are_thousands(seen, signs[0]) else fitting


def _possible(signs: list[str]) -> Iterable[Reading]:
    if not signs:
        return [Reading("", ".")]
    if len(signs) > 1:
        pairs = permutations(signs) if len(signs) == 2 else ()
        return [Reading(gap, mark) for gap, mark in pairs if mark in MARKS]
    (sign,) = signs
    if sign not in MARKS:
        return [Reading(sign, ".")]
    return [Reading(sign, MARKS.replace(sign, "")), Reading("", sign)]


def _are_thousands(seen: Collection[Shape], sign: str) -> bool:
    """Whether the sign parts thousands, where three digits are behind it in all that have it.

    So does a comma in money that is never written with three decimals behind one, as a litre for
    `1,599 €` is. Else others have at most three digits, so that decimals would be left out where
    they are zeros; yet some that have it end in a zero.
    """
    before, _ = next(iter(seen)).core
    if sign == "," and before.strip() in _NO_MILLS:
        return True
    bare = [shape for shape in seen if sign not in shape.body]
    has_zero = any(shape.ends_in_zero for shape in seen if sign in shape.body)
    return bool(bare) and all(len(shape.body) <= 3 for shape in bare) and has_zero


def _form(seen: Collection[Shape], reading: Reading) -> NumberForm:
    before, behind = next(iter(seen)).core
    counts = {reading.digits(shape.body) for shape in seen}
    starts = [shape.body.partition(reading.mark) for shape in seen]
    decimals = {start for start, _, part in starts if part}
    return NumberForm(
        before=before,
        behind=behind,
        below=next((s.around for s in seen if s.is_below), (f"-{before}", behind)),
        above=next((s.around for s in seen if s.is_above), (before, behind)),
        gap=reading.gap,
        has_lakhs=reading.has_lakhs,
        mark=reading.mark,
        digits=kept_digits(counts),
        leading_zero="z" in decimals or "" not in decimals,
    )


def _trouble(
    seen: Mapping[Shape, Seen], reading: Reading, form: NumberForm, declared: ColumnKind | None
) -> Trouble | None:
    """What is wrong with numbers whose form is clear."""
    for shape in seen:
        if reading.whole_digits(shape.body) > _MOST_DIGITS:
            why = f"since {seen[shape].example!r} has more than {_MOST_DIGITS} digits"
            return Trouble(why, "store as names what only names something")
    name = form.before.strip()
    is_name = _LETTERS.fullmatch(name) and name not in _CURRENCIES and form.digits == (0,)
    if is_name and declared is None:
        return Trouble(f"since {name!r} may be part of names", declared=ColumnKind.INTEGER)
    return None


def _two_ways(seen: Mapping[Shape, Seen]) -> tuple[str, str] | None:
    """Two texts with other signs around their digits; None where all have the same."""
    groups: list[tuple[Iterable[Shape], Callable[[Shape], object]]] = [
        (seen, lambda shape: shape.core),
        ([shape for shape in seen if shape.is_below], lambda shape: shape.around),
        ([shape for shape in seen if shape.is_above], lambda shape: shape.around),
    ]
    for shapes, key in groups:
        ways: dict[object, str] = {}
        for shape in sorted(shapes, key=lambda each: -seen[each].num_rows):
            ways.setdefault(key(shape), seen[shape].example)
        if len(ways) > 1:
            first, second, *_ = ways.values()
            return first, second
    return None


def _unlike(seen: Mapping[Shape, Seen]) -> tuple[str, str]:
    """Two texts whose digits cannot be read in one way."""
    common = sorted(seen, key=lambda shape: -seen[shape].num_rows)[:_MOST_COMPARED]
    pairs = [*combinations(common, 2)]
    one, two = next((pair for pair in pairs if not _readings(pair)), pairs[0])
    return seen[one].example, seen[two].example


def several_forms(one: str, other: str) -> Trouble:
    """The trouble with two texts that are not written alike."""
    return Trouble(f"since they have several forms, {one!r} and {other!r}", "write all in one")


def _ambiguous(
    seen: Mapping[Shape, Seen], readings: list[Reading], declared: ColumnKind | None
) -> Trouble:
    example = next(seen[shape].example for shape in seen if not shape.body.isalnum())
    tells = declared is None and "" in {reading.gap for reading in readings}
    return Trouble(
        f"since {example!r} may be of thousands or have decimals, and no other value tells",
        "store them as numbers",
        ColumnKind.INTEGER if tells else None,
        is_ambiguous=True,
    )
