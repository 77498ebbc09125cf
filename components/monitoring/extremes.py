"""The ends of each column of numbers, and the rows that they are in."""

import numpy as np

from components.data.schema import NUMBERS, Schema
from components.monitoring.levels import Numbers


class Extremes:
    """The largest and the smallest number of each column, and the row of each, over batches."""

    def __init__(self, schema: Schema) -> None:
        self._names = [column.name for column in schema.learned if column.kind in NUMBERS]
        self._found: dict[tuple[str, int], tuple[float, int]] = {}
        self._num_rows = 0

    def add(self, names: tuple[str, ...], matrix: Numbers) -> None:
        """Note the rows that follow those before."""
        for name in set(self._names) & set(names):
            values = matrix[:, names.index(name)]
            for sign in (1, -1):
                self._note(name, sign, np.where(np.isnan(values), -np.inf, sign * values))
        self._num_rows += len(matrix)

    def _note(self, name: str, sign: int, values: Numbers) -> None:
        if not len(values):
            return
        place = int(values.argmax())
        before, _ = self._found.get((name, sign), (-np.inf, 0))
        if values[place] > before:
            self._found[name, sign] = (float(values[place]), self._num_rows + place)

    def of(self, name: str, sign: int) -> tuple[float, int] | None:
        """The largest number times `sign`, 1 or -1, and its row; None where there is none."""
        return self._found.get((name, sign))
