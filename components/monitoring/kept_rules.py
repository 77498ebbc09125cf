"""Whether the constraints of a champion hold in new rows, over batches."""

from collections import Counter

from components.config import Combination
from components.data.constraints.checks import breaking
from components.data.schema import Schema
from components.monitoring.levels import Numbers


class KeptRules:
    """How many rows break each constraint of the schema, which all training rows keep.

    Combinations are not looked at: new ones are what categories that drift together show.
    """

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._broken: Counter[str] = Counter()

    def add(self, names: tuple[str, ...], matrix: Numbers) -> None:
        """Count the rows of a batch that break one; a row that lacks a value breaks nothing."""
        for constraint in self._schema.constraints:
            if isinstance(constraint, Combination) or not {*constraint.columns} <= {*names}:
                continue
            columns = [self._schema[name] for name in constraint.columns]
            values = [matrix[:, names.index(name)] for name in constraint.columns]
            count = int(breaking(constraint, values, columns).sum())
            if count:
                self._broken[str(constraint)] += count

    def most_broken(self) -> list[tuple[str, int]]:
        """The constraints that rows break and how many do, the most broken first."""
        return self._broken.most_common()
