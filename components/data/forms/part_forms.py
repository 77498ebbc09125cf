"""Numbers of several parts, each with its unit: `PT8H40M`, `2 h 5 min`, `48°51'N`, `5'11"`."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Literal, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from components.data.forms.number_readings import Trouble, several_forms
from components.data.forms.number_shapes import Seen, SeenShapes, kept_digits

_MOST_DECIMALS = 10
_MOST_SHAPES = 10_000
_MINUS = "-\u2212"
_WEEK, _DAY, _HOUR, _MINUTE = 604_800, 86_400, 3_600, 60
_DECIMALS = rf"(?:[.,]\d{{1,{_MOST_DECIMALS}}})?"
_GAP = r"(?:, ?| and |[ \u00a0\u202f])?"
_BLANK = r"[ \u00a0\u202f]?"

_Unit = tuple[int, str]
"""How many of the smallest unit one is, and an expression for what stands behind its number."""


class _Family(NamedTuple):
    """Units that stand together, the largest first; what stands before all, and before the rest.

    `behind` says above and below zero. `is_known` is True where one part alone tells the family.
    """

    units: tuple[_Unit, ...]
    before: str = ""
    rest: str = ""
    num_before_rest: int = 0
    behind: tuple[tuple[str, str], ...] = ()
    is_known: bool = False


_ISO = _Family(
    ((_WEEK, "W"), (_DAY, "D"), (_HOUR, "H"), (_MINUTE, "M"), (1, "S")),
    before="P",
    rest="T",
    num_before_rest=2,
    is_known=True,
)
_WORDS = _Family(
    (
        (_WEEK, rf"{_BLANK}(?:wks?|weeks?|Wochen?|w)"),
        (_DAY, rf"{_BLANK}(?:days?|Tagen?|Tage?|d)"),
        (_HOUR, rf"{_BLANK}(?:hours?|hrs?\.?|Stunden?|Std\.?|h)"),
        (_MINUTE, rf"{_BLANK}(?:minutes?|mins?\.?|Minuten?|Min\.?|m)"),
        (1, rf"{_BLANK}(?:seconds?|secs?\.?|Sekunden?|Sek\.?|s)"),
    )
)
_ANGLE = _Family(
    (
        (3_600, rf"{_BLANK}°"),
        (60, rf"{_BLANK}['\u2032\u2019]"),
        (1, rf"{_BLANK}(?:\"|\u2033|\u201d|'')"),
    ),
    behind=(("N", "S"), ("E", "W"), ("O", "W")),
)
_FEET = _Family(
    (
        (12, rf"{_BLANK}(?:ft\.?|feet|foot|')"),
        (1, rf"{_BLANK}(?:in\.?|inches|inch|\"|'')"),
    )
)
_FAMILIES = (_ISO, _WORDS, _FEET, _ANGLE)
"""The first of those that most texts are of is taken: `5'11"` are feet, `3'45"` minutes."""


class UnitPart(BaseModel):
    """A part of a number: what stands behind it, behind a 1 maybe another word, and its size.

    `size` is how many of the last part's unit it is.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str
    label_of_one: str | None = Field(None, exclude_if=lambda found: found is None)
    size: Annotated[int, Field(ge=1)] = 1

    def text_of(self, digits: str) -> str:
        """The part with these digits."""
        is_one = self.label_of_one is not None and digits.lstrip("0") == "1"
        return digits + (self.label_of_one if is_one and self.label_of_one else self.label)

    @property
    def expression(self) -> str:
        """What can stand behind digits."""
        labels = {self.label, self.label_of_one or self.label}
        return "|".join(map(re.escape, sorted(labels, key=len, reverse=True)))


class PartsForm(BaseModel):
    """How the numbers of a column are written that have several parts, the largest first.

    A number is how many of the last part's unit there are: `8h 40m` is 520. `zeros` says which
    parts of a number are written that are 0: all, those behind the first that is more, or none.
    `before` stands before all parts, `rest` before those behind the first `num_before_rest`,
    `between` between parts. Parts have `width` digits at least, the first `first_width`. The last
    has `digits` decimals, as those of a `NumberForm`, behind the `mark`. Behind all stands `above`
    or `below` for numbers above or below zero; without these a minus stands before all.

    >>> hours, minutes = UnitPart(label="h", size=60), UnitPart(label="m")
    >>> form = PartsForm(parts=(hours, minutes), between=" ", zeros="none")
    >>> form.text_of(520), form.text_of(60), form.text_of(0)
    ('8h 40m', '1h', '0m')
    >>> form.numbers_in(pa.array(["8h 40m", "40m", "soon"])).tolist()
    [520.0, 40.0, nan]
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    parts: tuple[UnitPart, ...] = Field(min_length=1)
    before: str = ""
    rest: str = ""
    num_before_rest: int = 0
    between: str = ""
    zeros: Literal["all", "inner", "none"] = "all"
    width: Annotated[int, Field(ge=1, le=2)] = 1
    first_width: Annotated[int, Field(ge=1, le=3)] = 1
    digits: tuple[Annotated[int, Field(ge=0, le=_MOST_DECIMALS)], ...] = Field((0,), min_length=1)
    mark: Literal[".", ","] = "."
    above: str = ""
    below: str = ""

    @property
    def example(self) -> str:
        """An example."""
        return self.text_of(self._example)

    @property
    def told(self) -> str:
        """An example, and the number that it is."""
        return f"{self.example!r} is {self._example}"

    @property
    def _example(self) -> int:
        return 2 * self.parts[0].size + 5 * (len(self.parts) > 1)

    def text_of(self, number: float) -> str:
        """A finite number as text."""
        size = abs(number)
        digits = next((n for n in self.digits if round(size, n) == size), self.digits[-1])
        whole, _, decimals = f"{size:.{digits}f}".partition(".")
        left = int(whole)
        texts: list[tuple[int, str]] = []
        for place, part in enumerate(self.parts):
            count, left = divmod(left, part.size)
            is_last = place == len(self.parts) - 1
            tail = self.mark + decimals if is_last and decimals else ""
            is_more = count > 0 or bool(tail.strip(".,0"))
            if is_more or self._writes_zero(texts, is_last=is_last):
                width = self.width if texts else self.first_width
                texts.append((place, part.text_of(f"{count:0{width}}{tail}")))
        sign = "-" if number < 0 and not self.below else ""
        behind = self.below if number < 0 else self.above
        return sign + self.before + self._joined(texts) + behind

    def numbers_in(self, texts: pa.Array) -> NDArray[np.float64]:
        """The numbers that texts are, NaN where one is none in this form."""
        read = [np.nan if text is None else self._number(text) for text in texts.to_pylist()]
        return np.array(read, dtype=np.float64)

    def _writes_zero(self, before: Sequence[object], *, is_last: bool) -> bool:
        """Whether a part is written that is 0, behind those that are."""
        if self.zeros == "none":
            return is_last and not before
        return self.zeros == "all" or bool(before) or is_last

    def _joined(self, texts: Sequence[tuple[int, str]]) -> str:
        """Parts with what stands between them."""
        if not self.rest:
            return self.between.join(text for _, text in texts)
        first = "".join(text for place, text in texts if place < self.num_before_rest)
        others = "".join(text for place, text in texts if place >= self.num_before_rest)
        return first + (self.rest + others if others else "")

    def _number(self, text: str) -> float:
        found = re.fullmatch(self._expression, text)
        counts = found.groups()[1:-1] if found else ()
        if found is None or not any(counts):
            return np.nan
        total = sum(
            float((count or "0").replace(",", ".")) * part.size
            for count, part in zip(counts, self.parts, strict=True)
        )
        has_sign = found[1] in [*_MINUS]
        is_below = has_sign or (self.below != "" and found.groups()[-1] == self.below)
        return 0.0 - total if is_below else total

    @property
    def _expression(self) -> str:
        parts = [
            rf"(?:(\d+{_DECIMALS if place == len(self.parts) - 1 else ''})(?:{part.expression}))?"
            for place, part in enumerate(self.parts)
        ]
        gap = f"(?:{re.escape(self.between)})?"
        body = gap.join(parts)
        if self.rest:
            first, others = parts[: self.num_before_rest], parts[self.num_before_rest :]
            body = "".join(first) + (f"(?:{self.rest}{''.join(others)})?" if others else "")
        behind = "|".join(map(re.escape, {self.above, self.below}))
        return rf"([-+{_MINUS[1]}]?){re.escape(self.before)}{body}({behind})"


class _Shape(NamedTuple):
    """How a number of parts is written but for its digits.

    `labels` has what stands behind each part, by its place in the family, `zeros` the places of
    parts that are 0. `has_padding` is True where a part but the first begins with a zero.
    """

    family: int
    labels: tuple[tuple[int, str, bool], ...]
    gaps: tuple[str, ...]
    behind: str
    zeros: tuple[int, ...]
    has_padding: bool
    first_width: int
    mark: str
    num_decimals: int
    is_below: bool


class PartTexts:
    """The shapes of a column's numbers of parts; `add` takes the next rows' distinct values.

    >>> texts = PartTexts()
    >>> texts.add(pa.array(["2 h 5 min", "45 min", "soon"]), np.array([1, 2, 1]))
    array([ True,  True, False])
    >>> form, are_whole = texts.told
    >>> form.text_of(61.0), form.text_of(60.0), are_whole, texts.num_rows
    ('1 h 1 min', '1 h', True, 3)
    """

    def __init__(self) -> None:
        self._found = tuple(SeenShapes[_Shape]() for _ in _FAMILIES)

    @property
    def _seen(self) -> SeenShapes[_Shape]:
        return max(self._found, key=lambda seen: seen.num_rows)

    @property
    def num_rows(self) -> int:
        """How many rows have such numbers."""
        return self._seen.num_rows

    @property
    def example(self) -> str:
        """The first number of all; there is one."""
        return self._seen.example

    @property
    def is_form(self) -> bool:
        """Whether they are more than numbers with one unit, or have a sign that tells."""
        places = {place for shape in self._seen for place, _, _ in shape.labels}
        is_several = len(places) > 1 and any(len(shape.labels) > 1 for shape in self._seen)
        return is_several or any(
            _FAMILIES[shape.family].is_known or shape.behind for shape in self._seen
        )

    def add(self, texts: pa.Array, counts: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Take texts, each of which so many rows have; which of them are such numbers."""
        are_parts = np.zeros(len(texts), dtype=np.bool_)
        if max(map(len, self._found)) > _MOST_SHAPES:
            return are_parts
        for place in np.flatnonzero(_may_be(texts)):
            text, num_rows = texts[place].as_py(), int(counts[place])
            for shape in _shapes_of(text):
                self._found[shape.family].note(shape, Seen(num_rows, text))
                are_parts[place] = True
        return are_parts

    @property
    def told(self) -> tuple[PartsForm, bool] | Trouble | None:
        """The form of all and whether all are whole numbers, or why there is none.

        None where there are no such numbers.
        """
        seen = self._seen
        if not seen:
            return None
        parts = _parts(seen)
        if isinstance(parts, Trouble):
            return parts
        for key in ("gaps", "behind", "mark"):
            if trouble := _unlike(seen, key):
                return trouble
        form = _form(seen, parts)
        return form, form.digits == (0,)


def _may_be(texts: pa.Array) -> NDArray[np.bool_]:
    """Which texts have digits with something behind them: a quick look."""
    may = pc.match_substring_regex(texts, r"^[-+\x{2212}]?(?:P.*[WDHMS]|[0-9]+.*[^0-9])$")
    return np.asarray(pc.fill_null(may, False).to_numpy(zero_copy_only=False), dtype=np.bool_)


def _expressions(family: _Family) -> str:
    gap = "" if family.rest else _GAP
    parts = [rf"(?:({gap})(\d+{_DECIMALS})({label}))?" for _, label in family.units]
    first, others = parts[: family.num_before_rest], parts[family.num_before_rest :]
    body = "".join(parts)
    if family.rest:
        body = "".join(first) + f"(?:{family.rest}(?=.){''.join(others)})?"
    behind = "|".join({sign for pair in family.behind for sign in pair})
    tail = rf"({_BLANK}(?:{behind}))?" if behind else "()"
    return rf"([-+\u2212]?){family.before}{body}{tail}"


_COMPILED = tuple(re.compile(_expressions(family)) for family in _FAMILIES)


class _Cell(NamedTuple):
    """A part of a text: what stands before it, its number and what stands behind."""

    gap: str
    number: str
    label: str


def _shapes_of(text: str) -> Iterator[_Shape]:
    """The shapes of a text as a number of parts, one for each family that it is of."""
    for number, expression in enumerate(_COMPILED):
        found = expression.fullmatch(text)
        shape = _shape(number, [part or "" for part in found.groups()]) if found else None
        if shape is not None:
            yield shape


def _shape(number: int, groups: Sequence[str]) -> _Shape | None:
    family = _FAMILIES[number]
    sign, *body, tail = groups
    cells = [_Cell(*body[start : start + 3]) for start in range(0, len(body), 3)]
    met = [(place, cell) for place, cell in enumerate(cells) if cell.number]
    if not met or met[0][1].gap or any(re.search("[.,]", cell.number) for _, cell in met[:-1]):
        return None
    if family.behind and not tail and len(met) < 2:
        return None  # degrees alone are a number with a sign
    numbers = [cell.number for _, cell in met]
    last = re.split("[.,]", numbers[-1])
    sizes = [family.units[place][0] for place, _ in met]
    pairs = zip(numbers[1:], sizes[1:], sizes[:-1], strict=True)
    if any(float(n.replace(",", ".")) * own >= above for n, own, above in pairs):
        return None  # 90 minutes behind hours are none
    return _Shape(
        number,
        tuple((place, cell.label, cell.number == "1") for place, cell in met),
        tuple(sorted({cell.gap for _, cell in met[1:]})),
        tail,
        tuple(place for place, cell in met if not cell.number.strip("0.,")),
        any(re.match(r"0\d", each) for each in numbers[1:]),
        len(last[0] if len(numbers) == 1 else numbers[0]) if numbers[0].startswith("0") else 1,
        "" if len(last) == 1 else numbers[-1][len(last[0])],
        0 if len(last) == 1 else len(last[1]),
        sign in [*_MINUS],
    )


def _parts(seen: Mapping[_Shape, Seen]) -> Mapping[int, UnitPart] | Trouble:
    """The parts by their place in the family: one label, and maybe one for a 1, or the trouble."""
    first = next(iter(seen))
    labels: dict[int, dict[bool, dict[str, str]]] = {}
    for shape, rows in seen.items():
        for place, label, is_one in shape.labels:
            labels.setdefault(place, {True: {}, False: {}})[is_one].setdefault(label, rows.example)
    smallest = _FAMILIES[first.family].units[max(labels)][0]
    parts = {}
    for place, found in sorted(labels.items()):
        of_one, others = found[True], found[False] or found[True]
        if len(others) > 1 or len(of_one) > 1:
            examples = [*others.values()] if len(others) > 1 else [*of_one.values()]
            return several_forms(*examples[:2])
        (label,), one = others, next(iter(of_one), None)
        size = _FAMILIES[first.family].units[place][0] // smallest
        parts[place] = UnitPart(
            label=label, label_of_one=None if one in (None, label) else one, size=size
        )
    return parts


def _unlike(seen: Mapping[_Shape, Seen], key: str) -> Trouble | None:
    """What two texts have otherwise that all should have alike: gaps, marks, signs behind."""
    ways: dict[object, str] = {}
    for shape, rows in seen.items():
        value = getattr(shape, key)
        if key == "behind":
            value = _pair_of(shape)
        elif not value or (key == "gaps" and len(shape.labels) < 2):
            continue
        ways.setdefault(value, rows.example)
    if len(ways) > 1:
        return several_forms(*[*ways.values()][:2])
    mixed = next((seen[s].example for s in seen if key == "gaps" and len(s.gaps) > 1), None)
    return several_forms(mixed, mixed) if mixed else None


def _pair_of(shape: _Shape) -> tuple[str, str]:
    """What stands behind numbers above and below zero, where a number has this shape."""
    sign = shape.behind[-1:]
    blank = shape.behind[:-1]
    pairs = (pair for pair in _FAMILIES[shape.family].behind if sign in pair)
    above, below = next(pairs, ("", ""))
    return (blank + above, blank + below) if sign else ("", "")


def _form(seen: Mapping[_Shape, Seen], parts: Mapping[int, UnitPart]) -> PartsForm:
    first = next(iter(seen))
    family = _FAMILIES[first.family]
    above, below = next(_signs(seen))
    return PartsForm(
        parts=tuple(parts.values()),
        before=family.before,
        rest=family.rest,
        num_before_rest=sum(place < family.num_before_rest for place in parts),
        between=next((shape.gaps[0] for shape in seen if len(shape.labels) > 1), ""),
        zeros=_zeros(seen, len(parts)),
        width=2 if any(shape.has_padding for shape in seen) else 1,
        first_width=max(shape.first_width for shape in seen),
        digits=kept_digits({shape.num_decimals for shape in seen}),
        mark="," if any(shape.mark == "," for shape in seen) else ".",
        above=above,
        below=below,
    )


def _signs(seen: Mapping[_Shape, Seen]) -> Iterator[tuple[str, str]]:
    yield from (_pair_of(shape) for shape in seen if shape.behind)
    yield "", ""


def _zeros(seen: Mapping[_Shape, Seen], num_parts: int) -> Literal["all", "inner", "none"]:
    """Which parts that are 0 are written."""
    if all(len(shape.labels) == num_parts for shape in seen):
        return "all"
    beside = any(shape.zeros and len(shape.labels) > 1 for shape in seen)
    return "inner" if beside else "none"
