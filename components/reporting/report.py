"""The report: one HTML page with everything in it, for a person with two minutes."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import unescape
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import escape

from components.config import Purpose
from components.data.counted import counted
from components.evaluation.anomaly.series_catalog import series_metrics
from components.evaluation.evidence import Evidence
from components.evaluation.images.panels import Panel
from components.racing.standing import Race
from components.reporting.lineage import Lineage, facts, links
from components.reporting.race_table import race_table
from components.reporting.rows import confidences, gate_rows, headline, measurement_rows, warnings
from components.reporting.scale import scales

SHOWN = 4
"""Figures of a family that are seen at once; the others are a click away."""
_QUESTIONS = {
    "utility": "Utility: does a model trained on it work?",
    "privacy": "Privacy: does it give anyone away?",
    "fidelity": "Fidelity: does it look like real data?",
}
_OF_ANOMALIES = {"utility": "Anomalies: are they told from what is normal?"}


@dataclass(frozen=True)
class Beside:
    """What a figure's reference is: its name, and what it means as the end of a sentence."""

    name: str
    meaning: str


def render(
    evidence: Evidence,
    lineage: Lineage,
    panels: Sequence[Panel] = (),
    race: Race | None = None,
) -> str:
    """The HTML page: verdict, gates, race, measurements, panels of images, plots, lineage.

    It needs no network and no script, prints well, and is the same bytes for the same values.
    """
    from components.reporting.image_panels import draw_panel, plot_of
    from components.reporting.plots import draw_plots  # matplotlib: a second to import

    unit = unit_of(evidence, panels)
    gated = {result.gate.metric for result in evidence.verdict.gates}
    rows = sorted(measurement_rows(evidence), key=lambda row: row.metric not in gated)
    drawn = [plot_of(plot, unit) for plot in draw_plots(evidence)]
    is_anomaly = evidence.verdict.purpose is Purpose.ANOMALY
    questions = _QUESTIONS | (_OF_ANOMALIES if is_anomaly else {})
    families = [
        (question, [row for row in rows if row.family == family])
        for family, question in questions.items()
    ]
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            evidence=evidence,
            lineage=lineage,
            title=_title(evidence, lineage),
            headline=headline(evidence, lineage),
            gates=gate_rows(evidence),
            notes=(*evidence.notes, *warnings(evidence)),
            race=race_table(race) if race else None,
            families=[family for family in families if family[1]],
            scales=scales(evidence),
            shown=SHOWN,
            beside=_beside(unit, is_anomaly=is_anomaly),
            confidences=confidences(evidence),
            plots=(*map(draw_panel, panels), *drawn),
            facts=facts(lineage, f"{unit}s"),
            links=links(lineage),
            rows=f"{unit}s",
            made_of=_made_of(evidence),
            test_sha256=evidence.test_sha256,
        )
    )


def says_the_same(page: str, evidence: Evidence, lineage: Lineage) -> bool:
    """Whether a page of `render` tells this version, with this verdict, alias and reason."""
    _, _, rest = page.partition("<title>")
    is_told = str(escape(headline(evidence, lineage).why)) in page
    return is_told and unescape(rest.partition("</title>")[0]) == _title(evidence, lineage)


def _title(evidence: Evidence, lineage: Lineage) -> str:
    return f"{lineage.title}: {headline(evidence, lineage).text}"


def unit_of(evidence: Evidence, panels: Sequence[Panel]) -> str:
    """What one of those that were judged is called."""
    if panels:
        return "image"
    of_series = series_metrics()
    return "step" if any(m.name in of_series for m in evidence.measurements) else "row"


def _beside(unit: str, *, is_anomaly: bool) -> Beside:
    """What figures have beside them: real rows' own, or the rate that alarms are set to."""
    if is_anomaly:
        return Beside("stated rate", "the rate of false alarms that was asked for")
    meaning = f"what real {unit}s reach in the synthetic ones' place, where that is known"
    return Beside(f"real {unit}s", meaning)


def _made_of(evidence: Evidence) -> str:
    """What the rows consist of, as the middle of a sentence; nothing is said of images."""
    if not evidence.columns:
        return ""
    return f", {counted(len(evidence.columns), 'column')}, target {evidence.target}"


def _environment() -> Environment:
    """Templates beside this file; every value is escaped, an unknown one is an error."""
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
