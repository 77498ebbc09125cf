"""Drift between a table and a frame, where both are in memory."""

from collections.abc import Collection

import pandas as pd

from components.data.batches import frame_batches
from components.data.table import Table
from components.monitoring.drift import Detection, detect, make_baseline


def detect_drift(
    reference: Table,
    current: pd.DataFrame,
    *,
    alarm_share: float = 0.3,
    ignored: Collection[str] = (),
) -> Detection:
    baseline = make_baseline(frame_batches(reference.frame), reference.schema)
    return detect(baseline, frame_batches(current), alarm_share=alarm_share, ignored=ignored)
