"""What a schema says of training rows, added up over batches: exact, whatever their size."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api import types

from components.data.digits import LARGEST_WHOLE, SignificantDigits
from components.data.forms.any_form import AnyForm
from components.data.forms.arrow_types import kept_type
from components.data.forms.truths import Truths
from components.data.identifiers.numbers import NumberPattern, whole_numbers
from components.data.identifiers.patterns import IdentifierPattern, fresh_identifiers
from components.data.schema import (
    DISCRETE,
    Column,
    ColumnKind,
    FreshNumbers,
    Scalar,
    Schema,
)
from components.errors import UserError

_MAX_DECIMALS = 10


class Description:
    """The schema of conformed training rows, which `add` takes a batch at a time, in their order.

    `written` says how dates are written in text, `number_forms` how numbers are, `counted` which
    columns number all rows of the source, `truths` how false and true are written, `arrow` which
    types the source has in Parquet.

    >>> description = Description({"weight": ColumnKind.NUMERICAL})
    >>> description.add(pd.DataFrame({"weight": [70.5, 81.25]}))
    >>> description.add(pd.DataFrame({"weight": [66.0]}))
    >>> found = description.schema("weight")["weight"]
    >>> found.minimum, found.maximum, found.decimals
    (66.0, 81.25, 2)
    >>> description = Description({"born": ColumnKind.DATETIME})
    >>> description.add(pd.DataFrame({"born": pd.to_datetime(["1980-05-01", "1971-12-24"])}))
    >>> description.schema("born")["born"].step  # a day, in microseconds
    86400000000.0
    """

    def __init__(
        self,
        kinds: Mapping[str, ColumnKind],
        written: Mapping[str, str | None] | None = None,
        number_forms: Mapping[str, AnyForm | None] | None = None,
        counted: Collection[str] = (),
        truths: Mapping[str, Truths | None] | None = None,
        arrow: Mapping[str, str | None] | None = None,
    ) -> None:
        self._columns = {
            name: _ColumnDescription(name, kind, is_counted=name in counted)
            for name, kind in kinds.items()
        }
        self._written, self._number_forms = written or {}, number_forms or {}
        self._truths, self._arrow = truths or {}, arrow or {}

    def add(self, rows: pd.DataFrame) -> None:
        """Take the next training rows."""
        for name, column in self._columns.items():
            column.add(rows[name])

    def schema(self, target: str) -> Schema:
        """The schema of all rows so far; raises UserError where a number has no value in them."""
        columns = tuple(self._column(name) for name in self._columns)
        return Schema(columns=columns, target=target)

    def _column(self, name: str) -> Column:
        column = self._columns[name].column()
        text = {
            "written": self._written.get(name),
            "number_form": self._number_forms.get(name),
            "truths": self._truths.get(name),
        }
        column = column.model_copy(update=text)
        return column.model_copy(update={"arrow": kept_type(column, self._arrow.get(name))})


class _ColumnDescription:
    def __init__(self, name: str, kind: ColumnKind, *, is_counted: bool) -> None:
        self.name, self.kind, self.is_counted = name, kind, is_counted
        self.dtype = ""
        self.num_rows, self.is_nullable = 0, False
        self.levels: set[Any] = set()
        self.first: Any = None
        self.pattern = IdentifierPattern()
        self.numbers = NumberPattern()
        self.low, self.high = np.inf, -np.inf
        self.digits = list(range(_MAX_DECIMALS + 1))
        self.significant = SignificantDigits()
        self.step = 0

    def add(self, values: pd.Series) -> None:
        present = values.dropna()
        self.dtype = str(values.dtype).replace("Int64", "int64").replace("boolean", "bool")
        self.num_rows += len(values)
        self.is_nullable = self.is_nullable or len(present) < len(values)
        if present.empty:
            return
        if self.kind in DISCRETE:
            self.levels.update(present.unique().tolist())
        elif self.kind in (ColumnKind.IDENTIFIER, ColumnKind.CONSTANT):
            self.first = present.iloc[0] if self.first is None else self.first
            if self.kind is ColumnKind.IDENTIFIER and isinstance(self.first, str):
                self.pattern.add(present)
            elif (
                self.kind is ColumnKind.IDENTIFIER
                and types.is_integer_dtype(present)
                and not self.is_counted
            ):
                self.numbers.add(whole_numbers(present))
        else:
            stamps = present.astype("int64") if self.kind is ColumnKind.DATETIME else present
            self._add_numbers(stamps.to_numpy())

    def _add_numbers(self, given: NDArray[Any]) -> None:
        numbers = given.astype(np.float64)
        self.low = min(self.low, float(numbers.min()))
        self.high = max(self.high, float(numbers.max()))
        if self.kind is ColumnKind.NUMERICAL:
            self.digits = [digits for digits in self.digits if _keeps(numbers, digits)]
            self.significant.add(numbers)
        is_whole = self.kind is not ColumnKind.NUMERICAL or 0 in self.digits
        is_date = self.kind is ColumnKind.DATETIME  # whole days are exact far beyond
        is_told = is_date or (is_whole and max(-self.low, self.high) <= LARGEST_WHOLE)
        self.step = int(np.gcd.reduce(given.astype(np.int64), initial=self.step)) if is_told else 1

    def column(self) -> Column:
        if self.kind in DISCRETE:
            return Column(
                name=self.name,
                kind=self.kind,
                dtype=self.dtype,
                nullable=self.is_nullable,
                categories=tuple(sorted(self.levels)),
            )
        if self.first is not None:
            return self._with_an_example()
        if self.low > self.high:
            raise UserError(
                f"column {self.name!r} has no value in any of {self.num_rows} training rows"
            )
        is_rounded = self.kind is not ColumnKind.NUMERICAL or bool(self.digits)
        return Column(
            name=self.name,
            kind=self.kind,
            dtype=self.dtype,
            nullable=self.is_nullable,
            minimum=self.low,
            maximum=self.high,
            decimals=next(iter(self.digits), None) if self.kind is ColumnKind.NUMERICAL else None,
            significant=None if is_rounded else self.significant.found,
            step=float(self.step) if self.step > 1 else None,
        )

    def _with_an_example(self) -> Column:
        column = Column(
            name=self.name,
            kind=self.kind,
            dtype=self.dtype,
            example=_scalar(self.first),
            alphabets=self.pattern.alphabets,
            fresh=self._fresh(),
        )
        if self.kind is ColumnKind.CONSTANT:
            return column
        made_up = fresh_identifiers(column, 1, np.random.default_rng(0)).iloc[0]
        return column.model_copy(update={"example": _scalar(made_up)})  # a real one names somebody

    def _fresh(self) -> FreshNumbers | None:
        """What numbers of identifiers are drawn from; None where there are none or they count."""
        if isinstance(self.first, str):
            return self.pattern.fresh
        is_counter = self.is_counted or self.numbers.counts_up
        return None if is_counter else self.numbers.fresh()


def _scalar(value: Any) -> Scalar:
    scalar: Scalar = value.item() if isinstance(value, np.generic) else value
    return scalar


def _keeps(numbers: NDArray[Any], digits: int) -> bool:
    """True where so many digits after the point keep every number."""
    with np.errstate(over="ignore"):  # what is near the largest number has no such digits
        return np.array_equal(np.round(numbers, digits), numbers)
