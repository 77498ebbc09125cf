"""The phase of each row in a season, so that nights are compared with nights."""

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from components.data.schema import ColumnKind, Schema
from components.errors import UserError
from components.monitoring.levels import Numbers
from components.monitoring.value import Value

_HOUR = 3_600_000_000
_DAY = 24 * _HOUR
_MONDAY = 3
"""The first of January 1970 was a Thursday."""


class Period(StrEnum):
    """After what time rows are expected to be alike again."""

    NONE = "none"
    HOUR_OF_DAY = "hour of day"
    DAY_OF_WEEK = "day of week"


_PHASES = {Period.NONE: 1, Period.HOUR_OF_DAY: 24, Period.DAY_OF_WEEK: 7}


class Season(Value):
    """A period, and the datetime column that tells where in it a row is.

    >>> monday_noon = np.array([np.datetime64("2024-01-01T12:30", "us").astype(float)])
    >>> Season(period=Period.HOUR_OF_DAY, column="at").phases(monday_noon).tolist()
    [12]
    >>> Season(period=Period.DAY_OF_WEEK, column="at").phases(monday_noon).tolist()
    [0]
    """

    period: Period = Period.NONE
    column: str = ""

    @property
    def num_phases(self) -> int:
        """How many phases are told apart; rows without a time are in none of them."""
        return _PHASES[self.period]

    def check(self, schema: Schema) -> None:
        """Raise UserError where the column cannot tell the phase."""
        if self.period is Period.NONE:
            if self.column:
                raise UserError(f"time column {self.column!r} without a period to look at it by")
            return
        kind = schema[self.column].kind
        if kind is not ColumnKind.DATETIME:
            raise UserError(
                f"column {self.column!r} is {kind}; the {self.period} is told by a datetime column"
            )

    def phases(self, micros: Numbers) -> NDArray[np.intp]:
        """The phase of each time, in microseconds since 1970; `num_phases` where it is missing."""
        if self.period is Period.NONE:
            return np.zeros(len(micros), dtype=np.intp)
        missing = np.isnan(micros)
        whole = np.where(missing, 0.0, micros).astype(np.int64)
        if self.period is Period.HOUR_OF_DAY:
            phases = whole // _HOUR % 24
        else:
            phases = (whole // _DAY + _MONDAY) % 7
        return np.where(missing, self.num_phases, phases).astype(np.intp)


ALL_YEAR = Season()
