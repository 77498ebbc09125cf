"""Challenger against champion in series: one that finds fewer events is not promoted."""

from typing import TYPE_CHECKING

import numpy as np

from components.config import EvaluateConfig, Purpose
from components.data.table import Table
from components.evaluation.anomaly.series_case import ScoredSteps, SeriesCase
from components.evaluation.anomaly.series_detection import SEGMENT, judged_stretches
from components.evaluation.anomaly.series_ranking import EVENT_AUROC, measure_series_ranking
from components.evaluation.live.challenge import MARGIN, Challenge
from components.models.series.block_threshold import BlockThreshold

if TYPE_CHECKING:
    from components.models.series.autoencoder import SeriesAutoencoder

CHAMPION = "champion"


def challenge_in_series(
    test: Table, *, champion: "SeriesAutoencoder", challenger: "SeriesAutoencoder"
) -> Challenge:
    """Non-inferiority of the challenger's scores: with 95% confidence at most .02 is lost.

    What is compared is the AUROC of events, with the paired bootstrap over segments of series.
    """
    series = challenger.series(test.frame)
    window = max(champion.config.window, challenger.config.window)
    never = BlockThreshold(np.inf, 0.0, window)

    def scored(model: "SeriesAutoencoder") -> ScoredSteps:
        return ScoredSteps(model.errors(series).sum(axis=1), never)

    case = SeriesCase(
        kinds=test.frame[test.schema.target].to_numpy(dtype=object)[series.places],
        stretches=judged_stretches(series.stretches, window),
        segment=SEGMENT * window,
        model=scored(challenger),
        config=EvaluateConfig(purpose=Purpose.ANOMALY),
        baselines={CHAMPION: scored(champion)},
    )
    measured = {found.name: found for found in measure_series_ranking(case).measurements}
    found = measured[EVENT_AUROC.name]
    gain = found.comparisons[0]
    passed = -gain.low <= MARGIN
    outcome = "not worse than" if passed else "perhaps worse than"
    reason = (
        f"{outcome} the champion: this version finds events with an AUC of {found.value:.3f}, the "
        f"champion with {found.value - gain.value:.3f}, a loss of at most {-gain.low:+.3f} with "
        f"95% confidence; at most {MARGIN:+.3f} is allowed"
    )
    return Challenge(passed, -gain.value, -gain.low, reason)
