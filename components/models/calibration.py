"""The scale of a detector's scores: those of normal rows that were held out of its fit.

Split conformal prediction (Vovk et al. 2005; for outliers Bates et al. 2023, section 2): where new
rows are normal, and exchangeable with the held-out ones, the p-value of each is at most any rate
with at most that probability, whatever the detector is, and however few rows were held out.
"""

import math
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from components.data.records import read_record
from components.errors import UserError

Vector = NDArray[np.float64]

GROWTH = 1.03
"""Of many scores some are kept; the number of those above grows by this from one to the next."""


class Calibration(BaseModel):
    """A sketch of the oddness of held-out normal rows: numbers, no rows.

    `kept` are some of the scores, the oddest first; `above[i]` counts the held-out rows that rank
    above `kept[i]`. Where some are left out, p-values are too high by 3% at most, never too low.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    num_rows: int
    kept: tuple[float, ...]
    above: tuple[int, ...]

    @classmethod
    def of(cls, oddness: Vector) -> Self:
        """The sketch of these scores, one a held-out row.

        >>> Calibration.of(np.array([0.1, 0.3, 0.2])).kept
        (0.3, 0.2, 0.1)
        """
        assert len(oddness) and np.isfinite(oddness).all(), "a scale needs scores that are numbers"
        ordered, above = np.sort(oddness)[::-1], [0]
        while (following := max(above[-1] + 1, int(above[-1] * GROWTH))) < len(oddness):
            above.append(following)
        return cls(
            num_rows=len(oddness), kept=tuple(map(float, ordered[above])), above=tuple(above)
        )

    def p_values(self, oddness: Vector) -> Vector:
        """The conformal p-value of each score, shape (rows,): small where a row is odd.

        It is the share of held-out rows, and the row itself, that are at least as odd.

        >>> Calibration.of(np.array([0.1, 0.3, 0.2])).p_values(np.array([0.0, 0.25, 0.4]))
        array([1.  , 0.5 , 0.25])
        """
        rising = np.asarray(self.kept)[::-1]
        below = np.searchsorted(rising, oddness, side="left")  # kept scores that are less odd
        as_odd = np.array([self.num_rows, *reversed(self.above)])[below]
        return np.asarray((1.0 + as_odd) / (1.0 + self.num_rows))

    def threshold(self, rate: float) -> float:
        """The oddness above which p-values are at most `rate`.

        Raises UserError where too few rows were held out to state such a rate.

        >>> Calibration.of(np.arange(99.0)).threshold(0.05)
        94.0
        """
        most = math.floor(rate * (self.num_rows + 1) + 1e-9) - 1
        if most < 0:
            raise UserError(
                f"{self.num_rows} normal rows were held out, which cannot state a rate of false "
                f"alarms of {rate:g}: at least {fewest_held_out(rate)} can "
                "(train.calibration_share, evaluate.false_alarms)"
            )
        place = int(np.searchsorted(self.above, most, side="right")) - 1
        return self.kept[place]

    def stated_rate(self, rate: float) -> float:
        """The chance that a normal row exceeds the threshold for `rate`: no more than that."""
        threshold = self.threshold(rate)
        return float(self.p_values(np.array([np.nextafter(threshold, np.inf)]))[0])

    def save(self, path: Path) -> None:
        """Write as JSON."""
        path.write_text(self.model_dump_json())

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote."""
        return read_record(cls, path)


def fewest_held_out(rate: float) -> int:
    """How many scores of held-out rows can state such a rate of false alarms at least.

    >>> fewest_held_out(0.05)
    19
    """
    return math.ceil(1 / rate - 1e-9) - 1


def num_held_out(num_rows: int, share: float) -> int:
    """How many of so many training rows are held out."""
    return max(1, round(share * num_rows))


def held_out_rows(
    num_rows: int, share: float, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Positions of the rows to fit on and of those held out for the scale, each in order."""
    drawn = np.random.default_rng([seed, 0xCA]).permutation(num_rows)
    count = num_held_out(num_rows, share)
    return np.sort(drawn[count:]), np.sort(drawn[:count])
