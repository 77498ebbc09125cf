"""What the programs of all generators have in common."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from components.config import ColumnKind
from components.data.schema import Column
from components.networks.column_range import ColumnRange

Intervals = dict[int, tuple[float, float]]


def column_range(columns: Sequence[Column]) -> ColumnRange:
    """The ranges and digits that `components.data.table.decode` holds these columns to."""
    low = [-np.inf if c.is_discrete or c.minimum is None else c.minimum for c in columns]
    high = [np.inf if c.is_discrete or c.maximum is None else c.maximum for c in columns]
    scale = [_scale(column) for column in columns]
    return ColumnRange(
        *(torch.tensor(part, dtype=torch.float64) for part in (low, high, scale)),
    )


def _scale(column: Column) -> float:
    """What a value is multiplied by before it is rounded; 0 where it is not rounded."""
    if column.is_discrete:
        return 0.0
    if column.kind is not ColumnKind.NUMERICAL:
        return 1.0
    return 0.0 if column.decimals is None else 10.0**column.decimals


def class_ends(shares: NDArray[np.float64]) -> torch.Tensor:
    """Where each class's stretch of the first draw ends; the last that has any has no end."""
    ends = np.cumsum(shares)
    ends[np.flatnonzero(shares)[-1] :] = np.inf
    return torch.from_numpy(ends)


def class_intervals(codes: Sequence[int], shares: NDArray[np.float64]) -> Intervals:
    """Where in [0, 1] each code stands that is no missing value, with these shares in turn."""
    ends = np.cumsum(shares)
    return {
        code: (float(end - share), float(end))
        for code, share, end in zip(codes, shares, ends, strict=True)
        if code >= 0 and share > 0
    }
