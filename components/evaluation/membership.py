"""Privacy: can an attacker tell who was in the training rows, given a reference of real rows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

from components.data.table import Matrix, encode
from components.errors import UserError
from components.evaluation.case import Case, Evaluator, Findings, Metric, subsample
from components.evaluation.curves import roc
from components.evaluation.distances import coordinates, nearest
from components.evaluation.statistics import (
    Interval,
    auc_influence,
    half_a_row,
    normal_interval,
    share_interval,
    standard_error,
)
from components.models.contract import LogMetrics

MAX_SYNTHETIC = 50_000
MAX_ROWS = 3_000
NUM_NEIGHBOURS = 5
FALSE_ALARMS = 0.01

MEMBERSHIP_AUC = Metric(
    name="membership_auc",
    family="privacy",
    goal="minimise",
    bounds=(0.0, 1.0),
    ideal=0.5,
    meaning="the ROC AUC of the best of 4 attacks that tell training rows from other real rows",
)
MEMBERSHIP_TPR = Metric(
    name="membership_tpr",
    family="privacy",
    goal="minimise",
    bounds=(0.0, 1.0),
    ideal=FALSE_ALARMS,
    meaning="the share of training rows that the best attack finds with 1% false alarms",
)


@dataclass(frozen=True)
class Round:
    """One round of attacks: who is a member, and each attack's scores, higher for members."""

    member: NDArray[np.bool_]
    scores: dict[str, Matrix]

    def auc(self, attack: str) -> float:
        """How well an attack does in this round."""
        return auc_influence(self.member, self.scores[attack])[0]

    def best(self) -> str:
        """The attack that does best in this round."""
        return max(self.scores, key=self.auc)


def measure_membership(case: Case, log: LogMetrics) -> Findings:
    """The membership AUC, the share found at 1% false alarms, and the ROC curve.

    Two rounds. In each, one half of the test rows is the attacker's reference, the other half the
    non-members, and a half of the training rows the members; the halves swap between rounds. The
    attack that did best in one round is measured in the other, so that taking the best of several
    does not flatter it. All rows are used, at most 3,000 members and as many others a round: the
    area does not depend on how many there are of each. The rounds share test rows in other roles,
    so where nothing leaks the figure still leans high, by a third of its standard error: the
    safe side.
    """
    rounds = attack_rounds(case)
    chosen = (rounds[1].best(), rounds[0].best())
    pairs = list(zip(rounds, chosen, strict=True))
    member = np.concatenate([found.member for found in rounds])
    meaning = (
        f"the ROC AUC of the best of {len(rounds[0].scores)} attacks that tell "
        f"{int(member.sum())} training rows from {int((~member).sum())} other real rows"
    )
    measured = MEMBERSHIP_AUC.measured(_area(case, pairs), case, meaning=meaning)
    ranks = np.concatenate([_ranked(found.member, found.scores[name]) for found, name in pairs])
    share = MEMBERSHIP_TPR.measured(_found_at(case, member, ranks), case)
    return Findings((measured, share), curves=(roc("membership_roc", member, ranks),))


def _area(case: Case, pairs: list[tuple[Round, str]]) -> Interval:
    """The mean AUC of the rounds, DeLong's variances added."""
    areas, variances = [], []
    for found, attack in pairs:
        area, influence = auc_influence(found.member, found.scores[attack])
        areas.append(area)
        variances.append(max(standard_error(influence), half_a_row(found.member)) ** 2)
    error = float(np.sqrt(np.sum(variances))) / len(pairs)
    confidence = case.confidence(MEMBERSHIP_AUC.name)
    return normal_interval(float(np.mean(areas)), error, confidence=confidence)


def _ranked(member: NDArray[np.bool_], scores: Matrix) -> Matrix:
    """Scores of a round as the share of its non-members they exceed, comparable across rounds."""
    others = np.sort(scores[~member])
    below = np.searchsorted(others, scores, side="left")
    upto = np.searchsorted(others, scores, side="right")
    return (below + upto) / (2.0 * len(others))


def _found_at(case: Case, member: NDArray[np.bool_], ranks: Matrix) -> Interval:
    """The share of members above the threshold that at most 1% of non-members exceed."""
    threshold = np.quantile(ranks[~member], 1.0 - FALSE_ALARMS, method="higher")
    hits = int((ranks[member] > threshold).sum())
    confidence = case.confidence(MEMBERSHIP_TPR.name)
    return share_interval(hits, int(member.sum()), confidence=confidence)


def attack_rounds(case: Case) -> tuple[Round, Round]:
    """Both rounds; raises UserError for fewer than 8 test or training rows."""
    if min(len(case.test), len(case.train)) < 8:
        raise UserError(
            f"a membership attack needs 8 rows of each: there are {len(case.train)} training "
            f"and {len(case.test)} test rows"
        )
    members, others, synthetic = _drawn(case)
    halves = [others[0::2], others[1::2]]
    return (
        _attacked(case, members[0::2], halves[0], halves[1], synthetic),
        _attacked(case, members[1::2], halves[1], halves[0], synthetic),
    )


def _drawn(case: Case) -> tuple[Matrix, Matrix, Matrix]:
    """Encoded training, test and synthetic rows, each at most as many as the caps allow."""
    drawn = []
    caps = ((case.train, 2 * MAX_ROWS), (case.test, 2 * MAX_ROWS), (case.synthetic, MAX_SYNTHETIC))
    for table, most in caps:
        kept = subsample(len(table), most, case.seed("membership"))
        drawn.append(encode(table.frame.iloc[kept], table.schema))
    return drawn[0], drawn[1], drawn[2]


def _attacked(
    case: Case, members: Matrix, reference: Matrix, others: Matrix, synthetic: Matrix
) -> Round:
    """Every attack's scores in one round.

    Calibrated distance: how much closer the nearest synthetic row is than the nearest reference
    row. Density: the same with the mean over five neighbours, a ratio of local densities as in
    DOMIAS (van Breugel et al. 2023). Classifier: the same ratio by gradient boosting. Distance:
    the nearest synthetic row alone, uncalibrated.
    """
    judged = np.vstack([members, others])
    known = np.vstack([synthetic, reference])
    points, near, far = coordinates(
        [judged, synthetic, reference], case.train.schema, ranked_by=known
    )
    to_synthetic, to_reference = _logs(points, near), _logs(points, far)
    return Round(
        member=np.repeat([True, False], [len(members), len(others)]),
        scores={
            "calibrated distance": to_reference[:, 0] - to_synthetic[:, 0],
            "density ratio": to_reference.mean(axis=1) - to_synthetic.mean(axis=1),
            "classifier ratio": _classified(synthetic, reference, judged, case.seed("classifier")),
            "distance": -to_synthetic[:, 0],
        },
    )


def _logs(points: Matrix, among: Matrix) -> Matrix:
    """Logarithms of the distances to the nearest; what rounding leaves of 0 counts as 1e-6."""
    return np.log(np.maximum(nearest(points, among, NUM_NEIGHBOURS), 1e-6))


def _classified(synthetic: Matrix, reference: Matrix, judged: Matrix, seed: int) -> Matrix:
    """The probability that a row is synthetic rather than of the reference, classes balanced."""
    most = min(len(synthetic), MAX_ROWS)
    drawn = synthetic[subsample(len(synthetic), most, seed)]
    labels = np.repeat([1, 0], [len(drawn), len(reference)])
    model = HistGradientBoostingClassifier(
        max_iter=60,
        min_samples_leaf=int(np.clip(len(labels) // 20, 3, 20)),
        early_stopping=False,
        class_weight="balanced",
        random_state=seed,
    )
    model.fit(np.vstack([drawn, reference]), labels)
    chances: Matrix = model.predict_proba(judged)[:, 1]
    return chances


MEMBERSHIP = Evaluator(measure_membership, (MEMBERSHIP_AUC, MEMBERSHIP_TPR))
