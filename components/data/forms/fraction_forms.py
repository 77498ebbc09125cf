"""Numbers written as fractions, as `3/4` or `1 1/2`: the form of a column, told and written."""

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Annotated, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from components.data.forms.number_readings import Trouble, several_forms

_USUAL = frozenset({2, 3, 4, 5, 6, 8, 10, 12, 16, 32, 64})
_HALVES = frozenset({2, 4, 8, 16, 32, 64})
_MOST_SEEN = 65_536
_SIGN = "[-+\u2212]?"
_UNIT = "[ \u00a0]?(?:[\"\u2033']|''|[A-Za-z]{1,12}\\.?)?"
_FRACTION = re.compile(
    rf"({_SIGN})(?:(\d+)(?:([ \u00a0-])(\d+)/(\d+))?|(\d+)/(\d+))({_UNIT})", re.ASCII
)


class _Found(NamedTuple):
    """What a text is: a sign, whole ones, a fraction, and what stands between and behind."""

    sign: str
    whole: str
    gap: str
    above: str
    below: str
    behind: str

    @property
    def value(self) -> float:
        """The number that it is."""
        part = Fraction(int(self.above), int(self.below)) if self.below else Fraction(0)
        total = float(int(self.whole or 0) + part)
        return -total if self.sign in ("-", "\u2212") else total


_WHOLE = _Found("", "1", "", "", "", "")
"""What stands for all whole numbers."""


class FractionForm(BaseModel):
    """How the numbers of a column are written that are fractions.

    They have one of the `denominators`, and `gap` behind whole ones, or where that is None none
    are apart, as in `5/4`. `behind` stands behind all.

    >>> form = FractionForm(denominators=(2, 4, 8), gap=" ")
    >>> form.text_of(1.5), form.text_of(0.3), form.text_of(2.0)
    ('1 1/2', '1/4', '2')
    >>> form.numbers_in(pa.array(["1 1/2", "3/8", "soon"])).tolist()
    [1.5, 0.375, nan]
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    denominators: tuple[Annotated[int, Field(ge=2, le=64)], ...] = Field(min_length=1)
    gap: str | None = None
    behind: str = ""

    @property
    def example(self) -> str:
        """An example."""
        return self.text_of(1 + 1 / self.denominators[0])

    @property
    def told(self) -> str:
        """An example, and the number that it is."""
        return f"{self.example!r} is {1 + 1 / self.denominators[0]:g}"

    def nearest(self, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        """The fractions nearest to numbers; NaN stays.

        >>> FractionForm(denominators=(2, 4)).nearest(np.array([1.3, np.nan])).tolist()
        [1.25, nan]
        """
        found = np.round(numbers)
        for below in self.denominators:
            near = np.round(numbers * below) / below
            found = np.where(np.abs(near - numbers) < np.abs(found - numbers), near, found)
        return found

    def text_of(self, number: float) -> str:
        """The fraction nearest to a finite number as text."""
        size = abs(number)
        near = (Fraction(round(size * below), below) for below in self.denominators)
        found = min(near, key=lambda each: abs(float(each) - size))
        sign = "-" if number < 0 and found else ""
        whole, rest = divmod(found.numerator, found.denominator)
        if not rest:
            return f"{sign}{whole}{self.behind}"
        if self.gap is None or not whole:
            return f"{sign}{found.numerator}/{found.denominator}{self.behind}"
        return f"{sign}{whole}{self.gap}{rest}/{found.denominator}{self.behind}"

    def numbers_in(self, texts: pa.Array) -> NDArray[np.float64]:
        """The numbers that texts are, NaN where one is none in this form."""
        found = [None if text is None else _found(text) for text in texts.to_pylist()]
        return np.array(
            [np.nan if f is None or f.behind != self.behind else f.value for f in found],
            dtype=np.float64,
        )


def _found(text: str) -> _Found | None:
    """What a text is that is a fraction or a whole number; None for any other."""
    match = _FRACTION.fullmatch(text)
    if match is None:
        return None
    sign, whole, gap, above, below, bare, bare_below, behind = (g or "" for g in match.groups())
    if (below or bare_below) and int(below or bare_below) not in _USUAL:
        return None
    if below and int(above) >= int(below):
        return None
    return _Found(sign, whole, gap, above or bare, below or bare_below, behind)


class FractionTexts:
    """What a column's fractions have in common; `add` takes the next rows' distinct values.

    >>> texts = FractionTexts()
    >>> texts.add(pa.array(["1 1/2", "3/4", "soon"]), np.array([1, 2, 1]))
    array([ True,  True, False])
    >>> form, are_whole = texts.told
    >>> form.text_of(2.25), are_whole, texts.num_rows
    ('2 1/4', False, 3)
    """

    def __init__(self) -> None:
        self._seen: dict[_Found, str] = {}
        self.num_rows = 0

    @property
    def example(self) -> str:
        """The first fraction of all; there is one."""
        return next(text for found, text in self._seen.items() if found.below)

    @property
    def is_form(self) -> bool:
        """Whether there are fractions that are no dates such as 3/4, and no scores such as 5/4.

        Some stand behind whole ones, or all are below one and some numbers whole or all
        denominators powers of two.
        """
        parts = [found for found in self._seen if found.below]
        if not parts:
            return False
        if any(found.gap for found in parts):
            return True
        are_below_one = all(int(found.above) < int(found.below) for found in parts)
        are_halves = {int(found.below) for found in parts} <= _HALVES
        return are_below_one and (are_halves or len(parts) < len(self._seen))

    def add(self, texts: pa.Array, counts: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Take texts, each of which so many rows have; which of them are fractions or whole."""
        looks_so = pc.match_substring_regex(texts, r"^[-+\x{2212}]?[0-9]+(?:[^.,:]|$)")
        may = pc.fill_null(looks_so, False)
        is_whole = pc.fill_null(pc.match_substring_regex(texts, "^[0-9]+$"), False)
        are_fractions = np.array(is_whole.to_numpy(zero_copy_only=False), dtype=np.bool_)
        if are_fractions.any():
            self._seen.setdefault(_WHOLE, texts[int(are_fractions.argmax())].as_py())
            self.num_rows += int(counts[are_fractions].sum())
        for place in np.flatnonzero(may.to_numpy(zero_copy_only=False) & ~are_fractions):
            text = texts[place].as_py()
            found = _found(text)
            if found is not None and len(self._seen) < _MOST_SEEN:
                self._seen.setdefault(found, text)
                self.num_rows += int(counts[place])
                are_fractions[place] = True
        return are_fractions

    @property
    def told(self) -> tuple[FractionForm, bool] | Trouble | None:
        """The form of all and whether all are whole numbers, or why there is none.

        None where there are no fractions.
        """
        parts = [found for found in self._seen if found.below]
        if not parts:
            return None
        for of in ("behind", "gap"):
            texts = _by(of, self._seen)
            if len(texts) > 1:
                return several_forms(*texts[:2])
        gap = next((found.gap for found in parts if found.gap), None)
        below = sorted({int(found.below) for found in parts})
        form = FractionForm(denominators=tuple(below), gap=gap, behind=parts[0].behind)
        return form, False


def _by(of: str, seen: dict[_Found, str]) -> Sequence[str]:
    """A text for each way to write what stands behind, or between."""
    ways: dict[str, str] = {}
    for found, text in seen.items():
        if of != "gap" or found.gap:
            ways.setdefault(getattr(found, of), text)
    return [*ways.values()]
