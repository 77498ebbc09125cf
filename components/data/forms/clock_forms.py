"""Times of day and lengths of time as text: the form of a whole column, told, read and written."""

from collections.abc import Mapping
from typing import Annotated, Literal, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from components.data.forms.number_readings import Trouble, several_forms
from components.data.forms.number_shapes import SeenShapes, grouped

_MOST_DECIMALS = 9
_NUM_HOURS = 24
_FEWEST_EMPTY = 3
"""A day begins elsewhere than at midnight where so many hours in a row have no time."""
_SHARE_OF_A_SIDE = 0.05
"""And so many times are on either side of midnight."""
_EXAMPLES = {"minutes": 495, "seconds": 29_730}
_DAYS, _PLAIN_DAYS = " days ", " days, "
_TIME = (
    r"^(?P<sign>[-+\x{2212}]?)(?:(?P<days>[0-9]{1,6})(?P<word> days?,? ))?"
    r"(?P<plus>\+?)(?P<hours>[0-9]{1,4})"
    r"(?P<colon>[:h])(?P<minutes>[0-5][0-9])(?::(?P<seconds>[0-5][0-9]))?"
    rf"(?P<part>(?:[.,][0-9]{{1,{_MOST_DECIMALS}}})?)"
    r"(?P<half>(?:[ \x{a0}\x{202f}]?(?:[AaPp][Mm]|[AaPp]\.[Mm]\.))?)"
    r"(?P<behind>(?: ?(?:Uhr|h|hrs?|hours|min|s|UTC|GMT)|Z|[-+][0-9]{2}:?[0-9]{2})?)$"
)
_NUMBERS = ("days", "hours", "minutes", "seconds")
_PARTS = ("sign", *_NUMBERS, "part", "half", "behind", "colon", "word", "plus")


class ClockForm(BaseModel):
    """How the times of a column are written: `08:15`, `8:15:30 PM`, `125:03:07.25`, `1 days 02:03`.

    A time is the number of what its last part counts: 08:15 is 495 minutes, or seconds. `clock`
    names that part as in times of day. Hours have `hours` digits at least; `digits` are the counts
    of decimals that there are, as those of a `NumberForm`, behind the `mark`. `half` says how the
    first half of a day is marked, where it is; `colon` stands behind hours, `behind` behind all.
    Times of day (`is_of_day`) are counted on from where the day `begins`: of a night from 22:00 on,
    00:10 is 1450 minutes. With `floors_days` a time below zero is written as pandas does, as
    `-1 days +23:00:00`; with `has_plain_days` as Python does, which leaves out no days: `1 day,
    2:03:04`.

    >>> form = ClockForm(clock="minutes", hours=1, half=" AM")
    >>> form.text_of(0), form.text_of(20 * 60 + 15)
    ('12:00 AM', '8:15 PM')
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    clock: Literal["minutes", "seconds"]
    hours: Annotated[int, Field(ge=1, le=4)] = 2
    has_days: bool = False
    digits: tuple[Annotated[int, Field(ge=0, le=_MOST_DECIMALS)], ...] = Field((0,), min_length=1)
    mark: Literal[".", ","] = "."
    half: str = ""
    behind: str = ""
    colon: Literal[":", "h"] = ":"
    begins: Annotated[int, Field(ge=0, lt=86_400)] = Field(0, exclude_if=lambda found: not found)
    is_of_day: bool = Field(False, exclude_if=lambda found: not found)
    floors_days: bool = Field(False, exclude_if=lambda found: not found)
    has_plain_days: bool = Field(False, exclude_if=lambda found: not found)

    @property
    def day(self) -> int:
        """How many a day has of what is counted."""
        return _NUM_HOURS * (60 if self.clock == "minutes" else 3_600)

    @property
    def range(self) -> tuple[int, int] | None:
        """The first number that can be, and the first that no longer can; None for any number."""
        return (self.begins, self.begins + self.day) if self.is_of_day else None

    @property
    def example(self) -> str:
        """An example."""
        return self.text_of(self._example)

    @property
    def _example(self) -> int:
        example = _EXAMPLES[self.clock]
        return example + self.day if example < self.begins else example

    @property
    def _beginning(self) -> str:
        return self.model_copy(update={"digits": (0,)}).text_of(self.begins)

    @property
    def told(self) -> str:
        """An example, and the number that it is."""
        begins = "" if not self.begins else f", of days that begin at {self._beginning}"
        return f"{self.example!r} is {self._example}{begins}"

    def text_of(self, number: float) -> str:
        """A finite number as text."""
        if self.is_of_day:
            number %= self.day
        floors = number < 0 and (self.floors_days or self.has_plain_days)
        size = number % self.day if floors else abs(number)
        digits = next((n for n in self.digits if round(size, n) == size), self.digits[-1])
        whole, _, part = f"{size:.{digits}f}".partition(".")
        rest, last = divmod(int(whole), 60)
        tail = f"{last:02}"
        if self.clock == "seconds":
            rest, minutes = divmod(rest, 60)
            tail = f"{minutes:02}:{tail}"
        tail = self.colon + tail
        tail += self.mark + part if part else ""
        days, hours = divmod(rest, _NUM_HOURS) if self.has_days else (0, rest)
        half = self._half_at(hours)
        hours = (hours + 11) % 12 + 1 if half else hours
        if floors:
            days += int(number // self.day)
        sign = "-" if number < 0 and not floors else ""
        return f"{sign}{self._ahead(days)}{hours:0{self.hours}}{tail}{half}{self.behind}"

    def numbers_in(self, texts: pa.Array) -> NDArray[np.float64]:
        """The numbers that texts are, NaN where one is no time in this form."""
        parts = _parts_of(texts)
        days, hours, minutes, seconds = (_number(parts[name]) for name in _NUMBERS)
        half = pc.utf8_lower(pc.utf8_trim_whitespace(parts["half"]))
        is_late = _mask(pc.starts_with(half, "p"))
        if self.half:
            hours = np.where((hours > 0) & (hours < 13), hours % 12 + 12 * is_late, np.nan)
        below = _mask(pc.match_substring_regex(parts["sign"], "[-\u2212]"))
        are_floored = below & (_mask(pc.equal(parts["plus"], "+")) | self.has_plain_days)
        days, below = np.where(are_floored, -days, days), below & ~are_floored
        totals = (days * _NUM_HOURS + hours) * 60 + minutes
        if self.clock == "seconds":
            totals = totals * 60 + seconds
        totals = totals + _number(pc.replace_substring(parts["part"], ",", "."))
        if self.begins:
            totals = np.where(totals < self.begins, totals + self.day, totals)
        is_one = _mask(pc.equal(parts["behind"], self.behind))
        is_one &= _mask(pc.equal(parts["colon"], self.colon))
        if not self.has_plain_days:
            is_one &= _mask(pc.equal(parts["word"], _DAYS if self.has_days else ""))
        for name, expected in (
            ("seconds", self.clock == "seconds"),
            ("half", bool(self.half)),
        ):
            is_one &= _mask(pc.not_equal(parts[name], "")) == expected
        return np.where(is_one, np.where(below, 0.0 - totals, totals), np.nan)

    def _ahead(self, days: int) -> str:
        """What stands before hours."""
        if self.has_plain_days:
            return f"{days} day{'s' * (abs(days) != 1)}, " if days else ""
        plus = "+" if days < 0 else ""
        return f"{days}{_DAYS}{plus}" if self.has_days else ""

    def _half_at(self, hours: int) -> str:
        late = str.maketrans("Aa", "Pp")
        return self.half.translate(late) if hours % _NUM_HOURS >= 12 else self.half


PANDAS = ClockForm(clock="seconds", hours=2, has_days=True, digits=(0, 6, 9), floors_days=True)
"""How pandas writes durations: `1 days 02:03:04`."""


class _Shape(NamedTuple):
    """How a time is written but for its digits: `first` is the first half of a day in its words."""

    word: str
    has_seconds: bool
    first: str
    behind: str
    colon: str
    mark: str
    width: int
    num_decimals: int


class ClockTexts:
    """The shapes of a column's times; `add` takes the next rows' distinct values.

    >>> texts = ClockTexts()
    >>> texts.add(pa.array(["8:15", "23:59", "soon"], pa.large_string()), np.array([1, 2, 1]))
    array([ True,  True, False])
    >>> form, are_whole = texts.told
    >>> form.text_of(61.0), are_whole, texts.num_rows
    ('1:01', True, 3)
    """

    def __init__(self) -> None:
        self._seen = SeenShapes[_Shape]()
        self._by_hour = np.zeros(_NUM_HOURS, dtype=np.int64)
        self._are_of_day = True
        self._has_floors = False

    @property
    def num_rows(self) -> int:
        """How many rows have times."""
        return self._seen.num_rows

    @property
    def example(self) -> str:
        """The first time of all; there is one."""
        return self._seen.example

    def add(self, texts: pa.Array, counts: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Take texts, each of which so many rows have; which of them are times."""
        parts = _parts_of(texts)
        early = pc.replace_substring_regex(parts["half"], "[Pp]([Mm.])", r"A\1")
        is_small = pc.match_substring(early, "m")
        columns = {
            "word": pc.replace_substring(parts["word"], "day,", "days,"),
            "has_seconds": pc.not_equal(parts["seconds"], ""),
            "first": pc.if_else(is_small, pc.utf8_lower(early), pc.utf8_upper(early)),
            "behind": parts["behind"],
            "colon": parts["colon"],
            "mark": pc.utf8_slice_codeunits(parts["part"], 0, 1),
            "width": pc.utf8_length(parts["hours"]),
            "num_decimals": pc.max_element_wise(0, pc.subtract(pc.utf8_length(parts["part"]), 1)),
        }
        is_time = parts["hours"].is_valid()
        self._add_hours(parts, counts)
        for row, seen in grouped(columns, texts, counts, is_time):
            self._seen.note(_Shape(*(row[name] for name in columns)), seen)
        return _mask(is_time)

    @property
    def told(self) -> tuple[ClockForm, bool] | Trouble | None:
        """The form of all and whether all are whole numbers, or why there is none.

        None where there are no times.
        """
        if not self._seen:
            return None
        marks = {shape.mark for shape in self._seen} - {""} or {"."}
        is_plain = any(shape.word == _PLAIN_DAYS for shape in self._seen)
        ways: dict[object, str] = {}
        for shape, seen in self._seen.items():
            word = _PLAIN_DAYS if is_plain and not shape.word else shape.word
            ways.setdefault((word, shape[1:5], shape.mark or min(marks)), seen.example)
        if len(ways) > 1:
            one, other, *_ = ways.values()
            return several_forms(one, other)
        first = next(iter(self._seen))
        digits = sorted({shape.num_decimals for shape in self._seen})
        form = ClockForm(
            clock="seconds" if first.has_seconds else "minutes",
            hours=min(shape.width for shape in self._seen),
            has_days=is_plain or first.word == _DAYS,
            has_plain_days=is_plain,
            floors_days=self._has_floors and not is_plain,
            digits=tuple(digits),
            mark="," if marks == {","} else ".",
            half=first.first,
            behind=first.behind,
            colon="h" if first.colon == "h" else ":",
        )
        begins = self._begins * form.day // _NUM_HOURS
        of_day = {"is_of_day": self._are_of_day, "begins": begins}
        return form.model_copy(update=of_day), digits == [0]

    def _add_hours(self, parts: Mapping[str, pa.Array], counts: NDArray[np.int64]) -> None:
        """Count times by their hour, and look whether all are those of a day."""
        is_time = _mask(parts["hours"].is_valid())
        hours = _number(parts["hours"])
        is_late = _mask(pc.match_substring_regex(parts["half"], "[Pp]"))
        has_half = _mask(pc.not_equal(parts["half"], ""))
        hours = np.where(has_half, hours % 12 + 12 * is_late, hours)
        is_bare = _mask(pc.equal(parts["sign"], "")) & _mask(pc.equal(parts["word"], ""))
        are_of_day = is_bare & (hours < _NUM_HOURS)
        self._are_of_day = self._are_of_day and bool(are_of_day[is_time].all())
        self._has_floors = self._has_floors or bool(_mask(pc.equal(parts["plus"], "+")).any())
        if self._are_of_day:
            known = hours[is_time].astype(np.int64)
            found = np.bincount(known, weights=counts[is_time], minlength=_NUM_HOURS)
            self._by_hour = self._by_hour + found.astype(np.int64)

    @property
    def _begins(self) -> int:
        """The hour at which a day begins: amid those without times where they cross midnight."""
        is_empty = self._by_hour == 0
        if not self._are_of_day or is_empty[[0, -1]].any() or not is_empty.any():
            return 0
        edges = np.flatnonzero(np.diff(np.concatenate([[0], is_empty.astype(np.int64), [0]])))
        starts, ends = edges[::2], edges[1::2]
        widest = int(np.argmax(ends - starts))
        hour = int(starts[widest] + ends[widest]) // 2
        sides = self._by_hour[:hour].sum(), self._by_hour[hour:].sum()
        is_wide = ends[widest] - starts[widest] >= _FEWEST_EMPTY
        return hour if is_wide and min(sides) >= _SHARE_OF_A_SIDE * sum(sides) else 0


def _parts_of(texts: pa.Array) -> Mapping[str, pa.Array]:
    """The parts of texts that are times, null where they are none."""
    found = pc.extract_regex(texts, _TIME)
    return {name: pc.struct_field(found, name) for name in _PARTS}


def _number(texts: pa.Array) -> NDArray[np.float64]:
    """Digits as numbers, none as 0, NaN where there is no text."""
    numbers = pc.cast(pc.if_else(pc.equal(texts, ""), "0", texts), pa.float64())
    return np.asarray(numbers.to_numpy(zero_copy_only=False), dtype=np.float64)


def _mask(found: pa.Array) -> NDArray[np.bool_]:
    """What holds, not where it is null."""
    return np.asarray(pc.fill_null(found, False).to_numpy(zero_copy_only=False), dtype=np.bool_)
