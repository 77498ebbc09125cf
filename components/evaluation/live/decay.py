"""Decay: does a champion still bring on new rows what it brought on those it was judged by?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from components.config import Purpose
from components.data.table import Table
from components.evaluation.difference import Difference, pooled
from components.evaluation.evidence import Value
from components.evaluation.features import Rows, Task, rows_of, task_of
from components.evaluation.learners import Predict
from components.evaluation.live.compared import (
    compare,
    level_error,
    teach,
    why_too_few,
)
from components.evaluation.seeds import derived_seed
from components.evaluation.statistics import normal_interval

CONFIDENCE = 0.95
"""That of all figures of a look together."""

MOST_BLOCKS = 4
"""Windows that what the new rows would add is measured on, the newest."""


@dataclass(frozen=True)
class Margins:
    """How far the lift and the level may fall, and how much new rows may add; None: any."""

    lift: float | None
    level: float | None
    news: float | None

    @property
    def confidence(self) -> float:
        """That of each figure that is judged, so that all together have `CONFIDENCE`."""
        judged = [each for each in (self.lift, self.level, self.news) if each is not None]
        return 1 - (1 - CONFIDENCE) / max(1, len(judged))


LIFT = "lift"


class Change(Value):
    """A figure then and now, or less and more of something; and the difference with its bounds.

    The bounds are one-sided. It has decayed where even the better one is worse than the margin
    allows; a fall is worse for the lift and the level, a rise for what new rows would add.
    """

    name: str
    before: float
    now: float
    value: float
    low: float
    high: float
    margin: float | None
    worse: int

    @property
    def has_decayed(self) -> bool:
        """Whether even the better end is beyond the margin."""
        if self.margin is None:
            return False
        return self.high < -self.margin if self.worse < 0 else self.low > self.margin

    def __str__(self) -> str:
        """Such as "lift +0.010, +0.040 before (-0.030, -0.050 to -0.012; -0.020 is allowed)".

        A lift is a difference, and has a sign; what is reached, of which this is one, has none.
        """
        allowed = "any" if self.margin is None else f"{self.worse * self.margin:+.3f}"
        sign = "+" if self.name == LIFT else ""
        than = "before" if self.worse < 0 else "without"
        return (
            f"{self.name} {self.now:{sign}.3f}, {self.before:{sign}.3f} {than} ({self.value:+.3f}, "
            f"{self.low:+.3f} to {self.high:+.3f}; {allowed} is allowed)"
        )


class Decay(Value):
    """How a champion's benefit on new rows compares with what it was on its locked test rows.

    `lift` is what its rows add to the real ones (augmentation) or keep of them (sharing), in the
    main metric; `level` is what is reached with its rows. `news` is what learners reach on the
    windows since with their rows and without: what training again may bring; None where these are
    too small to tell. Any may have decayed. `unit` is what a row is called.
    """

    num_rows: int
    metric: str
    lift: Change
    level: Change
    news: Change | None
    unit: str = "row"

    @property
    def changes(self) -> tuple[Change, ...]:
        """All that were measured."""
        return (self.lift, self.level, *([self.news] if self.news else []))

    @property
    def has_decayed(self) -> bool:
        """Whether any has."""
        return any(each.has_decayed for each in self.changes)

    @property
    def reason(self) -> str:
        """What decayed, or that nothing did, in words."""
        fallen = [str(each) for each in self.changes if each.has_decayed]
        shown = "; ".join(fallen or map(str, self.changes))
        verdict = "decayed" if fallen else "holds"
        return (
            f"its benefit {verdict} on {self.num_rows:,} new {self.unit}s: {self.metric}, {shown}"
        )


@dataclass(frozen=True)
class Taught:
    """A champion as learners see it: its task, its real rows, and what those and its own teach."""

    task: Task
    real: Rows
    alone: Predict
    helped: Predict
    seed: int


def measure_decay(
    train: Table,
    test: Table,
    windows: Sequence[Table],
    *,
    synthetic: pd.DataFrame,
    purpose: Purpose,
    margins: Margins,
    seed: int,
    unit: str = "row",
) -> Decay | str:
    """The benefit of a champion on the last of the `windows` since it was trained.

    A learner is taught by real and synthetic rows (for sharing by the synthetic ones alone),
    another by the real rows alone. Both are scored on the new rows and on the locked `test` rows:
    what was promised is measured as what is found, and the interval covers the chance in both.

    What the windows add is measured on the newest of them, each left out in turn: a learner taught
    by the real rows and the other windows, against the one taught by real rows alone. Both are
    scored on the same rows, so that a world which became harder is no reason. A single window is
    halved in its order. In words, why not, where the last window has too few rows, or it
    or the test rows a single value of the target.
    """
    task = task_of(train)
    then, blocks = rows_of(test, task), [rows_of(window, task) for window in windows]
    if few := why_too_few(blocks[-1], task):
        return few
    if len(np.unique(then.y)) < 2:
        return "all test rows have one value of the target"
    taught = _teach(rows_of(train, task), rows_of(Table(synthetic, train.schema), task), task,
                    purpose=purpose, seed=derived_seed(seed, "decay"))  # fmt: skip
    before, now = (compare(taught.helped, taught.alone, side, task) for side in (then, blocks[-1]))
    errors = [level_error(taught.helped, side, task) for side in (then, blocks[-1])]
    added = list(_news(taught, blocks))
    news = pooled(added) if added else None
    lift_error = float(np.hypot(before.error, now.error))
    change = partial(_change, confidence=margins.confidence)
    return Decay(
        num_rows=len(blocks[-1]),
        metric=task.main_title,
        lift=change(LIFT, before.value, now.value, lift_error, margins.lift),
        level=change(
            "level", before.first, now.first, float(np.hypot(errors[0], errors[1])), margins.level
        ),
        news=None
        if news is None
        else change(
            f"with new {unit}s", news.second, news.first, news.error, margins.news, worse=1
        ),
        unit=unit,
    )


def _teach(real: Rows, synthetic: Rows, task: Task, *, purpose: Purpose, seed: int) -> Taught:
    given = real.joined(synthetic) if purpose is Purpose.AUGMENTATION else synthetic
    return Taught(task, real, teach(real, task, seed), teach(given, task, seed), seed)


def _news(taught: Taught, blocks: Sequence[Rows]) -> Iterator[Difference]:
    """With the other windows against without them, on each of the newest that can be judged."""
    if len(blocks) == 1:
        middle = len(blocks[0]) // 2
        places = np.arange(len(blocks[0]))
        blocks = [blocks[0].take(places[:middle]), blocks[0].take(places[middle:])]
    for left_out in range(max(0, len(blocks) - MOST_BLOCKS), len(blocks)):
        if why_too_few(blocks[left_out], taught.task):
            continue
        rows = taught.real
        for number, block in enumerate(blocks):
            rows = rows if number == left_out else rows.joined(block)
        informed = teach(rows, taught.task, taught.seed)
        yield compare(informed, taught.alone, blocks[left_out], taught.task)


def _change(
    name: str,
    before: float,
    now: float,
    error: float,
    margin: float | None,
    *,
    confidence: float,
    worse: int = -1,
) -> Change:
    interval = normal_interval(now - before, error, confidence=confidence)
    return Change(
        name=name,
        before=before,
        now=now,
        value=interval.value,
        low=interval.low,
        high=interval.high,
        margin=margin,
        worse=worse,
    )
