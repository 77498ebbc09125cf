"""What holds in every row of a table, as it is declared, and in words."""

import math
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from components.config.settings import Settings
from components.config.yaml_text import shown


class Unit(StrEnum):
    """What a number counts that is added to a date."""

    DAYS = "days"
    HOURS = "hours"
    MINUTES = "minutes"
    SECONDS = "seconds"


class Inequality(Settings):
    """`low` is at most `high`, two numbers or two dates."""

    kind: Literal["inequality"] = "inequality"
    low: str
    high: str

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it is about."""
        return (self.low, self.high)

    def __str__(self) -> str:
        """Such as "admitted <= discharged"."""
        return f"{self.low} <= {self.high}"

    @model_validator(mode="after")
    def _is_of_two(self) -> Self:
        _check_distinct(str(self), self.columns)
        return self


class Combination(Settings):
    """Values of these columns, categories all, go together as in some training row."""

    kind: Literal["combination"] = "combination"
    columns: tuple[str, ...] = Field(min_length=2)

    def __str__(self) -> str:
        """Such as "city & country"."""
        return " & ".join(self.columns)

    @model_validator(mode="after")
    def _are_distinct(self) -> Self:
        _check_distinct(str(self), self.columns)
        return self


class Sum(Settings):
    """`total` is the sum of `parts` less that of `minus`, rounded to the digits that it has.

    Where `total` is a number, such as 100, the last of `parts` is what the others leave of it.
    `units` says of numbers what they count, where dates are among the columns.
    """

    kind: Literal["sum"] = "sum"
    total: str | float
    parts: tuple[str, ...] = Field(min_length=1)
    minus: tuple[str, ...] = Field((), exclude_if=lambda found: not found)
    units: dict[str, Unit] = Field({}, exclude_if=lambda found: not found)

    @property
    def constant(self) -> float | None:
        """The number that the parts add up to; None where the total is a column."""
        return None if isinstance(self.total, str) else self.total

    @property
    def result(self) -> str:
        """The column that is computed from the others."""
        return self.total if isinstance(self.total, str) else self.parts[-1]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it is about, the one that is computed last."""
        named = (*self.parts, *self.minus)
        return (*(name for name in named if name != self.result), self.result)

    def __str__(self) -> str:
        """Such as "total = net + tax", "100 = a + b + c" or "end = start + days(stay)"."""
        left = self._told(self.total) if isinstance(self.total, str) else number_told(self.total)
        added = " + ".join(map(self._told, self.parts))
        return f"{left} = {added}{''.join(f' - {self._told(name)}' for name in self.minus)}"

    def _told(self, name: str) -> str:
        return f"{self.units[name]}({name})" if name in self.units else name

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        named = (*self.parts, *self.minus, *((self.total,) if isinstance(self.total, str) else ()))
        _check_distinct(str(self), named)
        if len(self.parts) + len(self.minus) < 2:
            raise ValueError(f"{self}: a sum is of two columns at least")
        for name in self.units:
            if name not in named:
                raise ValueError(f"{self}: units names {shown(name)}, which is none of its columns")
        if self.constant is not None and not math.isfinite(self.constant):
            raise ValueError(f"{self}: the total is not finite")
        return self


class Product(Settings):
    """`total` is `factor`, times `parts`, divided by `over`, rounded to the digits that it has."""

    kind: Literal["product"] = "product"
    total: str
    parts: tuple[str, ...] = Field(min_length=1)
    over: tuple[str, ...] = Field((), exclude_if=lambda found: not found)
    factor: float = Field(1.0, exclude_if=lambda found: found == 1)

    @property
    def result(self) -> str:
        """The column that is computed from the others."""
        return self.total

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it is about, the total last."""
        return (*self.parts, *self.over, self.total)

    def __str__(self) -> str:
        """Such as "paid = quantity * price", "rate = 100 * hits / tries" or "tax = 0.2 * net"."""
        scale = () if self.factor == 1 else (number_told(self.factor),)
        return f"{self.total} = {' / '.join((' * '.join((*scale, *self.parts)), *self.over))}"

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        _check_distinct(str(self), self.columns)
        if not math.isfinite(self.factor) or self.factor == 0:
            raise ValueError(f"{self}: the factor is a number other than 0")
        if len(self.columns) == 2 and self.factor == 1:
            raise ValueError(f"{self}: a product is of two columns, or of one and a factor")
        return self


Constraint = Annotated[Inequality | Combination | Sum | Product, Field(discriminator="kind")]
"""What holds in every row in which all its columns have a value."""


def number_told(value: float) -> str:
    """A number in as few digits as tell it.

    >>> number_told(100.0), number_told(0.07)
    ('100', '0.07')
    """
    return repr(value).removesuffix(".0")


def _check_distinct(told: str, columns: tuple[str, ...]) -> None:
    if len(set(columns)) < len(columns):
        raise ValueError(f"{told}: a column is named twice")
