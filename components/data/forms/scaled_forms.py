"""Numbers in units of several sizes: `1.2 GB`, `$3.4M`: the form of a column, read and written."""

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from components.data.forms.number_readings import Trouble, several_forms
from components.data.forms.number_shapes import SeenShapes, grouped

_MOST_DECIMALS = 6
_BYTES: Mapping[str, float] = {
    **{"B": 1.0, "byte": 1.0, "bytes": 1.0, "Bytes": 1.0},
    **{f"{sign}B": 10.0 ** (3 * power) for sign, power in (("k", 1), ("K", 1), ("M", 2))},
    **{f"{sign}B": 10.0 ** (3 * power) for sign, power in (("G", 3), ("T", 4), ("P", 5))},
    **{f"{sign}iB": 1024.0**power for power, sign in enumerate("KMGTP", 1)},
}
_LETTERS: Mapping[str, float] = {
    **{"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "B": 1e9, "T": 1e12},
    **{"mn": 1e6, "bn": 1e9, "thousand": 1e3, "million": 1e6, "billion": 1e9},
    **{"Tsd.": 1e3, "Mio.": 1e6, "Mrd.": 1e9},
}
_FAMILIES = (_BYTES, _LETTERS)
_BEFORE = "(?:[A-Z]{0,2}[$€£¥₹₩]|[A-Z]{3})?[ \u00a0]?"
_TEXT = (
    rf"^(?P<sign>[-\x{{2212}}]?)(?P<before>{_BEFORE})(?P<whole>[0-9]+)"
    rf"(?P<part>(?:[.,][0-9]{{1,{_MOST_DECIMALS}}})?)(?P<gap>[ \x{{a0}}]?)"
    r"(?P<unit>[A-Za-z]{0,8}\.?)$"
)
_NOTHING = pa.scalar("", pa.large_string())


class ScaledUnit(BaseModel):
    """What stands behind a number, and how many it says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str
    size: Annotated[float, Field(gt=0)]


class ScaledForm(BaseModel):
    """How the numbers of a column are written that have units of several sizes.

    `units` ascend. A number has the largest that it is not less than. It has `digits` decimals, of
    several the fewest that keep it, else the most.

    >>> units = ScaledUnit(label=" KB", size=1e3), ScaledUnit(label=" MB", size=1e6)
    >>> form = ScaledForm(units=units, digits=(1,))
    >>> form.text_of(131_300.0), form.text_of(2.55e9), form.text_of(12.0)
    ('131.3 KB', '2550.0 MB', '0.0 KB')
    >>> form.numbers_in(pa.array(["131.3 KB", "2 MB", "soon"])).tolist()
    [131300.0, 2000000.0, nan]
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    units: tuple[ScaledUnit, ...] = Field(min_length=2)
    before: str = ""
    digits: tuple[Annotated[int, Field(ge=0, le=_MOST_DECIMALS)], ...] = Field((0,), min_length=1)

    @property
    def example(self) -> str:
        """An example."""
        return self.text_of(self._example)

    @property
    def told(self) -> str:
        """An example, and the number that it is."""
        return f"{self.example!r} is {self._example:.0f}"

    @property
    def _example(self) -> float:
        return 2 * self.units[-1].size

    def text_of(self, number: float) -> str:
        """A finite number as text."""
        size = abs(number)
        fitting = [unit for unit in self.units if unit.size <= size]
        unit = fitting[-1] if fitting else self.units[0]
        count = size / unit.size
        kept = (n for n in self.digits if math.isclose(round(count, n), count, rel_tol=1e-12))
        text = f"{count:.{next(kept, self.digits[-1])}f}"
        return ("-" if number < 0 else "") + self.before + text + unit.label

    def numbers_in(self, texts: pa.Array) -> NDArray[np.float64]:
        """The numbers that texts are, NaN where one is none in this form."""
        sizes = {unit.label: unit.size for unit in self.units}
        found = pc.extract_regex(texts, _TEXT)
        read = [np.nan if row is None else self._number(row, sizes) for row in found.to_pylist()]
        return np.array(read, dtype=np.float64)

    def _number(self, row: Mapping[str, str], sizes: Mapping[str, float]) -> float:
        size = sizes.get(row["gap"] + row["unit"])
        if size is None or row["before"] != self.before:
            return np.nan
        number = float(Decimal(row["whole"] + row["part"]) * Decimal(size))  # 8.7 K are 8700
        return -number if row["sign"] else number


class _Shape(NamedTuple):
    before: str
    label: str
    num_decimals: int


class ScaledTexts:
    """What a column's numbers with units of several sizes have in common; `add` takes the next.

    >>> texts = ScaledTexts()
    >>> texts.add(pa.array(["1.5 GB", "20.0 MB", "soon"], pa.large_string()), np.array([1, 2, 1]))
    array([ True,  True, False])
    >>> form, are_whole = texts.told
    >>> form.text_of(3e7), are_whole, texts.num_rows
    ('30.0 MB', True, 3)
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
        """Whether there are several units."""
        return len({shape.label.strip() for shape in self._seen}) > 1

    def add(self, texts: pa.Array, counts: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Take texts, each of which so many rows have; which of them are such numbers."""
        found = pc.extract_regex(texts, _TEXT)
        parts = {name: pc.struct_field(found, name) for name in ("before", "gap", "unit", "part")}
        columns = {
            "before": parts["before"],
            "label": pc.binary_join_element_wise(parts["gap"], parts["unit"], _NOTHING),
            "width": pc.utf8_length(parts["part"]),
            "mark": pc.utf8_slice_codeunits(parts["part"], 0, 1),
        }
        known = pa.array(sorted({*_BYTES, *_LETTERS}), parts["unit"].type)
        is_scaled = pc.and_(
            pc.is_in(parts["unit"], known),
            pc.fill_null(pc.not_equal(columns["mark"], ","), False),
        )
        for row, seen in grouped(columns, texts, counts, is_scaled):
            shape = _Shape(row["before"], row["label"], max(row["width"] - 1, 0))
            for family, shapes in zip(_FAMILIES, self._found, strict=True):
                if row["label"].strip() in family:
                    shapes.note(shape, seen)
        return np.asarray(is_scaled.to_numpy(zero_copy_only=False), dtype=np.bool_)

    @property
    def told(self) -> tuple[ScaledForm, bool] | Trouble | None:
        """The form of all and whether all are whole numbers, or why there is none.

        None where there are none, or all have one unit.
        """
        seen = self._seen
        if not self.is_form:
            return None
        family = _FAMILIES[self._found.index(seen)]
        sizes = {shape.label: family[shape.label.strip()] for shape in seen}
        ways: dict[tuple[str, bool | None], str] = {}
        for shape, each in seen.items():
            gap = shape.label[:1].isspace() if shape.label else None
            ways.setdefault((shape.before, gap), each.example)
        befores, gaps = {before for before, _ in ways}, {gap for _, gap in ways} - {None}
        if len(befores) > 1 or len(gaps) > 1 or len({*sizes.values()}) < len(sizes):
            one, other, *_ = [*ways.values(), *(each.example for each in seen.values())]
            return several_forms(one, other)
        units = sorted(sizes.items(), key=lambda each: each[1])
        form = ScaledForm(
            units=tuple(ScaledUnit(label=label, size=size) for label, size in units),
            before=befores.pop(),
            digits=tuple(sorted({shape.num_decimals for shape in seen})),
        )
        return form, all(sizes[shape.label] >= 10**shape.num_decimals for shape in seen)
