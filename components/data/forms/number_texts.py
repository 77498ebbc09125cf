"""Whether a column of text holds numbers or times, in which form: told from all values."""

from collections.abc import Iterable, Mapping
from typing import Protocol, Self

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from components.data.counted import counted
from components.data.forms.any_form import AnyForm
from components.data.forms.clock_forms import ClockTexts
from components.data.forms.fraction_forms import FractionTexts
from components.data.forms.number_forms import are_absent
from components.data.forms.number_readings import (
    Trouble,
    several_forms,
    tell_form,
    without_singular,
)
from components.data.forms.number_shapes import SeenShapes, Shape, shapes_of
from components.data.forms.part_forms import PartTexts
from components.data.forms.scaled_forms import ScaledTexts
from components.data.schema import NUMBERS, ColumnKind
from components.data.texts import holds_text, trimmed

MOST_NUMBERS = 0.8
"""From this share of the rows that have a value on, a text is one of numbers among others."""
MOST_OTHERS = 5
"""The most distinct values that stand among numbers."""
_MOST_SHAPES = 10_000
_CODE = "^(?:0[0-9].*|[A-Za-z]+[0-9]+)$"
"""What is no number though it ends in digits: 04109, B12."""


class _OwnForm(Protocol):
    """Numbers of a form of their own, all of which have it or none."""

    @property
    def num_rows(self) -> int:
        """How many rows have such numbers."""

    @property
    def is_form(self) -> bool:
        """Whether they are more than numbers with signs around them."""

    def add(self, texts: pa.Array, counts: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Take texts, each of which so many rows have; which of them are such numbers."""

    @property
    def told(self) -> tuple[AnyForm, bool] | Trouble | None:
        """The form of all and whether all are whole numbers, or why there is none."""


class NumberTexts:
    """The shapes of a column's numbers, and what else stands among them; `add` takes the next rows.

    A kind of numbers that is `declared` helps to tell.

    >>> texts = NumberTexts()
    >>> texts.add(["-5 %", "12.5 %", "n/a"], np.array([1, 3, 2]))
    >>> found = texts.form
    >>> found.text_of(-1.25), found.text_of(3.0), texts.num_absent
    ('-1.25 %', '3 %', 2)
    """

    def __init__(self, declared: ColumnKind | None = None) -> None:
        self.num_rows = 0
        self.others: dict[str, int] = {}
        self.absent: dict[str, int] = {}
        self._declared = declared
        self._seen = SeenShapes[Shape]()
        self._clocks = ClockTexts()
        self._own: tuple[_OwnForm, ...] = (PartTexts(), FractionTexts(), ScaledTexts())
        self._missed: Mapping[_OwnForm, int] = dict.fromkeys(self._own, 0)
        self._is_over = self._has_codes = False

    @classmethod
    def of(cls, values: pd.Series, kind: ColumnKind) -> Self:
        """Those of a column that is at hand whole, none where it is no text or of no such kind."""
        numbers = cls(kind)
        if kind in NUMBERS and holds_text(values):
            counts = values.dropna().astype(str).value_counts(sort=False)
            numbers.add(counts.index, np.asarray(counts, dtype=np.int64))
        return numbers

    def add(self, levels: Iterable[object], counts: NDArray[np.int64]) -> None:
        """Take the distinct values of the next rows, and how many of these have each."""
        if self._is_over:
            return
        texts = trimmed(pd.Series([str(level) for level in levels], dtype="str"))
        shapes, are_numbers = shapes_of(texts, counts)
        are_numbers |= self._clocks.add(texts, counts)
        absent = are_absent(texts)
        are_numbers |= self._add_to_own(texts, counts, absent)
        self.num_rows += int(counts.sum())
        self._has_codes = self._has_codes or pc.any(pc.match_substring_regex(texts, _CODE)).as_py()
        for shape, seen in shapes.items():
            self._seen.note(shape, seen)
        self._is_over = len(self._seen) > _MOST_SHAPES
        for place in np.flatnonzero(~are_numbers):
            others, text = self.absent if absent[place] else self.others, texts[place].as_py()
            others[text] = others.get(text, 0) + int(counts[place])
            if len(self.others) + len(self.absent) > MOST_OTHERS:
                self._is_over = True
                break

    def _add_to_own(
        self, texts: pa.Array, counts: NDArray[np.int64], absent: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        """Which texts are numbers of a form of their own; one that many are not of is given up."""
        are_own = np.zeros(len(texts), dtype=np.bool_)
        missed = dict(self._missed)
        for each in self._own:
            found = each.add(texts, counts)
            missed[each] += int((~found & ~absent).sum())
            if missed[each] <= MOST_OTHERS:
                are_own |= found
        self._missed = missed
        self._own = tuple(each for each in self._own if missed[each] <= MOST_OTHERS)
        return are_own

    @property
    def _whole_form(self) -> _OwnForm | None:
        """Those of a form of their own, where all numbers have it."""
        num_rows = self.num_rows - self.num_absent - sum(self.others.values())
        whole = (each for each in self._own if each.is_form and each.num_rows == num_rows)
        return next(whole, None)

    @property
    def num_absent(self) -> int:
        """Rows whose value says that there is none."""
        return sum(self.absent.values())

    @property
    def are_numbers(self) -> bool:
        """Whether it is a column of numbers, if it can be read as such or not.

        Times of day are numbers. So is what has one word behind it in all rows (`12 minutes`), but
        not what has another in some, as addresses. Codes are none: they are of one length and have
        no symbol, or some begin with a zero or a letter, or all are whole numbers and were kept as
        text.
        """
        num_numbers = self._seen.num_rows + self._clocks.num_rows
        own = self._whole_form
        num_numbers = num_numbers if own is None else own.num_rows
        are_most = num_numbers >= MOST_NUMBERS * (self.num_rows - self.num_absent) > 0
        if self._is_over or not are_most or self._clocks.num_rows or own is not None:
            return are_most and not self._is_over
        return (
            not self._has_codes
            and not self._has_several_words
            and (len({s.width for s in self._seen}) > 1 or all(s.has_symbol for s in self._seen))
            and (self._has_fractions or bool(self.others) or bool(self.absent))
        )

    @property
    def _has_several_words(self) -> bool:
        cores = {shape.core for shape in without_singular(self._seen)[0]}
        return len(cores) > 1 and any(shape.has_word for shape in self._seen)

    @property
    def _has_fractions(self) -> bool:
        return not all(shape.body.isalnum() and not any(shape.around) for shape in self._seen)

    @property
    def form(self) -> AnyForm | None:
        """The form of all values but those that say that there is none; None where it is unclear.

        Also where codes have it: see `are_numbers`.
        """
        told = self._told
        return told[0] if isinstance(told, tuple) else None

    @property
    def are_whole(self) -> bool:
        """Whether the form is clear and all numbers are whole."""
        told = self._told
        return isinstance(told, tuple) and told[1]

    @property
    def trouble(self) -> Trouble | None:
        """What keeps the numbers from being read; None where nothing does, or there are none."""
        told = self._told
        return told if isinstance(told, Trouble) else None

    @property
    def _told(self) -> tuple[AnyForm, bool] | Trouble | None:
        own = self._whole_form
        if self._is_over or not (self._seen or self._clocks.num_rows or own is not None):
            return None
        if self.others:
            others = ", ".join(map(repr, self.others))
            num = sum(self.others.values())
            why = f"since {counted(num, 'row')} {'has' if num == 1 else 'have'} {others}"
            return Trouble(why, "leave these cells empty")
        if own is not None:
            return own.told
        if not self._clocks.num_rows:
            return tell_form(self._seen, self._declared)
        if self._seen:
            return several_forms(self._clocks.example, self._seen.example)
        return self._clocks.told
