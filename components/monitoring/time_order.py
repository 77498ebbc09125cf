"""Whether times go forward, over batches in their order."""

from collections import Counter

import numpy as np

from components.data.schema import ColumnKind, Schema
from components.monitoring.levels import Numbers


class TimeOrder:
    """Which datetime columns never step back, over batches in their order."""

    def __init__(self, schema: Schema) -> None:
        self._last: dict[str, float] = {
            column.name: -np.inf for column in schema.columns if column.kind is ColumnKind.DATETIME
        }
        self._steps_back: Counter[str] = Counter()

    def add(self, names: tuple[str, ...], matrix: Numbers) -> None:
        """Note the rows that follow those before."""
        for name in self._last.keys() & set(names):
            times = matrix[:, names.index(name)]
            times = np.append(self._last[name], times[~np.isnan(times)])
            self._steps_back[name] += int((np.diff(times) < 0).sum())
            self._last[name] = float(times[-1])

    def in_order(self) -> frozenset[str]:
        """The columns with values and no step back."""
        return frozenset(
            name
            for name, last in self._last.items()
            if np.isfinite(last) and not self._steps_back[name]
        )

    def steps_back(self, name: str) -> int:
        """How often a value of this column is before the one ahead of it."""
        return self._steps_back[name]
