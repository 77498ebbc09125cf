"""What texts of numbers have in common: signs around digits, and how these stand together."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from components.data.forms.number_forms import GAPS, MOST_DECIMALS, is_below, parted

_BLANK = "[ \u00a0\u2009\u202f]?"
_MONEY = "$€£¥₹₩₽₺₫₴₪฿₦"
_BEFORE = (
    rf"(?:[~\x{{2248}}]{_BLANK}|(?:[A-Z]{{0,2}}[{_MONEY}]|[A-Z]{{3}}|Fr\.|Rs\.?|kr\.?){_BLANK})?"
)
_UNIT = r"[A-Za-z\x{b5}\x{3bc}]{1,3}[.²³]?(?:/[A-Za-z]{1,3}[²³]?)?"
_WORD = " [A-Za-z]{4,15}"
_OUT_OF = " ?/ ?(?:5|10|20|100)"
"""What stands behind points of so many."""
_BEHIND = rf"(?:{_BLANK}(?:[{_MONEY}%‰°]|°[CF]|zł|Kč|{_UNIT})|{_WORD}|{_OUT_OF})?"
_DECIMALS = rf"(?:[.,][0-9]{{1,{MOST_DECIMALS}}})"
_GROUPS = rf"[1-9][0-9]{{0,2}}(?:[{GAPS}][0-9]{{3}})+"
_LAKHS = "[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3}"
_BODY = rf"(?:(?:0|[1-9][0-9]*|{_GROUPS}|{_LAKHS}){_DECIMALS}?|{_DECIMALS})(?:[eE][-+]?[0-9]+)?"
_NO_CODE = frozenset(_MONEY + "%‰°")
_SIGNS = str.maketrans("", "", "-+\u2212()")


class Shape(NamedTuple):
    """The signs of a number, a nine in place of each digit, `z` in place of a leading zero.

    `is_one`: the digits are a 1. `has_part`: behind the last sign among the digits is another digit
    than zero.
    """

    left: str
    body: str
    right: str
    is_zero: bool
    is_one: bool
    has_part: bool
    ends_in_zero: bool

    @property
    def around(self) -> tuple[str, str]:
        """What stands around the digits."""
        return self.left, self.right

    @property
    def core(self) -> tuple[str, str]:
        """The same without what says that a number is above or below zero."""
        return self.left.translate(_SIGNS), self.right.translate(_SIGNS)

    @property
    def width(self) -> int:
        """How many characters a text has."""
        return sum(map(len, (self.left, self.body, self.right)))

    @property
    def has_symbol(self) -> bool:
        """Whether a sign of money, percent or degrees stands by the digits, as with no code."""
        return not _NO_CODE.isdisjoint(self.left + self.right)

    @property
    def has_word(self) -> bool:
        """Whether a word stands behind the digits, such as `minutes`, and no sign or short unit."""
        return re.fullmatch(_WORD, self.right) is not None

    @property
    def is_below(self) -> bool:
        """Whether the numbers are below zero."""
        return not self.is_zero and is_below(self.left)

    @property
    def is_above(self) -> bool:
        """Whether the numbers are above zero."""
        return not self.is_zero and not is_below(self.left)


@dataclass(frozen=True)
class Seen:
    """How many rows have a shape, and the first text that has it."""

    num_rows: int
    example: str

    def __add__(self, more: "Seen") -> "Seen":
        """Those of both, the first's example."""
        return Seen(self.num_rows + more.num_rows, self.example)


_Shape = TypeVar("_Shape")


class SeenShapes(dict[_Shape, Seen]):
    """The shapes that a column's texts have, in the order in which they were met.

    >>> shapes = SeenShapes()
    >>> shapes.note("9%", Seen(2, "5%"))
    >>> shapes.note("9%", Seen(3, "7%"))
    >>> shapes.num_rows, shapes.example
    (5, '5%')
    """

    def note(self, shape: _Shape, seen: Seen) -> None:
        """Take further rows that have a shape."""
        self[shape] = self[shape] + seen if shape in self else seen

    @property
    def num_rows(self) -> int:
        """How many rows have any."""
        return sum(seen.num_rows for seen in self.values())

    @property
    def example(self) -> str:
        """The first text of all; there is one."""
        return next(iter(self.values())).example


def grouped(
    columns: Mapping[str, pa.Array], texts: pa.Array, counts: NDArray[np.int64], are_meant: pa.Array
) -> Iterator[tuple[dict[str, Any], Seen]]:
    """What `columns` say of the texts that are meant, each once; `counts` has their rows."""
    rows = pa.table({**columns, "text": texts, "rows": counts}).filter(are_meant)
    found = rows.group_by([*columns], use_threads=False).aggregate(
        [("rows", "sum"), ("text", "first")]
    )
    for row in found.to_pylist():
        yield row, Seen(row.pop("rows_sum"), row.pop("text_first"))


def kept_digits(counts: Collection[int]) -> tuple[int, ...]:
    """The numbers of decimals that a form has: those seen, and where these are many all between.

    >>> kept_digits({2, 0}), kept_digits({1, 2, 4})
    ((0, 2), (1, 2, 3, 4))
    """
    return tuple(sorted(counts) if len(counts) < 3 else range(min(counts), max(counts) + 1))


def shapes_of(
    texts: pa.Array, counts: NDArray[np.int64]
) -> tuple[Mapping[Shape, Seen], NDArray[np.bool_]]:
    """The shapes of the texts that are numbers, and which ones are; `counts` has their rows."""
    left, body, right = parted(texts, _BEFORE, _BODY, _BEHIND)
    leading = pc.replace_substring_regex(body, "^0", "z")
    columns = {
        "left": left,
        "body": pc.replace_substring_regex(leading, "[0-9]", "9"),
        "right": right,
        "is_zero": pc.invert(pc.match_substring_regex(body, "[1-9]")),
        "is_one": pc.equal(body, "1"),
        "has_part": pc.match_substring_regex(body, "[^0-9][0-9]*[1-9][0-9]*$"),
        "ends_in_zero": pc.ends_with(body, "0"),
    }
    is_number = body.is_valid()
    shapes = {
        Shape(*(row[name] for name in columns)): seen
        for row, seen in grouped(columns, texts, counts, is_number)
    }
    return shapes, np.asarray(is_number.to_numpy(zero_copy_only=False), dtype=np.bool_)
