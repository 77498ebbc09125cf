"""Fidelity of rare categories: do they occur at their rate, and does anything unheard of."""

import numpy as np
from numpy.typing import NDArray

from components.data.table import Matrix, Table
from components.evaluation.case import Case, Evaluator, Findings, Metric
from components.evaluation.fidelity.rates import rate_error
from components.evaluation.fidelity.shape import Distance, joint_error
from components.evaluation.statistics import normal_interval, share_interval
from components.models.contract import LogMetrics

RARE = 0.05

RARE_LEVEL_ERROR = Metric(
    name="rare_level_error",
    family="fidelity",
    goal="minimise",
    bounds=(0.0, 1.0),
    ideal=0.0,
    meaning="the mean error of how often categories with at most 5% of the training rows occur "
    "(0 as often, .5 half or twice as often, 1 never)",
    blind_to=frozenset({"marginals"}),
)
NOVEL_LEVELS = Metric(
    name="novel_levels",
    family="fidelity",
    goal="minimise",
    bounds=(0.0, 1.0),
    ideal=0.0,
    meaning="the share of synthetic rows with a category that no training row has",
    blind_to=frozenset({"marginals", "noise"}),
)


def measure_rare_levels(case: Case, log: LogMetrics) -> Findings:
    """The error of rare categories' rates, and the share of rows with a category never seen.

    In each discrete column the rare levels, of at most 5% of the training rows, are weighed by
    their rates; the error is the mean over columns that have any, and the meaning says how many
    levels never occur. The interval is the infinitesimal jackknife's, that of a share is exact;
    the reference has test rows in the synthetic rows' place. Blind to columns of numbers and to
    how columns go together: independent marginals do well.
    """
    discrete = [i for i, c in enumerate(case.train.schema.learned) if c.is_discrete]
    if not discrete:
        return Findings()
    train, test, synthetic = (
        table.matrix[:, discrete] for table in (case.train, case.test, case.synthetic)
    )
    novel = has_novel_level(case.synthetic, synthetic, train)
    share = share_interval(
        int(novel.sum()), len(novel), confidence=case.confidence(NOVEL_LEVELS.name)
    )
    by_chance = float(has_novel_level(case.test, test, train).mean())
    measured = [NOVEL_LEVELS.measured(share, case, reference=by_chance)]
    errors = [rare_error(train[:, i], synthetic[:, i]) for i in range(len(discrete))]
    found = [error for error in errors if error is not None]
    if found:
        interval = normal_interval(
            float(np.mean([error.value for error in found])),
            joint_error(found),
            confidence=case.confidence(RARE_LEVEL_ERROR.name),
        )
        others = [rare_error(train[:, i], test[:, i]) for i in range(len(discrete))]
        reference = float(np.mean([error.value for error in others if error is not None]))
        meaning = f"{RARE_LEVEL_ERROR.meaning}, {_told(train, synthetic)},"
        measured.append(
            RARE_LEVEL_ERROR.measured(interval, case, meaning=meaning, reference=reference)
        )
    return Findings(tuple(measured))


def rare_error(real: Matrix, other: Matrix) -> Distance | None:
    """The error of the rates of one column's rare levels, and influences; None without any.

    >>> real = np.repeat([0.0, 1.0, 2.0], [96, 2, 2])
    >>> rare_error(real, np.repeat([0.0, 1.0], [98, 2])).value
    0.5
    """
    levels = rare_levels(real)
    if not len(levels):
        return None
    codes = [_places(values, levels) for values in (real, other)]
    rates = [np.bincount(c, minlength=len(levels) + 1)[:-1] / len(c) for c in codes]
    error = rate_error(*rates)
    influences = []
    for code, rate, slope in zip(codes, rates, (error.by_real, error.by_other), strict=True):
        influences.append(np.append(slope, 0.0)[code] - float(slope @ rate))
    return Distance(error.value, influences[0], influences[1])


def rare_levels(real: Matrix) -> Matrix:
    """The codes that at least one, and at most 5%, of the rows have; missing is none."""
    levels, counts = np.unique(real[~np.isnan(real)], return_counts=True)
    return levels[counts <= RARE * len(real)]


def _places(values: Matrix, levels: Matrix) -> NDArray[np.int64]:
    """The position of each value among sorted `levels`, their number where it is none of them."""
    place = np.searchsorted(levels, np.nan_to_num(values, nan=-1.0))
    held = np.minimum(place, len(levels) - 1)
    return np.where(levels[held] == values, held, len(levels)).astype(np.int64)


def has_novel_level(table: Table, codes: Matrix, train: Matrix) -> NDArray[np.bool_]:
    """For each row: is any present category one that no training row has."""
    columns = [column for column in table.schema.learned if column.is_discrete]
    novel = np.zeros(len(codes), dtype=np.bool_)
    for place, column in enumerate(columns):
        present = table.frame[column.name].notna().to_numpy()
        novel |= present & ~np.isin(codes[:, place], train[:, place])
    return novel


def _told(train: Matrix, synthetic: Matrix) -> str:
    levels = [rare_levels(train[:, i]) for i in range(train.shape[1])]
    lost = sum(int((~np.isin(rare, synthetic[:, i])).sum()) for i, rare in enumerate(levels))
    return f"{lost} of {sum(map(len, levels))} never"


RARE_LEVELS = Evaluator(
    measure_rare_levels, (RARE_LEVEL_ERROR, NOVEL_LEVELS), needs="a column of categories"
)
