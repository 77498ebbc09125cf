"""Fidelity of gaps: are the same values missing, together, as often as in real rows."""

import numpy as np
from numpy.typing import NDArray

from components.data.table import Table
from components.evaluation.case import Case, Evaluator, Findings, Metric
from components.evaluation.fidelity.rates import above_noise
from components.evaluation.statistics import normal_interval
from components.models.contract import LogMetrics

MISSINGNESS_ERROR = Metric(
    name="missingness_error",
    family="fidelity",
    goal="minimise",
    bounds=(0.0, 1.0),
    ideal=0.0,
    meaning="the distance, above sampling noise, between the patterns of what is missing in "
    "training rows and in synthetic ones (total variation)",
)


def measure_missingness(case: Case, log: LogMetrics) -> Findings:
    """The total variation of the patterns of missing values; the meaning names the worst column.

    A pattern is which of a row's learned columns are missing together. Nothing is measured where
    neither training nor synthetic rows lack a value. The interval is the infinitesimal
    jackknife's, the reference has test rows in the synthetic rows' place. Blind to present
    values, and to which values the gaps go together with.
    """
    train, test, synthetic = (gaps(table) for table in (case.train, case.test, case.synthetic))
    if not train.any() and not synthetic.any():
        return Findings()
    codes = patterns([train, test, synthetic])
    distance = above_noise(codes[0], codes[2])
    parts = (distance.real, distance.synthetic)
    error = float(np.sqrt(sum(part.var() / len(part) for part in parts)))
    interval = normal_interval(
        distance.value, error, confidence=case.confidence(MISSINGNESS_ERROR.name)
    )
    measured = MISSINGNESS_ERROR.measured(
        interval,
        case,
        meaning=f"{MISSINGNESS_ERROR.meaning}, {_told(case.train, train, synthetic)},",
        reference=above_noise(codes[0], codes[1]).value,
    )
    return Findings((measured,))


def gaps(table: Table) -> NDArray[np.bool_]:
    """What is missing, shape (rows, learned columns)."""
    names = [column.name for column in table.schema.learned]
    found: NDArray[np.bool_] = table.frame[names].isna().to_numpy(dtype=np.bool_)
    return found


def patterns(matrices: list[NDArray[np.bool_]]) -> list[NDArray[np.int64]]:
    """A code for each row, equal where the same columns are missing, over all the matrices.

    >>> both = np.array([[True, True], [False, False]])
    >>> [codes.tolist() for codes in patterns([both, ~both])]
    [[1, 0], [0, 1]]
    """
    packed = np.packbits(np.vstack(matrices), axis=1)
    keys = np.ascontiguousarray(packed).view(f"V{packed.shape[1]}").ravel()
    codes = np.unique(keys, return_inverse=True)[1].astype(np.int64)
    ends = np.cumsum([len(matrix) for matrix in matrices])[:-1]
    return np.split(codes, ends)


def _told(table: Table, train: NDArray[np.bool_], synthetic: NDArray[np.bool_]) -> str:
    rates = train.mean(axis=0), synthetic.mean(axis=0)
    worst = int(np.argmax(np.abs(rates[0] - rates[1])))
    return (
        f"the rates furthest apart in {table.schema.learned[worst].name} "
        f"({rates[0][worst]:.1%} of training and {rates[1][worst]:.1%} of synthetic rows)"
    )


MISSINGNESS = Evaluator(measure_missingness, (MISSINGNESS_ERROR,), needs="a missing value")
