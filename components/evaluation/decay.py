"""Decay: does a champion still bring on new rows what it brought on those it was judged by?"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from components.config import Purpose
from components.data.table import Table
from components.evaluation.evidence import Value
from components.evaluation.features import rows_of, task_of
from components.evaluation.live import Difference, compare, level_error, teach, why_too_few
from components.evaluation.seeds import derived_seed
from components.evaluation.statistics import Interval, normal_interval

CONFIDENCE = 0.99
"""That of both figures together."""


class Change(Value):
    """A figure on the rows of then and of now, and the change with its one-sided bounds."""

    name: str
    promised: float
    now: float
    value: float
    low: float
    high: float
    margin: float

    @property
    def has_decayed(self) -> bool:
        """Whether even the better end has fallen by more than the margin."""
        return self.high < -self.margin

    def __str__(self) -> str:
        """Such as "lift .010, promised .040 (-.030, at most -.012; -.020 is allowed)"."""
        return (
            f"{self.name} {self.now:+.3f}, promised {self.promised:+.3f} (a change of "
            f"{self.value:+.3f}, at most {self.high:+.3f}; {-self.margin:+.3f} is allowed)"
        )


class Decay(Value):
    """How a champion's benefit on new rows compares with what it was on its locked test rows.

    `lift` is what its rows add to the real ones (augmentation) or keep of them (sharing), in the
    main metric; `level` is what is reached with its rows. Either may decay.
    """

    num_rows: int
    metric: str
    lift: Change
    level: Change

    @property
    def has_decayed(self) -> bool:
        """Whether either has."""
        return self.lift.has_decayed or self.level.has_decayed

    @property
    def reason(self) -> str:
        """What decayed, or that nothing did, in words."""
        fallen = [str(each) for each in (self.lift, self.level) if each.has_decayed]
        shown = fallen or [str(self.lift), str(self.level)]
        verdict = "decayed" if fallen else "holds"
        return (
            f"its benefit {verdict} on {self.num_rows} new rows: {self.metric} {'; '.join(shown)}"
        )


@dataclass(frozen=True)
class Margins:
    """How far the lift and the level may fall."""

    lift: float
    level: float


def measure_decay(
    train: Table,
    test: Table,
    live: Table,
    *,
    synthetic: pd.DataFrame,
    purpose: Purpose,
    margins: Margins,
    seed: int,
) -> Decay | str:
    """The lift of a champion's rows on `live` rows against that on its locked `test` rows.

    A learner is taught by real and synthetic rows (for sharing by the synthetic ones alone),
    another by the real rows alone; both are scored on both sets of rows. What was promised is
    measured by the same learners as what is found, so that the two differ by the rows alone, and
    the interval of the change covers the chance in both. In words, why not, where there are too few
    live rows.
    """
    task = task_of(train)
    real, then, now = (rows_of(table, task) for table in (train, test, live))
    if few := why_too_few(now, task):
        return few
    rows = rows_of(Table(synthetic, train.schema), task)
    if purpose is Purpose.AUGMENTATION:
        rows = real.joined(rows)
    helped = teach(rows, task, derived_seed(seed, "decay"))
    alone = teach(real, task, derived_seed(seed, "decay"))
    promised, found = (compare(helped, alone, side, task) for side in (then, now))
    errors = [level_error(helped, side, task) for side in (then, now)]
    return Decay(
        num_rows=len(now),
        metric=task.main_title,
        lift=_change("lift", promised, found, margins.lift),
        level=_as_change(
            "level", promised.first, found.first, float(np.hypot(*errors)), margins.level
        ),
    )


def _change(name: str, promised: Difference, found: Difference, margin: float) -> Change:
    error = float(np.hypot(promised.error, found.error))
    return _as_change(name, promised.value, found.value, error, margin)


def _as_change(name: str, promised: float, now: float, error: float, margin: float) -> Change:
    interval: Interval = normal_interval(now - promised, error, confidence=CONFIDENCE, sides=2)
    return Change(
        name=name,
        promised=promised,
        now=now,
        value=interval.value,
        low=interval.low,
        high=interval.high,
        margin=margin,
    )
