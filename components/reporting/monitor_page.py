"""The monitor's page of a model: what was seen over time, and what was done about it."""

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from components.monitoring.summary import evidence
from components.reporting.looked import Done, Looked

_LISTED = 20


def render_monitor(model: str, looks: Sequence[Looked], done: Sequence[Done]) -> str:
    """The HTML page of `looks`, one at least, the earliest first; what was `done` newest first.

    It needs no network and no script, and is the same bytes for the same values.
    """
    from components.reporting.monitor_plots import SHOWN, plot_columns, plot_time  # matplotlib

    last = looks[-1].report
    compared = [column for column in last.columns if column.levels]
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("monitor.html.j2").render(
        model=model,
        last=looks[-1],
        evidence=evidence(last),
        time=plot_time(looks),
        columns=plot_columns(compared) if compared else "",
        shown=min(SHOWN, len(compared)),
        looks=list(reversed(looks))[:_LISTED],
        num_looks=len(looks),
        done=done[:_LISTED],
    )
