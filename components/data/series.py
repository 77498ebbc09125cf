"""Rows of a table read as series: in order, by group, broken where something is missing."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from components.config.series import SeriesLayout
from components.data.counted import counted
from components.data.schema import ColumnKind, Schema
from components.errors import UserError

Values = NDArray[np.float64]
Positions = NDArray[np.int64]

CHANNEL_KINDS = (ColumnKind.NUMERICAL, ColumnKind.INTEGER)


@dataclass(frozen=True)
class Irregularities:
    """What of a table is not as a series should be, in numbers of rows.

    `missing`: without a value in some channel, so that no window has them; `late`: after a gap, so
    that windows end before them; `uneven`: off the usual interval by more than a tenth, gaps apart;
    `repeated`: at the same time as the row before; `out_of_order`: earlier than the row before
    them in the table.
    """

    missing: int = 0
    late: int = 0
    uneven: int = 0
    repeated: int = 0
    out_of_order: int = 0

    def __str__(self) -> str:
        """Such as "3 late, 1 out of order", empty where all is well."""
        found = [(count, name.replace("_", " ")) for name, count in vars(self).items() if count]
        return ", ".join(f"{count} {name}" for count, name in found)


@dataclass(frozen=True)
class Series:
    """Rows in the order of their group and time.

    `values` has shape (rows, channels). `stretches`, shape (number, 2), are the first row of each
    run without a gap and the one after its last; a row without all its values is in none of them.
    `places` is the position of each row in the table. `waits` is the time since the row before in
    usual intervals of the series, infinite for its first; 1 where rows have no time. `interval` is
    the usual time between rows, in seconds where there is a clock and in the units of the column
    where that is a number; None where rows have no time.
    """

    values: Values
    channels: tuple[str, ...]
    stretches: Positions
    places: Positions
    waits: Values
    interval: float | None
    has_clock: bool
    irregular: Irregularities

    def in_table_order(self, by_row: Values) -> Values:
        """Values of the series' rows, shape (rows, ...), in the order of the table."""
        found = np.empty_like(by_row)
        found[self.places] = by_row
        return found


def channels_of(schema: Schema, layout: SeriesLayout) -> tuple[str, ...]:
    """The columns that are channels: numbers, save the time, the group and the target.

    Raises UserError where there is none, or where a column that the layout names is not there.
    """
    for name in (layout.time, layout.group):
        if name is not None:
            _ = schema[name]
    roles = {layout.time, layout.group, schema.target}
    channels = tuple(
        c.name for c in schema.learned if c.kind in CHANNEL_KINDS and c.name not in roles
    )
    if not channels:
        raise UserError(
            f"no column is a channel of the series: of {', '.join(schema.names)} each is the time, "
            "the group, the target or no number"
        )
    return channels


def read_series(frame: pd.DataFrame, channels: Sequence[str], layout: SeriesLayout) -> Series:
    """The rows of `frame` as series; raises UserError where a column is missing or not to be read.

    >>> frame = pd.DataFrame({"t": [0.0, 1.0, 2.0, 3.0, 40.0, 41.0], "load": [1.0] * 6})
    >>> series = read_series(frame, ["load"], SeriesLayout(time="t"))
    >>> series.stretches.tolist(), series.interval, str(series.irregular)
    ([[0, 4], [4, 6]], 1.0, '1 late')
    """
    _check_columns(frame, channels, layout)
    groups = np.zeros(len(frame), np.int64)
    if layout.group is not None:
        groups = pd.factorize(frame[layout.group], sort=True)[0].astype(np.int64)
    times = np.arange(len(frame), dtype=np.float64)
    has_clock = False
    if layout.time is not None:
        times, has_clock = _seconds(frame[layout.time])
    order = np.lexsort((times, groups)).astype(np.int64)
    values = np.column_stack([_numbers(frame[name]) for name in channels])[order]
    is_first = np.diff(groups[order], prepend=-1) != 0
    waits = np.where(is_first, np.nan, np.diff(times[order], prepend=np.nan))
    usual = _usual(waits, np.cumsum(is_first) - 1)
    late = np.asarray(waits > layout.largest_gap * usual)
    whole = np.isfinite(values).all(axis=1)
    arrived = np.diff(times, prepend=-np.inf)
    return Series(
        values=values,
        channels=tuple(channels),
        stretches=_stretches(np.asarray(whole), np.asarray(is_first | late, dtype=np.bool_)),
        places=order,
        waits=np.where(is_first, np.inf, waits / usual),
        interval=_interval(usual) if layout.time is not None else None,
        has_clock=has_clock,
        irregular=Irregularities(
            missing=int((~whole).sum()),
            late=int(late.sum()),
            uneven=int(((np.abs(waits / usual - 1) > 0.1) & ~late & (waits > 0)).sum()),
            repeated=int((waits == 0).sum()),
            out_of_order=int(((arrived < 0) & (np.diff(groups, prepend=-1) == 0)).sum()),
        ),
    )


def _check_columns(frame: pd.DataFrame, channels: Sequence[str], layout: SeriesLayout) -> None:
    wanted = [*channels, *(name for name in (layout.time, layout.group) if name is not None)]
    lacking = [name for name in wanted if name not in frame.columns]
    if lacking:
        raise UserError(
            f"column {lacking[0]!r} is not in the rows; there are: "
            f"{', '.join(map(str, frame.columns[:30]))}"
        )


def _seconds(times: pd.Series) -> tuple[Values, bool]:
    """Times as numbers, in seconds where they are dates (then True); UserError for one missing."""
    if times.isna().any():
        raise UserError(
            f"time column {times.name!r} has no value in {counted(int(times.isna().sum()), 'row')}"
        )
    if pd.api.types.is_datetime64_any_dtype(times):
        micros = times.astype("datetime64[us]").astype("int64")
        return micros.to_numpy(dtype=np.float64) / 1e6, True
    if not pd.api.types.is_numeric_dtype(times):
        raise UserError(
            f"time column {times.name!r} holds {times.iloc[0]!r}; dates and numbers are accepted"
        )
    return times.to_numpy(dtype=np.float64), False


def _numbers(values: pd.Series) -> Values:
    """A channel's values, NaN where there is none; UserError for what is no number."""
    if not pd.api.types.is_numeric_dtype(values):
        raise UserError(f"channel {values.name!r} holds {values.iloc[0]!r}, which is no number")
    return values.to_numpy(dtype=np.float64, na_value=np.nan)


def _usual(waits: Values, series: Positions) -> Values:
    """The median time between the rows of each row's series, shape (rows,), NaN of single rows."""
    positive = pd.Series(np.where(waits > 0, waits, np.nan))
    found: Values = positive.groupby(series).transform("median").to_numpy(dtype=np.float64)
    return found


def _interval(usual: Values) -> float | None:
    """The usual time between rows over all series; None where no two rows follow on one another."""
    known = usual[np.isfinite(usual)]
    return float(np.median(known)) if len(known) else None


def _stretches(whole: NDArray[np.bool_], begins: NDArray[np.bool_]) -> Positions:
    """First row and end of each run of whole rows in which none but the first begins anew."""
    number = np.cumsum(begins | ~whole | np.roll(~whole, 1))
    kept = np.flatnonzero(whole)
    firsts = kept[np.diff(number[kept], prepend=-1) != 0]
    ends = np.append(kept[:-1][np.diff(number[kept]) != 0], kept[-1:]) + 1
    return np.column_stack([firsts, ends]).astype(np.int64)
