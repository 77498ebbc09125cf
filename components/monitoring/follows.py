"""Whether the target follows from the other columns as it did: labels that were mixed up show."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.data.schema import Column
from components.monitoring.joint import fitted_trees
from components.monitoring.levels import NUM_LEVELS, Numbers
from components.monitoring.report import TargetDrift
from components.threads import limited_threads

MAX_ROWS = 10_000
"""Rows of either side that are looked at."""
LIMIT = 0.75
"""How much of what is told of the target has to hold: it counts where a quarter is gone."""
_PARTS = 5
"""Numbers are told by the fifth of the training rows that they are in."""
_RATE = 0.05

Places = NDArray[np.int64]


@dataclass(frozen=True)
class Labelled:
    """Rows by their other columns, shape (rows, columns), and their target, without a NaN."""

    x: Numbers
    y: Numbers | Places

    def take(self, rows: Places) -> "Labelled":
        """The rows at these positions."""
        return Labelled(self.x[rows], self.y[rows])


def tell_follows(
    reference: Labelled, current: Labelled, target: Column, *, alpha: float, seed: int = 0
) -> TargetDrift | None:
    """How much of what trees know of the target of training rows holds in new rows.

    Trees learn on one half of the training rows and are asked about the other half and the new
    rows, and the other way round. A row's gain is by how much its Brier score (1950) is better than
    that of the training rows' shares of the classes; the mean gain is compared, so that it may grow
    and not fall below `LIMIT` of what it was, with a chance of `alpha` of saying so falsely. Of
    many classes the rare ones are one, numbers are told by fifths; the order of rows does not
    matter. None where the other columns surely tell nothing that could be lost.
    """
    from scipy.stats import norm

    old, new = (side.take(np.lexsort((*side.x.T, side.y))) for side in (reference, current))
    old, new = (Labelled(s.x, _classes(s.y, old.y, target.is_discrete)) for s in (old, new))
    shares = np.bincount(old.y, minlength=NUM_LEVELS) / len(old.y)
    halves = np.array_split(np.random.default_rng(seed).permutation(len(old.y)), 2)
    held, now = np.zeros(len(old.y)), np.zeros(len(new.y))
    with limited_threads(1):
        for fit, other in (halves, halves[::-1]):
            trees = _fitted(old.take(fit), seed)
            held[other] = _gains(trees, old.take(other), shares)
            now += _gains(trees, new, shares) / 2
    reach = float(norm.isf(alpha))
    if held.mean() <= reach * _error(held):
        return None
    error = np.hypot(_error(now), LIMIT * _error(held))
    unit, variance = float(held.mean()), float(1 - shares @ shares)
    return TargetDrift(
        name=target.name,
        num_reference=len(old.y),
        num_current=len(new.y),
        held_out=unit / variance,
        now=float(now.mean()) / variance,
        high=float(now.mean() + reach * error) / unit,
        limit=LIMIT,
        drifted=bool(now.mean() + reach * error < LIMIT * unit),
    )


def _classes(values: Numbers | Places, reference: Numbers | Places, is_discrete: bool) -> Places:
    """The class of each value as a number below `NUM_LEVELS`."""
    if not is_discrete:
        edges = np.quantile(reference, np.arange(1, _PARTS) / _PARTS)
        return np.searchsorted(edges, values).astype(np.int64)
    known, counts = np.unique(reference, return_counts=True)
    frequent = known[np.argsort(-counts, kind="stable")[: NUM_LEVELS - 1]]
    found = np.full(len(values), len(frequent), dtype=np.int64)
    for place, code in enumerate(frequent):
        found[values == code] = place
    return found


def _error(gains: Numbers) -> float:
    return float(gains.std(ddof=1) / np.sqrt(len(gains)))


def _fitted(rows: Labelled, seed: int) -> Any:
    empty = np.isnan(rows.x).all(axis=0)  # a column without a value tells nothing
    x = np.where(empty, 0.0, rows.x)
    return fitted_trees(x, rows.y, seed=seed, learning_rate=_RATE)


def _gains(trees: Any, rows: Labelled, shares: Numbers) -> Numbers:
    """By how much each row's Brier score is better than that of the shares of the classes."""
    told = np.zeros((len(rows.y), NUM_LEVELS))
    told[:, trees.classes_] = trees.predict_proba(rows.x)
    is_so = np.eye(NUM_LEVELS)[rows.y]
    return np.asarray(((shares - is_so) ** 2 - (told - is_so) ** 2).sum(axis=1))
