"""Columns of numbers that changed places, told from samples of both sides."""

from collections.abc import Collection, Mapping
from itertools import combinations

import numpy as np

from components.monitoring.effects import distance_threshold, jensen_shannon
from components.monitoring.levels import Levels, NumberLevels, Numbers
from components.monitoring.report import ChangeKind, SchemaChange
from components.monitoring.sketch import Batch


def swapped_columns(
    reference: Batch,
    current: Batch,
    moved: Collection[str],
    levels: Mapping[str, Levels],
    alpha: float,
) -> list[SchemaChange]:
    """Pairs of columns that `moved`, each of which is now as the other was."""

    def is_as(now: str, before: str) -> bool:
        held = levels[before]
        assert isinstance(held, NumberLevels), "only numbers are asked about"
        return _is_alike(reference.present(before), current.present(now), held, alpha)

    numbers = sorted(name for name in moved if isinstance(levels.get(name), NumberLevels))
    pairs = [(a, b) for a, b in combinations(numbers, 2) if is_as(a, b) and is_as(b, a)]
    return [
        SchemaChange(
            column=one,
            kind=ChangeKind.FOREIGN,
            text=f"{one!r} and {two!r} are swapped, it seems: each is as the other was",
        )
        for one, two in pairs
    ]


def _is_alike(before: Numbers, now: Numbers, levels: NumberLevels, alpha: float) -> bool:
    num = len(levels.names)
    shares = [np.bincount(levels.place(side), minlength=num) / len(side) for side in (before, now)]
    allowed = distance_threshold(num, len(before), len(now), alpha)
    return jensen_shannon(*shares) < allowed
