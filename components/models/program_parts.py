"""What the programs of all generators have in common."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from components.config import ColumnKind
from components.data.schema import Column
from components.models.levels import Levels
from components.networks.programs.code_values import CodeValues
from components.networks.programs.column_range import ColumnRange

Intervals = dict[int, tuple[float, float]]


def column_range(columns: Sequence[Column]) -> ColumnRange:
    """The ranges and digits that `components.data.table.decode` holds these columns to."""
    low = [-np.inf if c.is_discrete or c.minimum is None else c.minimum for c in columns]
    high = [np.inf if c.is_discrete or c.maximum is None else c.maximum for c in columns]
    scale = [_scale(column) for column in columns]
    step = [column.step or 1.0 for column in columns]
    return ColumnRange(
        *(torch.tensor(part, dtype=torch.float64) for part in (low, high, scale, step)),
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


def starts_of(sizes: Sequence[int]) -> NDArray[np.int64]:
    """Where each of parts laid end to end begins."""
    return np.cumsum([0, *sizes[:-1]])


def code_values(
    levels: Sequence[Levels], draw_of: Mapping[int, int], blur: Mapping[int, int]
) -> CodeValues:
    """What the codes of columns stand for; by column, which draw gives them and which blurs."""

    def tensor(values: Sequence[float]) -> torch.Tensor:
        return torch.tensor(values, dtype=torch.float64)

    sizes = [len(known.low) for known in levels]
    low, high = (
        torch.from_numpy(np.concatenate([*(getattr(known, end) for known in levels), [np.nan]]))
        for end in ("low", "high")
    )
    return CodeValues(
        low=low,
        high=high,
        base=torch.from_numpy(starts_of(sizes)),
        step=tensor([known.step for known in levels]),
        first=tensor([known.low[0] if len(known.low) else 0.0 for known in levels]),
        draw=torch.tensor([draw_of[i] for i in range(len(levels))]),
        blur=torch.tensor([blur.get(i, 0) for i in range(len(levels))]),
    )
