"""Fresh identifiers: in the pattern of the real ones, none of which is learned."""

from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from itertools import groupby, takewhile, zip_longest

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from components.data.cast import cast
from components.data.identifiers.numbers import fresh_numbers, hashed
from components.data.identifiers.outlines import (
    ALPHABETS,
    FEWEST_ALIKE,
    HEXADECIMAL,
    MOST_FOREIGN,
    Outlines,
)
from components.data.identifiers.parts import MOST_DIGITS, BoundedParts, Place
from components.data.identifiers.serials import SerialNumbers
from components.data.schema import Column, FreshNumbers

MOST_DRAWN = 131_072
"""Identifiers of more rows are made from the row's number, since they cannot be compared."""

_NUMBERS = ("", ALPHABETS[0])
"""What stands for a number, or is a place of one."""
_HEXADECIMAL_BY = ("0", "x")
"""What stands before hexadecimal numbers."""
_LONGEST = 64
_MOST_OTHERS = 64
_SHARE_COMMON = 0.01
"""A character is told of a place where this share of all rows have it there, five at least."""
_ROOM = 1e6
"""So many identifiers there are for each real one, where such characters are kept."""
_ROOM_BOUNDED = 1e3
"""The same where numbers have bounds, as octets: of these there are not more."""


class IdentifierPattern:
    """What identifiers are made of, place by place, told from training rows; `add` takes the next.

    >>> pattern = IdentifierPattern()
    >>> pattern.add(pd.Series(["P-17", "P-20"]))
    >>> pattern.alphabets
    ('ABCDEFGHIJKLMNOPQRSTUVWXYZ', '-', '0123456789', '0123456789')
    """

    def __init__(self) -> None:
        self._seen: list[Counter[str]] = []
        self._outlines = Outlines()
        self._parts = BoundedParts()
        self._serials = SerialNumbers()
        self._num_rows = 0

    def add(self, identifiers: pd.Series) -> None:
        """Take the next rows' identifiers, none of them missing."""
        texts = identifiers.astype(str).str.slice(0, _LONGEST).to_numpy(dtype="U")
        codes = np.ascontiguousarray(texts).view(np.uint32).reshape(len(texts), -1)
        found = [_counted(place) for place in codes.T]
        pairs = zip_longest(self._seen, found, fillvalue=Counter[str]())
        self._seen = [seen + new for seen, new in pairs]
        self._num_rows += len(texts)
        self._parts.add(codes)
        self._serials.add(codes)
        self.__dict__.pop("_places", None)
        self._outlines.add(codes)

    @property
    def alphabets(self) -> tuple[Place, ...]:
        """What each place is drawn from: all digits or letters of the kinds that are there.

        What is neither is kept. So are characters that are the only ones of many rows in a place,
        such as the country of an account or the version of a UUID, where the other places leave so
        much room that made-up ones are nobody's. Where they do not, but all is such characters save
        a last number, they are kept too, and an empty place stands for the number, one of `fresh`.
        Else also a letter that all share is drawn.
        Numbers with a bound, such as octets and hours, are drawn whole where that leaves room.
        Identifiers of several lengths, such as mail addresses, have places only as far as all begin
        alike: they are made by the outline that most of them have (`Outlines`).
        """
        return self._places[0]

    @property
    def fresh(self) -> FreshNumbers | None:
        """The numbers for the place that `alphabets` leave empty, if they do."""
        return self._places[1]

    @cached_property
    def _places(self) -> tuple[tuple[Place, ...], FreshNumbers | None]:
        """The `alphabets`, and the `fresh` numbers of one of them."""
        outlined = self._outlines.places
        drawn = outlined or self._by_place()
        num_places = self._num_alike() if outlined else len(drawn)
        kept = [self._common(place) for place in range(min(num_places, len(drawn)))]
        own = tuple(
            common if common and set(common) != set(letters) else letters
            for common, letters in zip_longest(kept, drawn, fillvalue="")
        )
        fixed = self._num_alike() if outlined else 0
        bounded = self._bounded(own, drawn, fixed, is_placed=not outlined)
        any_bounded = self._bounded(drawn, drawn, 0, is_placed=not outlined)
        way, room = (bounded, _ROOM_BOUNDED) if any_bounded else (own, _ROOM)
        if self._has_room(way, room):
            return way, None
        around, numbers = self._around_serials()
        if around:
            return around, numbers
        ways = [(any_bounded, _ROOM_BOUNDED), (own, _ROOM)]
        return next((way for way, room in ways if self._has_room(way, room)), drawn), None

    def _around_serials(self) -> tuple[tuple[Place, ...], FreshNumbers | None]:
        """What stands in each place, the last number left empty, and what that is drawn from.

        Nothing where a character around it is rare. Numbers of three digits at most are left to
        `BoundedParts` where there are others.
        """
        start, end, numbers = self._serials.start, self._serials.end, self._serials.fresh()
        is_one_of_few = self._serials.width <= MOST_DIGITS and self._parts.num_alike != 1
        if start is None or numbers is None or is_one_of_few:
            return (), None
        num_places = len(self._seen)
        others = [*range(start), *range(end or num_places, num_places)]
        kept, drawn = [self._common(place) for place in others], self._by_place()
        if not all(kept):
            return (), None
        around = (*kept[:start], "", *kept[start:])
        letters = (*drawn[:start], "", *(drawn[place] for place in others[start:]))
        return self._bounded(around, letters, 0, is_placed=True) or around, numbers

    def _has_room(self, way: Sequence[Place], room: float) -> bool:
        return _num_strings(way) >= room * self._num_rows

    def _bounded(
        self, own: tuple[str, ...], drawn: tuple[str, ...], fixed: int, *, is_placed: bool
    ) -> tuple[Place, ...]:
        """The places `own`, where those of a number with a bound are one; empty without any.

        Digits among the first `fixed` places, and those that cannot make a number beyond the bound,
        stay. Of identifiers that are `is_placed` numbers have as many digits as places.
        """
        runs = [
            (is_number, [place for place, _ in run])
            for is_number, run in groupby(enumerate(drawn), lambda each: each[1] in _NUMBERS)
        ]
        total = sum(is_number for is_number, _ in runs)
        if is_placed and total != self._parts.num_alike:
            return ()
        found: list[Place] = []
        rank = 0
        for is_number, places in runs:
            letters = [own[place] for place in places]
            numbers: tuple[str, ...] = ()
            if is_number and places[-1] >= fixed:
                numbers = self._parts.numbers(total, rank, len(places) if is_placed else None)
            largest = int("0" + "".join(map(max, letters))) if numbers else 0
            found += [numbers] if numbers and largest > int(numbers[-1]) else letters
            rank += is_number
        return tuple(found) if any(map(_is_whole, found)) else ()

    def _by_place(self) -> tuple[str, ...]:
        """What each place is drawn from where all have the same places.

        Letters are those of hexadecimal numbers where places that vary have no others and some has
        letters and digits; `0x`, with which all begin, stays. Letters of other scripts are those of
        all places: one place alone would tell what somebody has there.
        """
        places = [set(seen) for seen in self._seen]
        digits, *cases = (set(letters) for letters in ALPHABETS)
        used = set().union(*places)
        varied = set().union(*(seen for seen in places if len(seen) > 1))
        drawn = [(digits, digits)]
        for case in cases:
            some = set(sorted(case)[:HEXADECIMAL])
            mixed = any(seen & digits and seen & case for seen in places)
            drawn.append((case, some if mixed and varied & case <= some else case))
        foreign = {each for each in used - digits.union(*cases) if each.isalnum()}
        drawn.append((foreign, set(sorted(foreign)[:MOST_FOREIGN])))
        found = tuple(_place(seen, drawn) for seen in places)
        return (*_HEXADECIMAL_BY, *found[2:]) if places[:2] == [{*"0"}, {*"x"}] else found

    def _common(self, place: int) -> str:
        """The characters of a place; none where one of them is that of few rows."""
        seen = self._seen[place]
        enough = max(FEWEST_ALIKE, _SHARE_COMMON * self._num_rows)
        return "".join(sorted(seen)) if min(seen.values()) >= enough else ""

    def _num_alike(self) -> int:
        """How many characters all begin with."""
        alike = takewhile(lambda seen: [*seen.values()] == [self._num_rows], self._seen)
        return sum(1 for _ in alike)


def _counted(place: NDArray[np.uint32]) -> Counter[str]:
    """In how many rows each character stands in a place, 0 being none."""
    known, counts = np.unique(place[place > 0], return_counts=True)
    return Counter(dict(zip(map(chr, known), counts.tolist(), strict=True)))


def _place(seen: set[str], drawn: Sequence[tuple[set[str], set[str]]]) -> str:
    """What one place is drawn from: of each kind that is `seen` in it the letters beside it."""
    others = sorted(each for each in seen if not each.isalnum())[:_MOST_OTHERS]
    kinds = ("".join(sorted(letters)) for kind, letters in drawn if seen & kind)
    return "".join([*kinds, *others])


def fresh_identifiers(column: Column, num_rows: int, rng: np.random.Generator) -> pd.Series:
    """`num_rows` distinct identifiers: strings or whole numbers in the column's pattern, or from 1.

    Where the pattern has fewer than 10 * num_rows strings, the row's number is appended.
    """
    if _is_numbered(column):
        return _numbers(column, range(num_rows), num_rows, rng)
    alphabets = _alphabets(column)
    names = _drawn(alphabets, num_rows, rng)
    if _is_narrow(alphabets, num_rows):
        return cast(names + "-" + pd.Series(np.arange(num_rows)).astype(str), column.dtype)
    while (again := names.duplicated()).any():
        names[again] = _drawn(alphabets, int(again.sum()), rng).to_numpy()
    return cast(names, column.dtype)


def _drawn(alphabets: Sequence[Place], num_rows: int, rng: np.random.Generator) -> pd.Series:
    drawn = [
        np.array(list(alphabet))[rng.integers(len(alphabet), size=num_rows)]
        for alphabet in alphabets
    ]
    return pd.Series(["".join(row) for row in zip(*drawn, strict=True)], dtype=object)


def numbered_identifiers(
    column: Column, rows: range, total: int, rng: np.random.Generator
) -> pd.Series:
    """The identifiers of some of `total` rows, distinct among all of these.

    They look like those of `fresh_identifiers`, and each depends on `rng` and its row's number
    alone. Some places of the pattern, chosen by `rng`, spell the number in digits that `rng`
    shuffles; the others are filled from a hash of it.
    """
    if _is_numbered(column):
        return _numbers(column, rows, total, rng)
    numbers = np.arange(rows.start, rows.stop, dtype=np.uint64)
    alphabets = _alphabets(column)
    is_narrow = _is_narrow(alphabets, total)
    left, shift = 0 if is_narrow else total - 1, np.zeros(len(numbers), dtype=np.uint64)
    rest, drawn = numbers, [np.empty(0)] * len(alphabets)
    for place in rng.permutation(len(alphabets)):
        size = len(alphabets[place])
        letters = np.array(list(alphabets[place]))[rng.permutation(size)]
        key = rng.integers(2**63, dtype=np.uint64)
        if size > 1 and left:  # what came before only turns the digit: no two numbers meet
            digit, base = rest % np.uint64(size), np.uint64(size)
            drawn[place] = letters[(digit + shift) % base]
            shift, rest, left = shift * np.uint64(31) + digit, rest // base, left // size
        else:
            drawn[place] = letters[hashed(numbers, key) % np.uint64(size)]
    names = pd.Series(["".join(row) for row in zip(*drawn, strict=True)], dtype=object)
    if is_narrow:
        names = names + "-" + pd.Series(numbers).astype(str)
    return cast(names, column.dtype)


def _is_numbered(column: Column) -> bool:
    """Whether its identifiers are whole numbers, or text around one that is told by `fresh`."""
    return column.fresh is not None or not isinstance(column.example, str)


def _numbers(column: Column, rows: range, total: int, rng: np.random.Generator) -> pd.Series:
    """The identifiers of some rows that are numbers, or have one: without a pattern from 1 on."""
    if column.fresh is None:
        return cast(pd.Series(np.arange(rows.start + 1, rows.stop + 1)), column.dtype)
    if not isinstance(column.example, str):
        return pd.Series(fresh_numbers(column.fresh, rows, total, column.dtype, rng))
    numbers = fresh_numbers(column.fresh, rows, total, "int64", rng)
    drawn = [
        [f"{number:0{column.fresh.digits}}" for number in numbers.tolist()]
        if not alphabet
        else _hashed_letters(alphabet, rows, rng)
        for alphabet in column.alphabets
    ]
    names = pd.Series(["".join(row) for row in zip(*drawn, strict=True)], dtype=object)
    return cast(names, column.dtype)


def _hashed_letters(alphabet: Place, rows: range, rng: np.random.Generator) -> NDArray[np.str_]:
    """What stands in a place in some rows: of each row what its number tells."""
    key = rng.integers(2**63, dtype=np.uint64)
    numbers = np.arange(rows.start, rows.stop, dtype=np.uint64)
    letters: NDArray[np.str_] = np.array(list(alphabet))
    found: NDArray[np.str_] = letters[hashed(numbers, key) % np.uint64(len(letters))]
    return found


def _is_narrow(alphabets: Sequence[Place], num_rows: int) -> bool:
    """True where the pattern has too few strings for so many rows."""
    return _num_strings(alphabets) < 10 * num_rows


def _is_whole(place: Place) -> bool:
    """Whether a place is of whole numbers."""
    return not isinstance(place, str)


def _num_strings(alphabets: Sequence[Place]) -> float:
    return float(np.prod([float(len(alphabet)) for alphabet in alphabets]))


def _alphabets(column: Column) -> Sequence[Place]:
    """The column's own, or those of its example's characters."""
    return column.alphabets or [_alphabet(character) for character in str(column.example)]


def _alphabet(character: str) -> str:
    return next((letters for letters in ALPHABETS if character in letters), character)
