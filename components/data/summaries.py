"""What is told of a column from all its rows, added up over batches: exact, whatever their size."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import time, timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api import types

from components.data.cell_kinds import CellSummary
from components.data.distinct import Distinct, Repeats
from components.data.forms.date_strays import DateStrays
from components.data.forms.dates import COMPACT, DateFormats, are_compact
from components.data.forms.number_texts import NumberTexts
from components.data.forms.truths import DIGITS, Truths, told_truths
from components.data.identifiers.numbers import CountingUp, whole_numbers
from components.data.schema import NUMBERS, ColumnKind
from components.data.texts import TextSummary
from components.errors import UserError

MAX_CATEGORIES = 1_000_000
MAX_CLASSES = 20
MAX_LARGE_LEVELS = 1_000
NEARLY_ALL = 0.9
"""Of a text with so many distinct values for each value that is there, nothing can be learned."""
_MOST_KEPT = 65_536
_ISO_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}.*)?$")
_OTHER_DATE = re.compile(r"^\d{1,2}([./-])\d{1,2}\1(\d{4}|\d{2})([ ,]+\d{1,2}:\d{2}.*)?$")
_UNITS = ("D", "s", "ms", "us")
_UNLEARNABLE = {bytes: "bytes", time: "times of day", timedelta: "durations"}
"""What no column may hold, by the Python type of its values."""
_AS_TEXT = (ColumnKind.CATEGORICAL, ColumnKind.IDENTIFIER, ColumnKind.CONSTANT)


def check_distinct_names(names: Sequence[str]) -> None:
    """Raise UserError where two columns have one name."""
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise UserError(f"more than one column is named {repeated[0]!r}; names must be distinct")


class ColumnSummary:
    """What the rows so far say of a column; `add` takes the next ones, in their order.

    `num_rows`, `num_missing` and `num_infinite` count rows. `first` is the first value. `varies` is
    True where there is another. `are_booleans` and `are_dates` (ISO dates in text),
    `look_like_dates` (text of a day, a month and a year, in whatever order) and `is_whole`
    (numbers) are True while all values are so;
    `date_formats` tells the order; `are_days` is True while all numbers are such as 20240131.
    `numbers` says whether a text that nobody declared anything else
    holds numbers, `texts`, `cells` and `strays` more of one that nobody declared. `largest` is the
    largest absolute number. `are_thousands` is True while whole numbers of a type that is exact
    are multiples of 1,000. `levels` holds `MAX_LARGE_LEVELS` whole numbers at most.
    `distinct` holds the distinct values of a text, a target or a column whose declared kind asks
    for them.
    `witnesses` are values on which the reading of others depends: the first date fixes the format
    of all, and times are written to the finest digit that any has.
    """

    def __init__(
        self,
        name: str,
        dtype: Any,
        declared: ColumnKind | None = None,
        *,
        is_target: bool = False,
    ) -> None:
        self.name, self.dtype, self.declared = name, dtype, declared
        self.num_rows = self.num_missing = self.num_infinite = 0
        self.first: Any = None
        self.varies = False
        self.largest: float = 0
        is_bool, self.is_time = types.is_bool_dtype(dtype), types.is_datetime64_any_dtype(dtype)
        self.is_number = types.is_numeric_dtype(dtype) and not is_bool
        self.is_text = not (is_bool or self.is_time or self.is_number)
        self.are_booleans = is_bool or types.is_object_dtype(dtype)
        self.are_dates = self.look_like_dates = self.is_text
        self.date_formats = DateFormats()
        self.are_days = self.is_number
        self.texts = TextSummary() if self.is_text and declared is None else None
        self.cells = CellSummary() if self.is_text and declared is None else None
        self.strays = DateStrays() if self.is_text and declared is None else None
        may_be_numbers = self.is_text and (declared is None or declared in NUMBERS)
        self.numbers = NumberTexts(declared) if may_be_numbers else None
        self.is_whole = self.is_number
        self._counting = CountingUp()
        self.is_exact = self.are_thousands = types.is_integer_dtype(dtype)
        self.levels = Distinct(MAX_LARGE_LEVELS, counts_on=False)
        self._repeats = Repeats()
        self.distinct = self._distinct(is_target)
        self._witnesses: dict[str, pd.Series] = {}

    @property
    def written(self) -> str | None:
        """The format of dates in text or numbers, where these are no ISO dates."""
        return COMPACT if self.are_days and self.num_present else self.date_formats.found

    @property
    def truths(self) -> Truths | None:
        """How false and true are written where it is declared that they are."""
        if self.declared is not ColumnKind.BOOLEAN or self.distinct is None:
            return DIGITS if self.declared is ColumnKind.BOOLEAN and self.is_number else None
        return told_truths({str(level): count for level, count in self.distinct.counts.items()})

    @property
    def num_present(self) -> int:
        """Rows with a value."""
        return self.num_rows - self.num_missing

    @property
    def witnesses(self) -> pd.Series | None:
        """Values to be read along with any batch, so that it is read as the whole column is."""
        found = list(self._witnesses.values())
        return pd.concat(found, ignore_index=True) if found else None

    @property
    def is_single(self) -> bool:
        """True where all rows have one value, the same."""
        return self.num_present == self.num_rows > 0 and not self.varies

    @property
    def is_unique(self) -> bool:
        """True for a text that all rows have, each another."""
        return self.num_missing == 0 and self.num_distinct == self.num_rows

    @property
    def is_nearly_unique(self) -> bool:
        """True for a text of which hardly any value comes again."""
        most = NEARLY_ALL * self.num_present
        return self.is_text and self.num_distinct > MAX_CLASSES and self.num_distinct >= most

    @property
    def counts_up(self) -> bool:
        """True for numbers of which each is one more than that before."""
        return self.is_number and self._counting.holds

    @property
    def are_different(self) -> bool:
        """True for whole numbers that all rows have, each another."""
        return self.is_number and self.is_whole and not self.num_missing and not self._repeats.found

    @property
    def num_distinct(self) -> int:
        """How many distinct values there are; of a number that nobody asks for, 0, 1 or 2."""
        if self.distinct is not None:
            return self.distinct.count()
        return int(self.num_present > 0) + int(self.varies)

    def num_lacking(self, kind: ColumnKind) -> int:
        """Rows without a value, also such that say so, where text is read as this kind."""
        if self.numbers is None or kind not in NUMBERS:
            return self.num_missing
        return self.num_missing + self.numbers.num_absent

    def add(self, values: pd.Series) -> None:
        """Take the next rows' values, in the type of the whole column."""
        present = values.dropna()
        self.num_rows += len(values)
        self.num_missing += len(values) - len(present)
        if present.empty:
            return
        if self.num_present == len(present):
            self.first = present.iloc[:1].tolist()[0]
        if self.is_number:
            self._add_numbers(present)
        elif self.dtype.kind in "mM" and (self.is_text or self.declared in _AS_TEXT):
            self._add_times(present)
        if self.distinct is not None:
            self._add_distinct(present)
        else:
            self.varies = self.varies or bool((present != self.first).any())

    def _distinct(self, is_target: bool) -> Distinct | None:
        if is_target and self.is_number and self.declared is None:
            return Distinct(MAX_CLASSES, counts_on=False)
        if is_target:
            return Distinct(MAX_CATEGORIES)
        if self.declared in (ColumnKind.CATEGORICAL, ColumnKind.CONSTANT):
            return Distinct(_MOST_KEPT)
        return Distinct(_MOST_KEPT) if self.is_text else None

    def _add_numbers(self, present: pd.Series) -> None:
        if self.is_exact:
            self._add_exact(whole_numbers(present))
            return
        numbers = present.to_numpy(dtype=np.float64)
        self.are_days = self.are_days and bool(are_compact(numbers).all())
        self.num_infinite += int(np.isinf(numbers).sum())
        with np.errstate(invalid="ignore", over="ignore"):
            self.is_whole = self.is_whole and bool(np.equal(numbers, np.round(numbers)).all())
        self.largest = max(self.largest, float(np.abs(numbers).max()))
        self._counting.add(numbers)
        if self.is_whole:
            self._repeats.add(numbers)
            self._add_levels(numbers)

    def _add_exact(self, numbers: NDArray[Any]) -> None:
        """Take whole numbers of a type that keeps every digit."""
        self.largest = max(self.largest, -int(numbers.min()), int(numbers.max()))
        self._counting.add(numbers)
        self.are_days = self.are_days and bool(are_compact(numbers).all())
        self.are_thousands = self.are_thousands and not (numbers % 1000).any()
        self._repeats.add(numbers)
        self._add_levels(numbers)

    def _add_levels(self, numbers: NDArray[Any]) -> None:
        if not self.levels.is_over:
            self.levels.add(*np.unique(numbers, return_counts=True))

    def _add_times(self, present: pd.Series) -> None:
        local = present.dt.tz_localize(None) if hasattr(present.dt, "tz_localize") else present
        for unit in _UNITS:
            finer = (local != local.dt.floor(unit)).to_numpy()
            if unit not in self._witnesses and finer.any():
                self._witnesses[unit] = present[finer].iloc[:1]

    def _add_distinct(self, present: pd.Series) -> None:
        assert self.distinct is not None
        if types.is_object_dtype(self.dtype) and self.are_booleans:
            self.are_booleans = all(isinstance(value, bool) for value in present)
        for kind, what in _UNLEARNABLE.items():
            if isinstance(self.first, kind):
                raise UserError(self._unlearnable(what))
        try:
            codes, levels = pd.factorize(present)
        except TypeError as error:
            raise UserError(self._unlearnable("lists or records")) from error
        counts = np.bincount(codes)
        self.distinct.add(np.asarray(levels), counts)
        self.varies = self.varies or len(levels) > 1 or levels[0] != self.first
        self.are_dates = self.are_dates and all(_ISO_DATE.match(str(level)) for level in levels)
        self.look_like_dates = self.look_like_dates and all(
            _OTHER_DATE.match(str(level)) for level in levels
        )
        if self.is_text and self.declared in (None, ColumnKind.DATETIME):
            self.date_formats.add(levels)
        if self.is_text:
            self._witnesses.setdefault("first", present.iloc[:1])
        if self.numbers is not None:
            self.numbers.add(levels, counts)
        if self.texts is not None:
            self.texts.add(levels, counts)
        if self.cells is not None:
            self.cells.add(levels, counts)
        if self.strays is not None:
            self.strays.add(levels, counts)

    def _unlearnable(self, what: str) -> str:
        return (
            f"column {self.name!r} holds {what}, such as {repr(self.first)[:40]}, which cannot be "
            f"learned: drop it (prepare.drop: [{self.name}])"
        )


def summarise(
    batches: Iterable[pd.DataFrame],
    dtypes: Mapping[str, Any],
    target: str,
    declared: Mapping[str, ColumnKind],
) -> dict[str, ColumnSummary]:
    """A summary of each column of `dtypes`, which every batch has in these types."""
    found = {
        name: ColumnSummary(name, dtype, declared.get(name), is_target=name == target)
        for name, dtype in dtypes.items()
    }
    for batch in batches:
        for name, summary in found.items():
            summary.add(batch[name])
    return found
