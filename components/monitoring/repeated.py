"""Rows that come more than once, told from samples of both sides."""

import numpy as np
import pandas as pd

from components.monitoring.effects import gains_missing
from components.monitoring.report import Problem, ProblemKind, Unit
from components.monitoring.sketch import Batch


def repeated_rows(reference: Batch, current: Batch, alpha: float, unit: Unit) -> list[Problem]:
    """New rows that are like another in every column, where surely a tenth more are than were.

    As many training rows are looked at as there are new ones, or the other way round: in few
    columns of few values rows repeat by chance, the more of them there are.
    """
    names = [name for name in reference.names if name in current.names]
    most = min(len(reference.matrix), len(current.matrix))
    if not names or not most:
        return []
    before, now = (_repeated(side, names, most) for side in (reference, current))
    if now <= before or not gains_missing(before, now, most, most, alpha):
        return []
    text = (
        f"{now:.0%} of {most:,} {unit.plural} repeat another in every column, and {before:.0%} of "
        f"as many training {unit.plural}"
    )
    return [Problem(kind=ProblemKind.REPEATED, text=text)]


def distinct_rows(rows: Batch) -> Batch:
    """The rows, each once."""
    return rows.take(np.flatnonzero(~pd.DataFrame(rows.matrix).duplicated()))


def _repeated(rows: Batch, names: list[str], most: int) -> float:
    """The share of so many rows that are like one ahead of them."""
    places = np.random.default_rng(0).permutation(len(rows.matrix))[:most]
    table = rows.matrix[places][:, [rows.names.index(name) for name in names]]
    return float(pd.DataFrame(table).duplicated().mean())
