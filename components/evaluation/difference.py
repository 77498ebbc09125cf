"""The difference between what two learners reach on the same rows, and many of them as one."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Difference:
    """What the first learner reaches in the main metric on live rows, and the second; paired.

    `error` is the standard error of first less second over the rows, which are taken to be
    independent of one another.
    """

    first: float
    second: float
    error: float
    num_rows: int

    @property
    def value(self) -> float:
        """First less second."""
        return self.first - self.second


def pooled(found: Sequence[Difference]) -> Difference:
    """Differences on rows of their own as one, each weighing as many rows as it has.

    >>> found = pooled([Difference(0.9, 0.8, 0.03, 300), Difference(0.8, 0.8, 0.05, 100)])
    >>> round(found.value, 3), found.num_rows
    (0.075, 400)
    """
    weights = np.array([each.num_rows for each in found], dtype=np.float64)
    weights /= weights.sum()
    return Difference(
        first=float(weights @ [each.first for each in found]),
        second=float(weights @ [each.second for each in found]),
        error=float(np.sqrt(weights**2 @ [each.error**2 for each in found])),
        num_rows=sum(each.num_rows for each in found),
    )
