"""The bake window: is a new champion worse on live rows than the one before it?"""

from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache

import pandas as pd
from scipy import stats

from components.config import Purpose
from components.data.table import Table
from components.evaluation.difference import Difference, pooled
from components.evaluation.evidence import Value
from components.evaluation.features import rows_of, task_of
from components.evaluation.live.compared import compare, teach, why_too_few
from components.evaluation.seeds import derived_seed
from components.evaluation.sequential import normal_levels

ALPHA = 0.05
"""How often a champion that is as good as the one before is rolled back, over all looks."""


class Outcome(StrEnum):
    """What became of a champion in its bake window."""

    WORSE = "worse"
    WATCHED = "watched"
    CONFIRMED = "confirmed"


class Bake(Value):
    """What the looks of a bake window say together.

    `loss` is what is lost in the main metric by the new champion's rows instead of those of the
    one before, `low` what is lost at least, at the confidence of this look. `unit` is what a row is
    called.
    """

    outcome: Outcome
    look: int
    looks: int
    num_rows: int
    loss: float
    low: float
    margin: float
    unit: str = "row"

    @property
    def is_worse(self) -> bool:
        """Whether the champion is to be rolled back."""
        return self.outcome is Outcome.WORSE

    @property
    def is_confirmed(self) -> bool:
        """Whether it came through its bake window."""
        return self.outcome is Outcome.CONFIRMED

    @property
    def reason(self) -> str:
        """The outcome with its figures, in words."""
        words = {
            Outcome.WORSE: "worse on live rows than the champion before",
            Outcome.WATCHED: "still watched beside the champion before",
            Outcome.CONFIRMED: "not worse on live rows than the champion before",
        }[self.outcome]
        return (
            f"{words}: {self.loss:+.3f} is lost on {self.num_rows:,} {self.unit}s of "
            f"{self.look} of {self.looks} looks, at least {self.low:+.3f} with "
            f"{1 - ALPHA:.0%} confidence over all looks; {self.margin:+.3f} is allowed"
        )


def compare_champions(
    real: Table,
    live: Table,
    *,
    champion: pd.DataFrame,
    before: pd.DataFrame,
    purpose: Purpose,
    seed: int,
) -> Difference | str:
    """What live rows say of the champion before (first) and the new one (second).

    Each one's synthetic rows teach a learner, for augmentation together with the same `real` rows,
    those of the new champion; both are scored on the same live rows. In words, why not, where
    there are too few or the two have other columns.
    """
    task = task_of(real)
    now, taught = rows_of(live, task), rows_of(real, task)
    if few := why_too_few(now, task):
        return few
    if missing := sorted(set(real.schema.names) ^ set(before.columns)):
        return f"the champion before has other columns ({', '.join(missing)})"
    found = []
    for frame in (before, champion):
        rows = rows_of(Table(frame, real.schema), task)
        if purpose is Purpose.AUGMENTATION:
            rows = taught.joined(rows)
        found.append(teach(rows, task, derived_seed(seed, "bake")))
    return compare(found[0], found[1], now, task)


def judge_bake(
    found: Sequence[Difference], *, looks: int, margin: float, unit: str = "row"
) -> Bake:
    """What so many of all `looks` say together: worse, confirmed at the last, or watched on.

    The two learners stay the same from look to look and each look has rows of its own, so the
    differences are pooled by their rows. Levels are those of O'Brien and Fleming's spending
    function (`sequential.py`), looks taken to bring equal information: at the first only a large
    loss counts, and over all of them a champion that loses no more than the margin is rolled back
    in at most 5% of bake windows.

    >>> one = Difference(first=0.90, second=0.60, error=0.02, num_rows=300)
    >>> judge_bake([one], looks=4, margin=0.01).outcome.value
    'worse'
    """
    whole = pooled(found)
    low = whole.value - float(stats.norm.isf(_levels(looks)[len(found) - 1])) * whole.error
    outcome = Outcome.CONFIRMED if len(found) == looks else Outcome.WATCHED
    return Bake(
        outcome=Outcome.WORSE if low > margin else outcome,
        look=len(found),
        looks=looks,
        num_rows=whole.num_rows,
        loss=whole.value,
        low=low,
        margin=margin,
        unit=unit,
    )


@lru_cache(maxsize=8)
def _levels(looks: int) -> tuple[float, ...]:
    """The one-sided level of each look, so that all together err `ALPHA`."""
    return normal_levels(ALPHA, tuple((look + 1) / looks for look in range(looks)))
