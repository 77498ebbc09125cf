"""Odd rows and events in words, a line each."""

from datetime import datetime

from components.data.counted import counted
from components.monitoring.anomaly_report import Event, OddRow, SeriesReport
from components.monitoring.report import DriftReport
from components.monitoring.tails import as_times

_SHOWN = 5


def odd_lines(report: DriftReport) -> list[str]:
    """The oddest rows, or the worst events of series, the worst first; none where none is flagged.

    Behind those of series stands what is irregular in their rows: it may be why they are odd.
    Single ones are expected and told, too: whether there are too many is for the status to say.
    """
    found, flagged = report.anomalies, report.flagged
    if found is None or flagged is None:
        return []
    if isinstance(found, SeriesReport):
        events = sorted(found.events, key=lambda event: -event.excess)
        irregular = [f"irregular rows: {found.irregular}"] * bool(events and found.irregular)
        return [*map(_event, events[:_SHOWN]), *irregular]
    return [_row(row) for row in flagged.oddest[: min(_SHOWN, flagged.num_flagged)]]


def odd_columns(row: OddRow) -> str:
    """The values that make a row odd, such as "'age' is 212, 'city' is Cork"."""
    return ", ".join(f"{column.name!r} is {column.value}" for column in row.columns)


def odd_shares(event: Event) -> str:
    """The columns that make an event odd, such as "'heat' (91%), 'load' (9%)"."""
    return ", ".join(f"{each.column!r} ({each.share:.0%})" for each in event.columns)


def span(event: Event) -> str:
    """When an event was: its times where there is a clock, else its rows.

    Rows that do not stand together in the table are told from the earliest to the latest.
    """
    if event.began is None or event.ended is None:
        low, high = sorted((event.first, event.last))
        if high - low + 1 == event.num_steps:
            return f"rows {low} to {high}"
        return f"from row {event.first} to row {event.last} in order of time"
    return f"{_at(event.began)} to {_at(event.ended)}"


def _at(when: datetime) -> str:
    return when.isoformat(sep=" ", timespec="seconds")


def place(row: OddRow) -> str:
    """Where a row is: its position, and the file's name where it is an image of its own."""
    return f"{row.row}, {row.picture.name}" if row.picture and row.picture.name else str(row.row)


def _row(row: OddRow) -> str:
    why = odd_columns(row)
    what = "row" if row.picture is None else "image"
    far = f", {as_times(row.times)} as far as any" if row.times else ""
    return f"{what} {place(row)} (p = {row.p_value:.2g}{far})" + (f": {why}" if why else "")


def _event(event: Event) -> str:
    return (
        f"event, {span(event)}: {counted(event.num_steps, 'step')}, up to {event.excess:.1f} times "
        f"the threshold, by {odd_shares(event)}"
    )
