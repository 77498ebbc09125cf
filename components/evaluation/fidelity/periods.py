"""Fidelity of time: do dates fall on the same months, weekdays and hours as in real rows."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from components.data.schema import ColumnKind
from components.data.table import Matrix, Table
from components.evaluation.case import Case, Evaluator, Findings, Metric
from components.evaluation.fidelity.rates import above_noise
from components.evaluation.fidelity.shape import Distance, joint_error
from components.evaluation.statistics import normal_interval
from components.models.contract import LogMetrics

PERIOD_ERROR = Metric(
    name="period_error",
    family="fidelity",
    goal="minimise",
    bounds=(0.0, 1.0),
    ideal=0.0,
    meaning="the mean distance, above sampling noise, of dates' years, months, weekdays and hours "
    "from the training rows' (total variation)",
    blind_to=frozenset({"marginals"}),
)

PERIODS: dict[str, Callable[[pd.Series], pd.Series]] = {
    "year": lambda times: times.dt.year,
    "month": lambda times: times.dt.month,
    "weekday": lambda times: times.dt.weekday,
    "hour": lambda times: times.dt.hour,
}


def measure_periods(case: Case, log: LogMetrics) -> Findings:
    """The mean error over every datetime column and every period that varies in training rows.

    Missing dates are a value of their own. The meaning names the worst. The interval is the
    infinitesimal jackknife's, the reference has test rows in the synthetic rows' place. Nothing
    is measured without datetime columns. Blind to what dates go together with, and to the order
    of rows, which a table of independent rows does not have.
    """
    names = [c.name for c in case.train.schema.learned if c.kind is ColumnKind.DATETIME]
    places = [
        (name, period)
        for name in names
        for period in PERIODS
        if len(np.unique(period_codes(case.train, name, period))) > 1
    ]
    if not places:
        return Findings()
    errors = [_error(case.train, case.synthetic, *place) for place in places]
    interval = normal_interval(
        float(np.mean([error.value for error in errors])),
        joint_error(errors),
        confidence=case.confidence(PERIOD_ERROR.name),
    )
    name, period = places[int(np.argmax([error.value for error in errors]))]
    measured = PERIOD_ERROR.measured(
        interval,
        case,
        meaning=f"{PERIOD_ERROR.meaning}, worst for the {period} of {name},",
        reference=float(np.mean([_error(case.train, case.test, *p).value for p in places])),
    )
    return Findings((measured,))


def _error(real: Table, other: Table, name: str, period: str) -> Distance:
    codes = [period_codes(table, name, period) for table in (real, other)]
    return above_noise(codes[0], codes[1])


def period_codes(table: Table, name: str, period: str) -> NDArray[np.int64]:
    """The year, month, weekday or hour of each date, counted from 1; 0 where it is missing.

    >>> from components.data.schema import Column, Schema
    >>> column = Column(name="seen", kind=ColumnKind.DATETIME, dtype="datetime64[us]")
    >>> frame = pd.DataFrame({"seen": pd.to_datetime(["2024-01-01 13:30", None])})
    >>> table = Table(frame, Schema(columns=(column,), target="seen"))
    >>> [period_codes(table, "seen", p).tolist() for p in ("month", "weekday", "hour")]
    [[2, 0], [1, 0], [14, 0]]
    """
    found = PERIODS[period](table.frame[name].astype("datetime64[us]"))
    numbers: Matrix = found.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isnan(numbers), 0, numbers + 1).astype(np.int64)


PERIODS_KEPT = Evaluator(measure_periods, (PERIOD_ERROR,), needs="a column of dates")
