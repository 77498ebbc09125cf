"""Challenger against champion on the same test rows: one that finds less is not promoted."""

import numpy as np
from numpy.typing import NDArray

from components.config import NORMAL
from components.evaluation.anomaly.ranking import auc_difference
from components.evaluation.live.challenge import CONFIDENCE, MARGIN, Challenge
from components.evaluation.statistics import Vector, auc_influence


def challenge_detectors(
    kinds: NDArray[np.object_], *, champion: Vector, challenger: Vector
) -> Challenge:
    """Non-inferiority of the challenger's scores: with 95% confidence at most .02 is lost.

    `champion` and `challenger` say how odd each test row is, `kinds` what it is; the difference of
    the areas under their ROC curves is paired.
    """
    odd = np.asarray(kinds != NORMAL, dtype=np.bool_)
    lost = auc_difference(odd, champion, challenger, CONFIDENCE)
    before, after = (auc_influence(odd, oddness)[0] for oddness in (champion, challenger))
    passed = lost.high <= MARGIN
    outcome = "not worse than" if passed else "perhaps worse than"
    return Challenge(
        passed,
        lost.value,
        lost.high,
        f"{outcome} the champion: this version finds anomalies with an AUC of {after:.3f}, the "
        f"champion with {before:.3f}, a loss of at most {lost.high:+.3f} with 95% confidence; at "
        f"most {MARGIN:+.3f} is allowed",
    )
