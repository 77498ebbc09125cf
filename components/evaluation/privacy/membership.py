"""Privacy: can an attacker tell who was in the training rows, given a reference of real rows."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from components.evaluation.case import Case, Evaluator, Findings, Metric
from components.evaluation.curves import roc
from components.evaluation.evidence import Attack, Measurement
from components.evaluation.privacy.attack_game import (
    Round,
    auc,
    contests,
    cross_chosen,
    found_at,
    mean_area,
    pooled,
    share_found,
)
from components.evaluation.privacy.attacks import ACCESS, BY_SHADOW, grow, play
from components.evaluation.privacy.empirical_epsilon import epsilon_bound
from components.evaluation.privacy.exposed import exposed
from components.evaluation.statistics import Interval
from components.models.contract import LogMetrics, Scorer

_NO_SHADOW = (
    f"The attack by {BY_SHADOW} was not tried: it takes a model of the same kind, fitted to rows "
    "held out, and these are too few for one that scores rows. Whoever holds the model may tell "
    "more by it than is stated."
)
FEW_ALARMS, FEWEST_ALARMS = 0.01, 0.001

MEMBERSHIP_AUC = Metric(
    name="membership_auc",
    family="privacy",
    goal="minimise",
    bounds=(0.0, 1.0),
    ideal=0.5,
    meaning="the ROC AUC of the best attack by the synthetic rows that tells training rows from "
    "other real rows",
)
MEMBERSHIP_TPR = Metric(
    name="membership_tpr",
    family="privacy",
    goal="minimise",
    bounds=(0.0, 1.0),
    ideal=FEW_ALARMS,
    meaning="the share of training rows that the best attack finds with 1% false alarms",
)
MEMBERSHIP_TPR_01 = Metric(
    name="membership_tpr_01",
    family="privacy",
    goal="minimise",
    bounds=(0.0, 1.0),
    ideal=FEWEST_ALARMS,
    meaning="the share of training rows that the best attack finds with 0.1% false alarms",
)
MEMBERSHIP_AUC_EXPOSED = Metric(
    name="membership_auc_exposed",
    family="privacy",
    goal="minimise",
    bounds=(0.0, 1.0),
    ideal=0.5,
    meaning="the ROC AUC of the best attack among the tenth of rows that lie most apart",
)
MEMBERSHIP_AUC_MODEL = Metric(
    name="membership_auc_model",
    family="privacy",
    goal="minimise",
    bounds=(0.0, 1.0),
    ideal=0.5,
    meaning="the ROC AUC of the best attack by whoever holds the model itself",
)
EMPIRICAL_EPSILON = Metric(
    name="empirical_epsilon",
    family="privacy",
    goal="minimise",
    bounds=(0.0, None),
    ideal=0.0,
    meaning="the epsilon of differential privacy that the attacks prove to be exceeded",
)


def measure_membership(case: Case, log: LogMetrics) -> Findings:
    """How well the best attacks do, by area, at few false alarms, and on the most exposed rows.

    Two rounds (`contests`). The attack that did best in one round is measured in the other. The
    area does not depend on how many rows there are of each kind. The rounds share test rows in
    other roles, so where nothing leaks a figure still leans high, by a third of its standard
    error: the safe side. What is called `..._model` takes the model in hand, and is there where
    the case has a generator that can score rows; all else is what synthetic rows alone betray.
    """
    first, second = contests(case)
    made = grow(first.synthetic, case.seed("surrogate"))
    rounds = (play(case, first, made), play(case, second, made))
    rounds = _only(rounds, [name for name in rounds[0].scores if name in rounds[1].scores])
    by_rows = _only(rounds, [name for name in rounds[0].scores if ACCESS[name] == "rows"])
    member, ranks = pooled(cross_chosen(by_rows, auc))
    curves = [roc("membership_roc", member, ranks)]
    measured = [
        _area(case, MEMBERSHIP_AUC, by_rows),
        *_shares(case, by_rows),
        _area(case, MEMBERSHIP_AUC_EXPOSED, _taken(by_rows)),
    ]
    if len(by_rows[0].scores) < len(rounds[0].scores):
        measured.append(_area(case, MEMBERSHIP_AUC_MODEL, rounds))
        curves.append(roc("membership_model_roc", *pooled(cross_chosen(rounds, auc))))
    measured.append(_epsilon(case, rounds))
    is_left_out = isinstance(case.generator, Scorer) and case.make_and_fit is not None
    return Findings(
        tuple(measured),
        curves=tuple(curves),
        attacks=_attacks(case, rounds),
        notes=(_NO_SHADOW,) if is_left_out and BY_SHADOW not in rounds[0].scores else (),
    )


def _only(rounds: tuple[Round, Round], names: Sequence[str]) -> tuple[Round, Round]:
    return rounds[0].only(names), rounds[1].only(names)


def _taken(rounds: tuple[Round, Round]) -> tuple[Round, Round]:
    return rounds[0].taken(exposed(rounds[0])), rounds[1].taken(exposed(rounds[1]))


def _area(case: Case, metric: Metric, rounds: tuple[Round, Round]) -> Measurement:
    """The mean area of both rounds, each by the attack that did best in the other."""
    played = cross_chosen(rounds, auc)
    members = sum(int(member.sum()) for member, _ in played)
    others = sum(len(member) for member, _ in played) - members
    meaning = (
        f"{metric.meaning}, {len(rounds[0].scores)} attacks tried on {members:,} training rows "
        f"and {others:,} other real rows,"
    )
    interval = mean_area(played, confidence=case.confidence(metric.name))
    return metric.measured(interval, case, meaning=meaning)


def _shares(case: Case, rounds: tuple[Round, Round]) -> list[Measurement]:
    """The shares found at 1%, and at .1% where there are the 1,000 non-members that it takes."""
    num_others = sum(int((~found.member).sum()) for found in rounds)
    found = []
    for metric, alarms in ((MEMBERSHIP_TPR, FEW_ALARMS), (MEMBERSHIP_TPR_01, FEWEST_ALARMS)):
        if alarms == FEWEST_ALARMS and num_others * alarms < 1:
            continue
        member, ranks = pooled(cross_chosen(rounds, partial(found_at, false_alarms=alarms), auc))
        interval = share_found(member, ranks, alarms, case.confidence(metric.name))
        found.append(metric.measured(interval, case, meaning=_share_meaning(metric, num_others)))
    return found


def _share_meaning(metric: Metric, num_others: int) -> str:
    if num_others * metric.ideal >= 1:
        return metric.meaning
    return (
        f"the share of training rows that the best attack finds without any false alarm "
        f"({num_others} other rows cannot show {metric.ideal:.1%})"
    )


def _epsilon(case: Case, rounds: tuple[Round, Round]) -> Measurement:
    """The bound by all attacks, beside what is guaranteed: value, low and high are all the bound.

    A gate on it can find a guarantee broken. That it is cleared says no more than that these
    attacks did not break it.
    """
    guarantee = case.guarantee
    games = [(found.member, scores) for found in rounds for scores in found.scores.values()]
    bound = epsilon_bound(
        games,
        delta=guarantee.delta if guarantee else 0.0,
        confidence=case.confidence(EMPIRICAL_EPSILON.name),
    )
    return EMPIRICAL_EPSILON.measured(
        Interval(bound, bound, bound),
        case,
        meaning=_epsilon_meaning(case, bound),
        reference=guarantee.epsilon if guarantee else None,
    )


def _epsilon_meaning(case: Case, bound: float) -> str:
    if case.guarantee is None:
        return f"{EMPIRICAL_EPSILON.meaning} (no guarantee is declared)"
    said = f"epsilon {case.guarantee.epsilon:g} at delta {case.guarantee.delta:g}"
    if not case.is_parted_at_random:
        return (
            f"{EMPIRICAL_EPSILON.meaning}, which proves nothing of the declared guarantee of "
            f"{said}: training rows may differ from the others by how they were parted,"
        )
    outcome = "violates" if bound > case.guarantee.epsilon else "does not contradict"
    return f"{EMPIRICAL_EPSILON.meaning}, which {outcome} the declared guarantee of {said},"


def _attacks(case: Case, rounds: tuple[Round, Round]) -> tuple[Attack, ...]:
    """Every attack by itself, over both rounds."""
    found = []
    for name in rounds[0].scores:
        played = [(one.member, one.scores[name]) for one in rounds]
        interval = mean_area(played, confidence=case.confidence(MEMBERSHIP_AUC.name))
        member, ranks = pooled(played)
        enough = int((~member).sum()) * FEWEST_ALARMS >= 1
        found.append(
            Attack(
                name=name,
                access=ACCESS[name],
                auc=interval.value,
                low=float(np.clip(interval.low, 0, 1)),
                high=float(np.clip(interval.high, 0, 1)),
                found_at_1_percent=found_at(member, ranks, FEW_ALARMS),
                found_at_01_percent=found_at(member, ranks, FEWEST_ALARMS) if enough else None,
            )
        )
    return tuple(found)


MEMBERSHIP = Evaluator(
    measure_membership,
    (
        MEMBERSHIP_AUC,
        MEMBERSHIP_TPR,
        MEMBERSHIP_TPR_01,
        MEMBERSHIP_AUC_EXPOSED,
        MEMBERSHIP_AUC_MODEL,
        EMPIRICAL_EPSILON,
    ),
)
