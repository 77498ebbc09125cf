"""A lower bound on the privacy loss epsilon, from how well attacks tell members from others."""

from collections.abc import Sequence

import numpy as np

from components.data.table import Matrix
from components.evaluation.privacy.attack_game import Mask
from components.evaluation.statistics import share_interval

LEVELS = (0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
"""Shares of false alarms at which thresholds are tried; 0 is above every non-member."""


def epsilon_bound(
    games: Sequence[tuple[Mask, Matrix]], *, delta: float, confidence: float
) -> float:
    """The epsilon that a model must at least have, given these games, 0 where they show nothing.

    Under (epsilon, delta)-differential privacy a test finds at most `exp(epsilon) * alarms + delta`
    of the members at `alarms` false alarms, and likewise for those it takes for non-members
    (Kairouz et al. 2015; as an audit: Jagielski et al. 2020, Nasr et al. 2021). Each game is one
    attack's scores of members and others. Thresholds stand at others' scores, where Clopper and
    Pearson's bound of the alarms holds though the threshold was chosen by them (the share above
    the k-th largest of n has a beta distribution with parameters k and n - k + 1, at most). All
    games, directions and thresholds share the error of 1 - `confidence` equally (Bonferroni), and
    in each the two bounds halve it. It is a bound for the attacks played, on rows of one
    training taken as independent: a model may leak more than it shows.

    >>> member = np.repeat([True, False], 500)
    >>> told = np.where(member, 1.0, 0.0)
    >>> round(epsilon_bound([(member, told)], delta=0.0, confidence=0.95), 2)
    4.36
    >>> blind = np.tile([0.0, 1.0], 500)
    >>> epsilon_bound([(member, blind)], delta=0.0, confidence=0.95)
    0.0
    """
    num_tests = 2 * len(games) * len(LEVELS)
    held = 1.0 - (1.0 - confidence) / (2 * num_tests)
    found = [0.0]
    for member, scores in games:
        found += _bounds(scores[member], scores[~member], delta, held)
        found += _bounds(-scores[~member], -scores[member], delta, held)
    return max(found)


def _bounds(wanted: Matrix, others: Matrix, delta: float, confidence: float) -> list[float]:
    """The bound at each level, by the shares of either kind above a threshold."""
    descending = np.sort(others)[::-1]
    bounds = []
    for level in LEVELS:
        place = int(level * len(others))
        threshold = descending[place]
        hits = int((wanted > threshold).sum())
        found = share_interval(hits, len(wanted), confidence=confidence).low - delta
        alarms = share_interval(place, len(others), confidence=confidence).high
        bounds.append(float(np.log(found / alarms)) if found > alarms else 0.0)
    return bounds
