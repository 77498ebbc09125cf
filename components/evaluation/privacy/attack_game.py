"""The game of a membership attack: rounds of rows to judge, and what an attack's scores come to."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from components.data.table import Matrix, Table
from components.errors import UserError
from components.evaluation.case import Case, subsample
from components.evaluation.statistics import (
    Interval,
    auc_influence,
    half_a_row,
    normal_interval,
    share_interval,
    standard_error,
)

MAX_ROWS = 3_000
MAX_SYNTHETIC = 30_000
LEAST_ROWS = 8

Access = Literal["rows", "model"]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Contest:
    """What is judged in a round, and what the attacker knows: all of it but who is a member.

    `judged` are the members, `num_members` of them, then as many other real rows as there are;
    `reference` are real rows of neither kind.
    """

    judged: Table
    num_members: int
    reference: Table
    synthetic: Table

    @property
    def member(self) -> Mask:
        """True for each judged row that was trained on."""
        return np.arange(len(self.judged)) < self.num_members


@dataclass(frozen=True)
class Round:
    """A round that was played: who is a member, and each attack's scores, higher for members.

    `isolation` says how far from reference rows each judged row lies.
    """

    member: Mask
    scores: Mapping[str, Matrix]
    isolation: Matrix

    def only(self, names: Iterable[str]) -> "Round":
        """The round as if these attacks were the only ones."""
        return Round(self.member, {name: self.scores[name] for name in names}, self.isolation)

    def taken(self, rows: Mask) -> "Round":
        """The round of some of its rows."""
        scores = {name: values[rows] for name, values in self.scores.items()}
        return Round(self.member[rows], scores, self.isolation[rows])


def contests(case: Case) -> tuple[Contest, Contest]:
    """Both rounds; raises UserError for fewer than 8 test or training rows.

    In each, one half of the test rows is the attacker's reference, the other half the non-members,
    and a half of the training rows the members; the halves of the test rows swap between rounds.
    At most 3,000 members and as many others a round, and 30,000 synthetic rows.
    """
    if min(len(case.test), len(case.train)) < LEAST_ROWS:
        raise UserError(
            f"a membership attack needs {LEAST_ROWS} rows of each: there are {len(case.train)} "
            f"training and {len(case.test)} test rows"
        )
    train, test = (_halves(table, case.seed("membership")) for table in (case.train, case.test))
    kept = subsample(len(case.synthetic), MAX_SYNTHETIC, case.seed("membership"))
    synthetic = case.synthetic.take(kept)
    first, second = (
        Contest(_joined(members, others), len(members), reference, synthetic)
        for members, others, reference in zip(train, test, test[::-1], strict=True)
    )
    return first, second


def _halves(table: Table, seed: int) -> tuple[Table, Table]:
    kept = subsample(len(table), 2 * MAX_ROWS, seed)
    return table.take(kept[0::2]), table.take(kept[1::2])


def _joined(members: Table, others: Table) -> Table:
    import pandas as pd

    return Table(pd.concat([members.frame, others.frame], ignore_index=True), members.schema)


def auc(member: Mask, scores: Matrix) -> float:
    """The area under the ROC curve."""
    return auc_influence(member, scores)[0]


def found_at(member: Mask, scores: Matrix, false_alarms: float) -> float:
    """The share of members above the least threshold that few enough non-members exceed.

    >>> member = np.array([True, True, False, False])
    >>> found_at(member, np.array([3.0, 1.0, 2.0, 0.0]), 0.01)
    0.5
    """
    threshold = np.quantile(scores[~member], 1.0 - false_alarms, method="higher")
    return float((scores[member] > threshold).mean())


def best(found: Round, *by: Callable[[Mask, Matrix], float]) -> str:
    """The attack that does best by the first measure, by the next where they are equal."""
    return max(
        found.scores,
        key=lambda name: tuple(measure(found.member, found.scores[name]) for measure in by),
    )


def cross_chosen(
    rounds: tuple[Round, Round], *by: Callable[[Mask, Matrix], float]
) -> list[tuple[Mask, Matrix]]:
    """Who is a member and the scores, in each round by the attack that did best in the other.

    So taking the best of several does not flatter it.
    """
    chosen = (best(rounds[1], *by), best(rounds[0], *by))
    pairs = zip(rounds, chosen, strict=True)
    return [(found.member, found.scores[name]) for found, name in pairs]


def mean_area(played: Sequence[tuple[Mask, Matrix]], *, confidence: float) -> Interval:
    """The mean AUC of rounds with its one-sided bounds, from the mean of DeLong's errors.

    Rounds share test rows in other roles and synthetic rows in the same, so their areas rise and
    fall together (over 100 splits of a table with 150 test rows the correlation reached .42):
    errors are added as if they were one. Variances added as of independent rounds gave a lower
    bound above .5 for fresh rows in 16% of these splits, where 5% are meant.
    """
    areas, errors = [], []
    for member, scores in played:
        area, influence = auc_influence(member, scores)
        areas.append(area)
        errors.append(max(standard_error(influence), half_a_row(member)))
    return normal_interval(float(np.mean(areas)), float(np.mean(errors)), confidence=confidence)


def pooled(played: Sequence[tuple[Mask, Matrix]]) -> tuple[Mask, Matrix]:
    """All rounds in one, each score replaced by the share of its round's non-members it exceeds."""
    member = np.concatenate([found for found, _ in played])
    return member, np.concatenate([_ranked(*one) for one in played])


def _ranked(member: Mask, scores: Matrix) -> Matrix:
    others = np.sort(scores[~member])
    below = np.searchsorted(others, scores, side="left")
    upto = np.searchsorted(others, scores, side="right")
    return (below + upto) / (2.0 * len(others))


def share_found(member: Mask, ranks: Matrix, false_alarms: float, confidence: float) -> Interval:
    """`found_at` with Clopper and Pearson's one-sided bounds, the threshold taken as it is."""
    num_members = int(member.sum())
    hits = round(found_at(member, ranks, false_alarms) * num_members)
    return share_interval(hits, num_members, confidence=confidence)
