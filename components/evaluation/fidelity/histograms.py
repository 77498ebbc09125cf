"""What to draw of a column: the shares of its real and synthetic values in common bins."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from components.data.schema import Column, ColumnKind
from components.data.table import Matrix

MAX_BARS = 20
FEWEST_NAMED = 5
"""A value that fewer real rows have is not named: whoever sees the evidence need not know it."""


@dataclass(frozen=True)
class Bars:
    """Labels of the bins and the share of real and of synthetic rows in each."""

    labels: tuple[str, ...]
    real: tuple[float, ...]
    synthetic: tuple[float, ...]


def histogram(column: Column, real: Matrix, synthetic: Matrix) -> Bars:
    """At most 20 bars over the real values, and one each for "other" and "missing" where needed.

    Both samples are in encoded form. Shares of a sample sum to 1.

    >>> column = Column(name="a", kind=ColumnKind.INTEGER, dtype="int64", minimum=1, maximum=3)
    >>> real, synthetic = np.repeat([1.0, 2.0, 3.0], [8, 6, 2]), np.array([1.0, np.nan])
    >>> histogram(column, real, synthetic).labels
    ('1', '2', 'other', 'missing')
    >>> histogram(column, real, synthetic).real
    (0.5, 0.375, 0.125, 0.0)
    """
    levels = np.unique(real[~np.isnan(real)])
    if column.is_discrete or len(levels) <= MAX_BARS:
        return _by_level(column, levels, real, synthetic)
    return _by_bin(column, real, synthetic)


def _by_level(column: Column, levels: Matrix, real: Matrix, synthetic: Matrix) -> Bars:
    counts = np.array([(real == level).sum() for level in levels])
    most = np.argsort(-counts, kind="stable")[:MAX_BARS]
    kept = np.sort(most[counts[most] >= FEWEST_NAMED])
    labels = [_label(column, levels[i]) for i in kept]
    shares = [[float(np.mean(sample == levels[i])) for i in kept] for sample in (real, synthetic)]
    return _with_rest(labels, shares, real, synthetic)


def _by_bin(column: Column, real: Matrix, synthetic: Matrix) -> Bars:
    """Equal bins over the middle 99% of the real values; the outer bins take all beyond."""
    low, high = np.nanquantile(real, [0.005, 0.995])
    if low == high:
        low, high = np.nanmin(real), np.nanmax(real)
    edges = np.linspace(low, high, MAX_BARS + 1)
    labels = [f"{_label(column, a)} to {_label(column, b)}" for a, b in pairwise(edges)]
    shares = []
    for sample in (real, synthetic):
        held = np.clip(sample[~np.isnan(sample)], low, high)
        shares.append(list(np.histogram(held, bins=edges)[0] / max(len(sample), 1)))
    return _with_rest(labels, shares, real, synthetic)


def _with_rest(
    labels: list[str], shares: list[list[float]], real: Matrix, synthetic: Matrix
) -> Bars:
    missing = [float(np.isnan(sample).mean()) for sample in (real, synthetic)]
    rest = [max(1.0 - sum(part) - gone, 0.0) for part, gone in zip(shares, missing, strict=True)]
    for label, extra in (("other", rest), ("missing", missing)):
        if max(extra) > 1e-9:
            labels = [*labels, label]
            shares = [[*part, more] for part, more in zip(shares, extra, strict=True)]
    return Bars(tuple(labels), *(tuple(float(share) for share in part) for part in shares))


def _label(column: Column, value: float) -> str:
    """An encoded value as a person would write it."""
    if column.is_discrete:
        return str(column.categories[int(value)])
    if column.kind is ColumnKind.DATETIME:
        return str(pd.Timestamp(int(value), unit="us").strftime("%Y-%m-%d %H:%M"))
    if column.kind is ColumnKind.INTEGER and float(value).is_integer():
        return str(int(value))
    return f"{value:.4g}"
