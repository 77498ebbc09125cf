"""A column as a few levels, told from the reference alone, so that two can be compared."""

from itertools import pairwise

import numpy as np
import pandas as pd

from components.data.schema import Column

NUM_LEVELS = 10
OTHER = "(other)"


def to_levels(
    reference: pd.Series, current: pd.Series, column: Column
) -> tuple[pd.Series, pd.Series]:
    """Both sides of a column as text levels: a category, or the tenth a number falls in.

    Tenths are of the reference; a number with a tenth of its rows is a level of its own. Beyond
    the most frequent categories of the reference, and for those it does not know, the level is
    `(other)`. Missing values stay missing.
    """
    if column.is_discrete:
        frequent = reference.value_counts().index[: NUM_LEVELS - 1]
        return _frequent(reference, frequent), _frequent(current, frequent)
    edges = _edges(reference.dropna().to_numpy(dtype=np.float64))
    return _tenths(reference, edges), _tenths(current, edges)


def _frequent(values: pd.Series, frequent: pd.Index) -> pd.Series:
    return values.where(values.isin(frequent) | values.isna(), OTHER)


def _edges(numbers: np.ndarray) -> np.ndarray:
    """The deciles; one that is met twice also has an edge just below it."""
    deciles = np.quantile(numbers, np.arange(1, NUM_LEVELS) / NUM_LEVELS, method="inverted_cdf")
    values, counts = np.unique(deciles, return_counts=True)
    below = np.nextafter(values[counts > 1], -np.inf)
    return np.union1d(values, below)


def _tenths(values: pd.Series, edges: np.ndarray) -> pd.Series:
    shown = [f"{edge:.6g}" for edge in edges]
    names = [f"up to {shown[0]}"]
    names += [f"{low} to {high}" for low, high in pairwise(shown)]
    names.append(f"above {shown[-1]}")
    labels = np.array([f"{i + 1:02}: {name}" for i, name in enumerate(names)] + [None], object)
    numbers = values.to_numpy(dtype=np.float64)
    places = np.where(np.isnan(numbers), len(names), np.searchsorted(edges, numbers, side="left"))
    return pd.Series(labels[places], index=values.index, name=values.name)
