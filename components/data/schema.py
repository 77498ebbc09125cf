"""What the columns of a table are: inferred from the rows, overridable, saved as JSON."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from components.config import ColumnKind, Constraint
from components.data.forms.any_form import AnyForm
from components.data.forms.truths import Truths
from components.data.records import read_record
from components.errors import UserError

__all__ = ["DISCRETE", "LEARNED", "NUMBERS", "Column", "ColumnKind", "Scalar", "Schema"]

Scalar = bool | int | float | str


DISCRETE = frozenset({ColumnKind.CATEGORICAL, ColumnKind.BOOLEAN})
NUMBERS = frozenset({ColumnKind.NUMERICAL, ColumnKind.INTEGER})
LEARNED = frozenset(ColumnKind) - {ColumnKind.IDENTIFIER, ColumnKind.CONSTANT}
_MOST_TOLD = 8


class FreshNumbers(BaseModel):
    """Whole numbers that no training row has as its identifier: each `step`th from `low` on.

    Within text they are written with `digits` digits at least.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    low: int
    high: int
    step: int
    digits: int = Field(1, exclude_if=lambda found: found == 1)

    @property
    def count(self) -> int:
        """How many they are."""
        return (self.high - self.low) // self.step + 1


class Column(BaseModel):
    """One column: its kind, the pandas dtype it came with, and the range it had in training rows.

    `categories` are the levels of a discrete column, sorted; a code is a position in it.
    `minimum`, `maximum` bound a numerical, integer or datetime column (datetimes in microseconds
    since 1970). `decimals` is the number of digits after the point, None where no few keep all;
    then `significant` digits do, if it is a number. All
    values of a column of whole numbers or dates are multiples of its `step` (days, hundreds); None
    where that says nothing.
    `example` is the value of a constant, or a made-up identifier, whose parts are each from
    one of `alphabets`, or like the example's own; an empty one stands for a number. Numbers within
    identifiers, and those that are whole numbers, are drawn from `fresh`; the latter count from 1
    where it is None.
    `written` is the format of dates that the source has as text, in `strptime`'s words, and
    `number_form` that of numbers; `truths` are its words for false and true, if not Python's.
    `arrow` is what Arrow calls the type that the source has in Parquet, where made rows would have
    another and fit it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    kind: ColumnKind
    dtype: str
    nullable: bool = False
    categories: tuple[Scalar, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    decimals: int | None = None
    significant: int | None = Field(None, exclude_if=lambda found: found is None)
    step: float | None = Field(None, exclude_if=lambda found: found is None)
    example: Scalar | None = None
    alphabets: tuple[str | tuple[str, ...], ...] = Field((), exclude_if=lambda found: not found)
    fresh: FreshNumbers | None = Field(None, exclude_if=lambda found: found is None)
    written: str | None = Field(None, exclude_if=lambda found: found is None)
    number_form: AnyForm | None = Field(None, exclude_if=lambda found: found is None)
    truths: Truths | None = Field(None, exclude_if=lambda found: found is None)
    arrow: str | None = Field(None, exclude_if=lambda found: found is None)

    @property
    def is_discrete(self) -> bool:
        """True where values are codes of `categories`."""
        return self.kind in DISCRETE

    @property
    def ends(self) -> tuple[float, float]:
        """The range of a column of numbers or dates."""
        assert self.minimum is not None and self.maximum is not None, "numbers and dates have one"
        return self.minimum, self.maximum

    @property
    def is_learned(self) -> bool:
        """True where a model has to generate the column."""
        return self.kind in LEARNED


class Schema(BaseModel):
    """All columns of a table in order, which of them is the target, and what holds in all rows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    columns: tuple[Column, ...]
    target: str
    constraints: tuple[Constraint, ...] = Field((), exclude_if=lambda found: not found)

    @property
    def names(self) -> list[str]:
        """Every column's name, in the table's order."""
        return [column.name for column in self.columns]

    @property
    def learned(self) -> tuple[Column, ...]:
        """The columns a model generates, in the table's order."""
        return tuple(column for column in self.columns if column.is_learned)

    @property
    def target_column(self) -> Column:
        """The target's column."""
        return self[self.target]

    @property
    def is_classification(self) -> bool:
        """True where the target is discrete."""
        return self.target_column.is_discrete

    def __getitem__(self, name: str) -> Column:
        """The column called `name`; raises UserError where there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise UserError(f"no column {name!r}; the table has: {', '.join(self.names)}")

    def told(self) -> str:
        """What each column was taken for, in a line.

        >>> columns = [Column(name=name, kind=ColumnKind.INTEGER, dtype="int64") for name in "abc"]
        >>> Schema(columns=columns, target="a").told()
        '3 integer (a, b, c)'
        """
        found: dict[ColumnKind, list[str]] = {}
        for column in self.columns:
            found.setdefault(column.kind, []).append(column.name)
        parts = []
        for kind, names in found.items():
            shown = ", ".join(names[:_MOST_TOLD]) + ", ..." * (len(names) > _MOST_TOLD)
            not_learned = "" if kind in LEARNED else ", not learned"
            parts.append(f"{len(names)} {kind} ({shown}){not_learned}")
        return "; ".join(parts)

    def kind_of(self, name: str) -> str:
        """The kind of a column, as a word."""
        return str(self[name].kind)

    def save(self, path: Path) -> None:
        """Write as JSON."""
        path.write_text(self.model_dump_json(indent=1))

    @classmethod
    def load(cls, path: Path) -> "Schema":
        """Read what `save` wrote."""
        return read_record(cls, path)
