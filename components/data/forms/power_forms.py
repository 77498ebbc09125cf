"""Numbers with powers of ten, such as `3.20E-04`: the form of a column, told, read and written."""

import re
from collections.abc import Iterable
from typing import Annotated, Literal, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from components.data.forms.number_shapes import kept_digits

_MOST_DECIMALS = 17
_EXAMPLE = 0.00032
_POWER = re.compile(r"[+-]?\d[.]?(\d*)([eE])([+-]?)(\d{1,3})", re.ASCII)
_NUMBER = r"^[+-]?(?:[0-9]+[.]?[0-9]*|[.][0-9]+)(?:[eE][+-]?[0-9]{1,3})?$"


class PowerForm(BaseModel):
    """How the numbers of a column are written that have powers of ten.

    A number has the fewest of `digits` decimals that keep it, else the most. Powers have `width`
    digits at least, and a sign where they are above zero if `has_plus`.

    >>> form = PowerForm(digits=(2,), letter="E", width=2, has_plus=True)
    >>> form.text_of(0.00032), form.text_of(1.5e10), form.text_of(0.0)
    ('3.20E-04', '1.50E+10', '0.00E+00')
    >>> form.numbers_in(pa.array(["3.20E-04", "soon"])).tolist()
    [0.00032, nan]
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    digits: tuple[Annotated[int, Field(ge=0, le=_MOST_DECIMALS)], ...] = Field(min_length=1)
    letter: Literal["e", "E"]
    width: Annotated[int, Field(ge=1, le=3)] = 1
    has_plus: bool = False

    @classmethod
    def of(cls, cells: Iterable[str]) -> Self | None:
        """The form of cells that all have a power of ten; None where one has none, or another.

        >>> PowerForm.of(["1.0e5", "2.25e-12"])
        PowerForm(digits=(1, 2), letter='e', width=1, has_plus=False)
        """
        found = [_POWER.fullmatch(cell) for cell in cells]
        matches = [match for match in found if match]
        if not matches or len(matches) < len(found) or len({match[2] for match in matches}) > 1:
            return None
        letter: Literal["e", "E"] = "e" if matches[0][2] == "e" else "E"
        return cls(
            digits=kept_digits({len(match[1]) for match in matches}),
            letter=letter,
            width=min(len(match[4]) for match in matches),
            has_plus=any(match[3] == "+" for match in matches),
        )

    @property
    def example(self) -> str:
        """An example."""
        return self.text_of(_EXAMPLE)

    @property
    def told(self) -> str:
        """An example, and the number that it is."""
        return f"{self.example!r} is {_EXAMPLE}"

    def text_of(self, number: float) -> str:
        """A finite number as text."""
        texts = [f"{number:.{digits}e}" for digits in self.digits]
        text = next((text for text in texts if float(text) == number), texts[-1])
        digits, _, power = text.partition("e")
        sign = "-" if power[0] == "-" else "+" * self.has_plus
        return f"{digits}{self.letter}{sign}{int(power[1:]):0{self.width}}"

    def numbers_in(self, texts: pa.Array) -> NDArray[np.float64]:
        """The numbers that texts are, NaN where one is none."""
        are_numbers = pc.match_substring_regex(texts, _NUMBER)
        known = pc.if_else(are_numbers, texts, pa.scalar(None, texts.type))
        numbers = pc.cast(known, pa.float64()).to_numpy(zero_copy_only=False)
        return np.asarray(numbers, dtype=np.float64)
