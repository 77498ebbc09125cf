"""The test images to look at where a model finds anomalies: the oddest, and where it errs."""

import numpy as np
from numpy.typing import NDArray

from components.data.images.sets import ImageSet
from components.evaluation.anomaly.alarms import flags
from components.evaluation.anomaly.case import AnomalyCase
from components.evaluation.images.panels import Panel, Strip

SHOWN = 8


def odd_images_panel(test: ImageSet, case: AnomalyCase) -> Panel:
    """Up to 8 test images a row, each with what it is and its score.

    The oddest and the least odd of all; then normal images that raise an alarm, and anomalies that
    raise none, the gravest errors first, where there are any. `test` is in the order of the case.
    """
    oddness, odd = case.model.oddness, case.is_anomaly
    rate = case.config.false_alarms
    flagged = flags(case.model, rate)
    rising = np.argsort(oddness, kind="stable")
    false, missed = ~odd & flagged, odd & ~flagged
    rows = {
        "oddest": rising[::-1],
        "least odd": rising,
        "false alarms": rising[::-1][false[rising[::-1]]],
        "missed": rising[missed[rising]],
    }
    return Panel(
        key="odd-images",
        title="Which images are odd?",
        meaning=f"At the stated rate of false alarms, {rate:g}, {int(false.sum()):,} of "
        f"{int((~odd).sum()):,} normal test images raise an alarm, and {int(missed.sum()):,} of "
        f"{int(odd.sum()):,} anomalies raise none.",
        reading="Beneath each image what it is and its score: the higher, the odder. An alarm is "
        f"raised above {case.model.calibration.threshold(rate):.4g}. Of false alarms the oddest "
        "are shown, of missed anomalies the least odd: a person may doubt some of them too.",
        strips=tuple(
            Strip(title, test.images[found[:SHOWN]], _captions(case, found[:SHOWN]))
            for title, found in rows.items()
            if len(found)
        ),
    )


def _captions(case: AnomalyCase, rows: NDArray[np.int64]) -> tuple[str, ...]:
    """What each image is, and its score."""
    return tuple(
        f"{kind}: {score:.4g}"
        for kind, score in zip(case.kinds[rows], case.model.oddness[rows], strict=True)
    )
