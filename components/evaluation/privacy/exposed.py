"""The rows most exposed to a membership attack: those that lie apart from all others."""

import numpy as np

from components.evaluation.privacy.attack_game import Mask, Round

SHARE = 0.1
LEAST_OF_EACH = 5


def exposed(found: Round) -> Mask:
    """True for the tenth of a round's rows that lies farthest from reference rows.

    Nothing but the distance to rows of neither kind is looked at, so who is a member does not
    matter for who is exposed (outliers are what attacks find: Meeus et al. 2023). Where the tenth
    has fewer than 5 members or 5 others, the next rows are taken too; rows as far as the last
    one belong to it.

    >>> member = np.tile([True, False], 100)
    >>> found = Round(member, {}, np.repeat(np.arange(100.0), 2))
    >>> rows = exposed(found)
    >>> int(rows.sum()), int((rows & member).sum())
    (20, 10)
    """
    order = np.sort(found.isolation)[::-1]
    count = max(int(np.ceil(SHARE * len(order))), 1)
    edge = order[count - 1]
    for side in (found.member, ~found.member):
        far = np.sort(found.isolation[side])[::-1]
        edge = min(edge, far[min(LEAST_OF_EACH, len(far)) - 1])
    return np.asarray(found.isolation >= edge)
