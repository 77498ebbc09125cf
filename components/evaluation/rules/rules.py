"""Rules that rows keep: one column determines another, is no more than it, or computes it."""

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from components.config import Product, Sum
from components.data.constraints.checks import is_off
from components.data.schema import Column
from components.data.table import Matrix

Kind = Literal["dependency", "inequality", "sum", "product", "order"]
Mask = NDArray[np.bool_]


class Rule(Protocol):
    """Something that can be asked of every row on its own.

    `chance` is the share of rows that would break it if its columns had nothing to do with one
    another.
    """

    @property
    def kind(self) -> Kind:
        """Which sort of rule it is."""
        ...

    @property
    def chance(self) -> float:
        """The share of rows that would break it by chance."""
        ...

    def text(self, names: list[str]) -> str:
        """The rule in words, from the names of the columns."""
        ...

    def applies(self, matrix: Matrix) -> Mask:
        """The rows of an encoded matrix that it can be asked of."""
        ...

    def broken(self, matrix: Matrix) -> Mask:
        """The rows that it applies to and that break it."""
        ...


@dataclass(frozen=True)
class Inequality:
    """`low` is no more than `high`, where both are present.

    >>> rule = Inequality(0, 1, chance=0.5)
    >>> rule.broken(np.array([[1.0, 2.0], [2.0, 1.0], [1.0, np.nan]])).tolist()
    [False, True, False]
    """

    low: int
    high: int
    chance: float
    kind: Kind = "inequality"

    def text(self, names: list[str]) -> str:
        """Such as "start <= end"."""
        return f"{names[self.low]} <= {names[self.high]}"

    def applies(self, matrix: Matrix) -> Mask:
        """Rows with both values."""
        return _present(matrix, self.low, self.high)

    def broken(self, matrix: Matrix) -> Mask:
        """Rows with the first above the second; a missing value is above nothing."""
        found: Mask = matrix[:, self.low] > matrix[:, self.high]
        return found


@dataclass(frozen=True)
class Equation:
    """A column is the sum or product of others, to within `tolerance`, where all are present.

    `places` and `columns` are those of `constraint.columns`.

    >>> net, tax, gross = (Column(name=n, kind="numerical", dtype="float64") for n in "ntg")
    >>> found = Sum(total="g", parts=("n", "t"))
    >>> rule = Equation(found, (0, 1, 2), (net, tax, gross), tolerance=0.01, chance=1.0)
    >>> rule.broken(np.array([[1.0, 2.0, 3.0], [1.0, 2.0, 4.0]])).tolist()
    [False, True]
    """

    constraint: Sum | Product
    places: tuple[int, ...]
    columns: tuple[Column, ...]
    tolerance: float
    chance: float

    @property
    def kind(self) -> Kind:
        """Which sort of rule it is."""
        return self.constraint.kind

    def text(self, names: list[str]) -> str:
        """Such as "gross = net + tax", as it would be declared."""
        return str(self.constraint)

    def applies(self, matrix: Matrix) -> Mask:
        """Rows with all values."""
        return _present(matrix, *self.places)

    def broken(self, matrix: Matrix) -> Mask:
        """Rows whose result is off."""
        values = [matrix[:, place] for place in self.places]
        return is_off(self.constraint, values, self.columns, self.tolerance)


@dataclass(frozen=True, eq=False)
class Dependency:
    """`source` determines `result`: each of the `known` values has its one `image`.

    It applies where both are present and the source's value is known.

    >>> rule = Dependency(0, 1, np.array([0.0, 1.0]), np.array([5.0, 7.0]), chance=0.5)
    >>> rows = np.array([[0.0, 5.0], [1.0, 5.0], [2.0, 5.0]])
    >>> rule.applies(rows).tolist(), rule.broken(rows).tolist()
    ([True, True, False], [False, True, False])
    """

    source: int
    result: int
    known: Matrix
    image: Matrix
    chance: float
    kind: Kind = "dependency"

    def text(self, names: list[str]) -> str:
        """Such as "city determines country"."""
        return f"{names[self.source]} determines {names[self.result]}"

    def applies(self, matrix: Matrix) -> Mask:
        """Rows with both values and a source seen before."""
        known: Mask = self.known[self._places(matrix)] == matrix[:, self.source]
        return known & _present(matrix, self.source, self.result)

    def broken(self, matrix: Matrix) -> Mask:
        """Rows with another value than their source's."""
        other: Mask = self.image[self._places(matrix)] != matrix[:, self.result]
        return self.applies(matrix) & other

    def _places(self, matrix: Matrix) -> NDArray[np.int64]:
        place = np.searchsorted(self.known, matrix[:, self.source])
        return np.minimum(place, len(self.known) - 1).astype(np.int64)


def _present(matrix: Matrix, *columns: int) -> Mask:
    found: Mask = np.all(~np.isnan(matrix[:, list(columns)]), axis=1)
    return found
