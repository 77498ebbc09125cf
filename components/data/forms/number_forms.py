"""Numbers written as text with signs around them: the form of a whole column, read and written."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Protocol

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from components.data.texts import holds_text, trimmed

GAPS = ",.' \u00a0\u2009\u2019\u202f"
"""What may part thousands."""
MARKS = ",."
"""What decimals may stand behind."""

MOST_DECIMALS = 30
_EXAMPLE, _EXAMPLE_IN_LAKHS = 1234.5, 123456.5

Parts = tuple[pa.Array, pa.Array, pa.Array]
"""What stands left of each number, its digits, and what stands right; null where it is none."""

_SIGN = "[-+\u2212]"
_IS_BELOW = "[-\u2212(]"
_ABSENT = (
    r"^(?:[-\x{2010}-\x{2015}\x{2212}.?*_/]{0,4}|#?n\.? ?/? ?a\.?|<na>|nan|nil|null|none|missing"
    r"|unknown|not (?:known|available|applicable)|tbd|k\. ?a\.)$"
)
"""What stands for a missing number among others, in capital or small letters."""


class Written(Protocol):
    """How numbers are written as text."""

    @property
    def told(self) -> str:
        """An example, and the number that it is."""

    @property
    def example(self) -> str:
        """An example."""

    def text_of(self, number: float) -> str:
        """A finite number as text."""

    def numbers_in(self, texts: pa.Array) -> NDArray[np.float64]:
        """The numbers that texts are, NaN where one is none in this form."""


class NumberForm(BaseModel):
    """How the numbers of a column are written: `-$1,234.50`, `1.234,50 €`, `(12 %)`.

    `before` and `behind` stand around the digits; in their place `below` stands around those of
    numbers below zero, `above` around those above. `gap` parts thousands, decimals stand behind the
    `mark`. `digits` are the counts of decimals that there are, in order: a number has the least of
    them that keeps it, and as many as it needs where none does. Without `leading_zero` numbers
    below one begin with their mark. Behind a 1 stands `behind_one` where it is another word, as in
    `1 minute`. With `has_lakhs` groups are of two digits but for the last, as
    in `12,34,567`.

    >>> form = NumberForm(before="$", below=("($", ")"), above=("$", ""), gap=",", digits=(2,))
    >>> form.text_of(-1234.5), form.text_of(0.125)
    ('($1,234.50)', '$0.125')
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    before: str = ""
    behind: str = ""
    below: tuple[str, str] = ("-", "")
    above: tuple[str, str] = ("", "")
    gap: str = Field("", pattern=f"^[{GAPS}]?$")
    mark: str = Field(".", pattern=f"^[{MARKS}]$")
    digits: tuple[Annotated[int, Field(ge=0, le=MOST_DECIMALS)], ...] = Field((0,), min_length=1)
    leading_zero: bool = True
    behind_one: str | None = Field(None, exclude_if=lambda found: found is None)
    has_lakhs: bool = Field(False, exclude_if=lambda found: not found)

    @property
    def example(self) -> str:
        """An example."""
        return self.text_of(self._example)

    @property
    def told(self) -> str:
        """An example, and the number that it is."""
        return f"{self.example!r} is {self._example}"

    @property
    def _example(self) -> float:
        return _EXAMPLE_IN_LAKHS if self.has_lakhs else _EXAMPLE

    def text_of(self, number: float) -> str:
        """A finite number as text."""
        left, right = self._around(number)
        digits = self._digits_of(abs(number))
        if self.behind_one is not None and digits == "1":
            right = right.replace(self.behind, self.behind_one)
        return left + digits + right

    def numbers_in(self, texts: pa.Array) -> NDArray[np.float64]:
        """The numbers that texts are, NaN where one is none in this form."""
        before, behind = re.escape(self.before), re.escape(self.behind)
        if (singular := self._singular) is not None:
            behind = f"(?:{behind}|{re.escape(singular)})"
        left, digits, _ = parted(texts, before, self.body, behind)
        plain = pc.replace_substring_regex(digits, f"[{self.gaps}]", "") if self.gaps else digits
        point = pc.replace_substring_regex(plain, f"[{self.marks}]", ".")
        sizes = pc.cast(point, pa.float64()).to_numpy(zero_copy_only=False)
        below = pc.fill_null(pc.match_substring_regex(left, _IS_BELOW), False)
        numbers: NDArray[np.float64] = np.where(np.asarray(below), 0.0 - sizes, sizes)
        return numbers

    @property
    def gaps(self) -> str:
        """What parts thousands, or may part them where none was met and the mark is known."""
        if self.gap or not self._has_decimals:
            return self.gap
        return GAPS.replace(self.mark, "")

    @property
    def marks(self) -> str:
        """What decimals stand behind, or may stand behind where none were met."""
        return self.mark if self._has_decimals or self.gap in (*MARKS,) else MARKS

    @property
    def body(self) -> str:
        """An expression for digits; where neither gap nor mark is known, `1,234` is none."""
        whole = "[0-9]+"
        if self.gaps:
            more = rf"{{1,2}}(?:[{self.gaps}][0-9]{{2}})*" if self.has_lakhs else "{1,3}"
            groups = "" if self.has_lakhs else "+"
            whole = rf"(?:{whole}|[0-9]{more}(?:[{self.gaps}][0-9]{{3}}){groups})"
        is_known = self._has_decimals or self.gap
        decimals = rf"[{self.marks}]" + ("[0-9]+" if is_known else "(?:[0-9]{1,2}|[0-9]{4,})")
        return f"(?:{whole}(?:{decimals})?|{decimals})"

    @property
    def _singular(self) -> str | None:
        """What may stand behind a 1; where none was met, a word without its s, for other rows."""
        is_plural = self.behind.endswith("s") and len(self.behind.strip()) > 3
        return self.behind[:-1] if self.behind_one is None and is_plural else self.behind_one

    @property
    def _has_decimals(self) -> bool:
        return max(self.digits) > 0

    def _around(self, number: float) -> tuple[str, str]:
        if number < 0:
            return self.below
        return self.above if number > 0 else (self.before, self.behind)

    def _digits_of(self, number: float) -> str:
        kept = (f"{number:,.{n}f}" for n in self.digits if round(number, n) == number)
        plain = next(kept, None) or f"{Decimal(repr(number)):,f}"
        whole, _, part = plain.partition(".")
        if whole == "0" and part and not self.leading_zero:
            whole = ""
        if self.has_lakhs:
            whole = _in_lakhs(whole.replace(",", ""))
        return whole.replace(",", self.gap) + (self.mark + part if part else "")


def _in_lakhs(digits: str) -> str:
    """Digits in groups of two but for the last: `12,34,567`."""
    thousands = digits[:-3]
    starts = range(len(thousands) % 2 or 2, len(thousands) + 1, 2)
    groups = [thousands[max(0, end - 2) : end] for end in starts]
    return ",".join([*groups, digits[-3:]] if thousands else [digits])


def parted(texts: pa.Array, before: str, body: str, behind: str) -> Parts:
    """The parts of texts that are numbers, by what these expressions say of each part.

    A sign stands first or right before the digits; parentheses around all stand for a minus.
    """
    left, right = rf"\(?{_SIGN}?{before}{_SIGN}?\(?", rf"\)?{behind}\)?"
    found = pc.extract_regex(texts, f"^(?P<left>{left})(?P<body>{body})(?P<right>{right})$")
    left, digits, right = (pc.struct_field(found, name) for name in ("left", "body", "right"))
    num_signs = pc.count_substring_regex(left, "[-+\u2212(]")
    is_closed = pc.equal(pc.match_substring(left, "("), pc.match_substring(right, ")"))
    is_number = pc.and_(pc.less_equal(num_signs, 1), is_closed)
    nothing = pa.scalar(None, digits.type)
    return left, pc.if_else(is_number, digits, nothing), right


def is_below(left: str) -> bool:
    """Whether what stands left of digits says that their number is below zero."""
    return re.search(_IS_BELOW, left) is not None


def are_absent(texts: pa.Array) -> NDArray[np.bool_]:
    """Which texts say that a number is missing; also those that are null."""
    said = pc.match_substring_regex(texts, _ABSENT, ignore_case=True)
    return np.asarray(pc.fill_null(said, True).to_numpy(zero_copy_only=False), dtype=np.bool_)


def read_numbers(values: pd.Series, form: Written) -> pd.Series:
    """Texts in this form as float64, missing where they say so, and numbers as they are.

    Raises ValueError where a text is neither.
    """
    read, unread = read_what_is_number(values, form)
    if unread.any():
        raise ValueError(f"{values[unread].iloc[0]!r} is no number such as {form.example!r}")
    return read


def read_what_is_number(values: pd.Series, form: Written) -> tuple[pd.Series, NDArray[np.bool_]]:
    """The same, missing where a text is neither, and which texts are not."""
    if not holds_text(values):
        return values.astype("float64"), np.zeros(len(values), dtype=np.bool_)
    texts = trimmed(values)
    numbers = form.numbers_in(texts)
    return (
        pd.Series(numbers, index=values.index, name=values.name),
        np.isnan(numbers) & ~are_absent(texts),
    )


def write_numbers(frame: pd.DataFrame, forms: Mapping[str, Written]) -> pd.DataFrame:
    """The frame with these columns of numbers as text, each in its form."""
    return frame.assign(**{name: _texts(frame[name], form) for name, form in forms.items()})


def _texts(values: pd.Series, form: Written) -> pd.Series:
    codes, levels = pd.factorize(values)
    texts = np.array([*(form.text_of(float(level)) for level in levels), None], dtype=object)
    return pd.Series(texts[codes], index=values.index, dtype="str")
