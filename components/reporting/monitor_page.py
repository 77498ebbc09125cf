"""The monitor's page of a model: what was seen over time, and what was done about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from components.monitoring.anomaly_report import OddRow, SeriesReport
from components.monitoring.odd_lines import odd_columns, odd_shares, place, span
from components.monitoring.report import DriftReport
from components.monitoring.summary import evidence
from components.reporting.looked import Done, Looked
from components.reporting.wording import sentence, shorten

_LISTED = 20


@dataclass(frozen=True)
class _Odd:
    """A line of the table of odd rows, or of events: where, how odd, why; pictures, if any."""

    where: str
    how: str
    why: str
    pictures: tuple[str, ...] = ()


def render_monitor(model: str, looks: Sequence[Looked], done: Sequence[Done]) -> str:
    """The HTML page of `looks`, one at least, the earliest first; what was `done` newest first.

    It needs no network and no script, and is the same bytes for the same values.
    """
    from components.reporting.monitor_plots import SHOWN, plot_columns, plot_time  # matplotlib

    last = looks[-1].report
    oddest = _oddest(last)
    compared = [column for column in last.columns if column.levels]
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["shorten"] = shorten
    return environment.get_template("monitor.html.j2").render(
        model=model,
        last=looks[-1],
        evidence=list(map(sentence, evidence(last))),
        time=plot_time(looks),
        oddest=oddest,
        unit=last.unit,
        events=_events(last),
        columns=plot_columns(compared) if compared else "",
        shown=min(SHOWN, len(compared)),
        looks=list(reversed(looks))[:_LISTED],
        num_looks=len(looks),
        done=done[:_LISTED],
    )


def _oddest(report: DriftReport) -> list[_Odd]:
    """The oddest rows of the last look, as many as were flagged at most."""
    flagged = report.flagged
    if flagged is None or isinstance(report.anomalies, SeriesReport):
        return []
    return [_odd_row(row) for row in flagged.oddest[: flagged.num_flagged]]


def _odd_row(row: OddRow) -> _Odd:
    picture = row.picture
    pictures = () if picture is None else tuple(filter(None, (picture.image, picture.where)))
    can_tell = len(pictures) > 1
    why = odd_columns(row) or ("" if can_tell else "the model cannot tell")
    return _Odd(place(row), f"{row.p_value:.2g}", why, pictures)


def _events(report: DriftReport) -> list[_Odd]:
    """The events of the last look, the worst first."""
    if not isinstance(report.anomalies, SeriesReport):
        return []
    events = sorted(report.anomalies.events, key=lambda event: -event.excess)
    return [_Odd(span(e), f"{e.excess:.1f} times", odd_shares(e)) for e in events[:_LISTED]]
