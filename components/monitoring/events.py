"""Events: steps of a series that are odd, merged where they lie close, and what is odd in each."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from components.data.ranges import merged_ranges
from components.data.series import Positions, Series, Values
from components.models.series.block_threshold import BlockThreshold
from components.monitoring.anomaly_report import Event, Share

_MOST_COLUMNS = 3


def find_events(
    errors: NDArray[np.float64],
    series: Series,
    threshold: BlockThreshold,
    *,
    times: pd.Series | None = None,
    shortest: int = 1,
) -> tuple[Event, ...]:
    """The events of a series, in its order.

    `errors`, shape (rows, channels), say in the order of the series how odd each channel is; their
    sum is a step's score, NaN where it has none. `times` are those of the table's rows. Alarms
    closer than a block are one event, also where a value or rows are missing between them: a gap is
    as many steps as it would hold. Events of fewer than `shortest` steps are left out, which makes
    false ones rarer yet.
    """
    scores = errors.sum(axis=1)
    alarms = np.nan_to_num(scores, nan=-np.inf) > threshold.value
    ranges = merged_ranges(alarms, series.stretches, closing=threshold.block)
    joined = _over_gaps(ranges, series.waits, threshold.block)
    return tuple(
        _event(first, end, errors, series, threshold, times)
        for first, end in joined
        if end - first >= shortest
    )


def _over_gaps(ranges: Positions, waits: Values, block: int) -> Positions:
    """The ranges, those joined between which less than a block of time lies."""
    if not len(ranges):
        return ranges
    gaps = zip(ranges[:-1, 1], ranges[1:, 0], strict=True)
    waited = np.array([waits[end : first + 1].sum() for end, first in gaps])
    begins = np.append(True, waited > block)
    return np.column_stack([ranges[begins, 0], ranges[np.append(begins[1:], True), 1]])


def _event(
    first: int,
    end: int,
    errors: NDArray[np.float64],
    series: Series,
    threshold: BlockThreshold,
    times: pd.Series | None,
) -> Event:
    scores = errors[first:end].sum(axis=1)
    peak = int(np.nanargmax(scores))

    def when(step: int) -> datetime | None:
        return None if times is None else times.iloc[series.places[step]].to_pydatetime()

    return Event(
        first=int(series.places[first]),
        last=int(series.places[end - 1]),
        num_steps=int(end - first),
        began=when(first),
        ended=when(end - 1),
        peaked=when(first + peak),
        peak=float(scores[peak]),
        excess=float(scores[peak] / threshold.value),
        columns=_responsible(np.nansum(errors[first:end], axis=0), series.channels),
    )


def _responsible(totals: NDArray[np.float64], channels: Sequence[str]) -> tuple[Share, ...]:
    """The few columns with most of the oddness of an event."""
    shares = totals / totals.sum()
    order = np.argsort(-shares, kind="stable")[:_MOST_COLUMNS]
    return tuple(Share(column=channels[i], share=float(shares[i])) for i in order)
