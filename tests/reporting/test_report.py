import re
import subprocess
import sys
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser

import numpy as np
import pytest

from components.config import CopulaConfig, Purpose, TreesConfig
from components.evaluation.evidence import Evidence, Outcome
from components.evaluation.images.panels import Panel, Strip
from components.racing.standing import Gated, Race, Runner
from components.reporting.report import render
from components.reporting.rows import warnings
from tests.reporting import samples

VOID = {"meta", "link", "br", "img", "input", "hr", "wbr"}


class Page(HTMLParser):
    """Checks that every tag is closed in order, and gathers tags, references, ids and text."""

    def __init__(self, page):
        super().__init__()
        self.open, self.tags, self.references, self.ids, self.text = [], set(), [], [], []
        self.feed(page)
        self.close()
        assert not self.open, f"not closed: {self.open}"

    def handle_starttag(self, tag, attributes):
        self._see(tag, attributes)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self._see(tag, attributes)

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data):
        self.text.append(data)

    def _see(self, tag, attributes):
        self.tags.add(tag)
        for name, value in attributes:
            assert not name.startswith("on"), f"{tag} has a handler {name}"
            if name in {"src", "href", "xlink:href", "srcset", "poster"}:
                self.references.append(value)
            if name == "id":
                self.ids.append(value)


@pytest.fixture(scope="module")
def page():
    return render(samples.evidence(), samples.lineage())


def hostile() -> Evidence:
    name = samples.HOSTILE
    columns = samples.columns(3)
    columns = (
        columns[0].model_copy(update={"column": name}),
        columns[1].model_copy(update={"labels": (name, *columns[1].labels[1:])}),
        columns[2].model_copy(update={"column": "x" * 500}),
    )
    return samples.evidence().model_copy(
        update={
            "columns": columns,
            "pairs": samples.pairs(tuple(column.column for column in columns)),
            "target": name,
            "groups": (samples.groups(1)[0].model_copy(update={"group": name}),),
            "attacks": (samples.attacks()[0].model_copy(update={"name": name}),),
            "constraints": (samples.constraints(1)[0].model_copy(update={"rule": name}),),
            "notes": (name,),
            "arms": tuple(arm.model_copy(update={"learner": name}) for arm in samples.arms()[:5]),
            "curves": (samples.training(3)[0].model_copy(update={"name": "training_" + name}),),
            "verdict": samples.verdict().model_copy(update={"summary": name}),
        }
    )


def test_page_is_whole_small_and_the_same_again(page):
    parsed = Page(page)
    assert page.startswith("<!DOCTYPE html>")
    assert len(parsed.ids) == len(set(parsed.ids))
    assert len(page.encode()) < 1_500_000
    assert render(samples.evidence(), samples.lineage()) == page


def test_page_needs_no_network_and_no_script(page):
    parsed = Page(page)
    assert "script" not in parsed.tags and "@import" not in page
    own = {link for link in samples.lineage().links.values()}
    loaded = [ref for ref in parsed.references if ref not in own]
    assert all(reference.startswith(("#", "data:")) for reference in loaded)
    assert all(ref[1:] in parsed.ids for ref in loaded if ref.startswith("#"))
    assert all(target in parsed.ids for target in re.findall(r"url\(#([^)]*)\)", page))


@pytest.mark.parametrize("outcome", [samples.PASSED, samples.REFUSED, samples.UNDECIDED])
def test_verdict_and_every_reason_are_said(outcome, page):
    evidence = samples.evidence(outcome)
    small = evidence.model_copy(update={"columns": (), "pairs": (), "arms": (), "curves": ()})
    text = unescape(page if outcome is samples.PASSED else render(small, samples.lineage()))
    assert f"{outcome.capitalize()} for sharing" in text
    assert f'class="banner {outcome}"' in text and f'class="outcome {outcome}"' in text
    assert evidence.verdict.summary in text
    assert all(gate.reason in text for gate in evidence.verdict.gates)


def test_every_measurement_and_fact_is_said(page):
    text = unescape(page)
    assert all(item.meaning[1:] in text for item in samples.measurements())
    for fact in ("0123abc + uncommitted changes", "ab" * 32, "cd" * 16, "torch\u00a02.9.0"):
        assert fact in text


def test_every_plot_has_its_sentence(page):
    keys = ("arms", "ratio", "learning", "groups", "membership", "two-sample")
    keys += ("marginals", "pairs", "constraints", "training")
    assert all(f'<figure id="{key}"' in page for key in keys)
    text = unescape(page)
    assert "picks the synthetic one 56.1% of the time" in text
    assert "On average over learners, real + synthetic changes the score by" in text
    assert "Generator loss went from" in text and "had settled by the end" in text
    assert "Difference in balanced accuracy to the same learner" in text
    assert page.count('role="img"') >= len(keys) - 1  # the rules are a table
    assert all(f'<a href="#{key}">' in page for key in keys)


def test_what_the_purpose_asks_about_comes_first(page):
    evidence = samples.evidence().model_copy(update={"columns": (), "pairs": ()})
    assert page.index('id="membership"') < page.index('id="marginals"') < page.index('id="arms"')
    verdict = evidence.verdict.model_copy(update={"purpose": Purpose.AUGMENTATION})
    page = render(evidence.model_copy(update={"verdict": verdict}), samples.lineage())
    assert page.index('id="arms"') < page.index('id="groups"') < page.index('id="membership"')


def test_what_fills_more_than_a_screen_is_folded(page):
    folded = "".join(re.findall(r"<details>.*?</details>", page, flags=re.DOTALL))
    for title in ("The next 3 columns", "2 further rules", "All 7 groups", "Further pairs"):
        assert f"<summary>{title}" in folded
    many = samples.measurements() + tuple(
        item.model_copy(update={"name": f"more_{place}"})
        for place, item in enumerate(samples.measurements()[:2] * 3)
    )
    page = render(samples.bare().model_copy(update={"measurements": many}), samples.lineage())
    assert "<summary>4 further figures</summary>" in page
    Page(page)


def test_names_from_the_data_are_escaped():
    page = render(hostile(), replace(samples.lineage(), name=samples.HOSTILE))
    parsed = Page(page)
    assert "script" not in parsed.tags
    assert samples.HOSTILE in "".join(parsed.text)


def test_bare_evidence_has_a_report():
    page = render(samples.bare(), samples.lineage())
    Page(page)
    assert "The one column has an error of" in page
    assert 'id="pairs"' not in page and 'id="arms"' not in page


def test_many_columns_stay_small():
    columns = samples.columns(300)
    names = tuple(column.column for column in columns)
    wide = samples.bare().model_copy(
        update={"columns": columns, "pairs": samples.pairs(names[:80])}
    )
    page = render(wide, samples.lineage())
    Page(page)
    assert len(page.encode()) < 1_500_000
    assert "All 300 columns" in page and "Drawn: the 24 columns of the worst pairs." in page


def test_importing_the_report_is_light():
    code = "import sys, components.reporting.report; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_race_is_a_table_with_its_winner_first():
    runners = [
        Runner(
            model=model,
            seconds=1.25,
            outcome=outcome,
            gates=(Gated(metric="membership_auc", value=0.52, low=0.5, high=0.54, spent=0.4),),
            reasons=("so",),
            is_unbeaten=True,
        )
        for model, outcome in (
            (TreesConfig(crowd=25), Outcome.PASSED),
            (CopulaConfig(), Outcome.REFUSED),
        )
    ]
    left_out = {"ctgan": "3 s of 120 s were left"}
    race = Race(num_train=700, num_held_out=300, runners=tuple(runners), left_out=left_out)
    page = render(samples.bare(), samples.lineage(), race=race)
    Page(page)
    text = unescape(re.sub(r"<[^>]+>", " ", page))
    assert text.index("trees, crowd 25") < text.index("copula")
    assert re.search(r"0\.520\s+0\.500 to 0\.540", text) and "won" in text
    assert "ctgan was left out: 3 s of 120 s were left." in text


def test_rows_for_augmentation_that_give_people_away_are_warned_of():
    evidence = samples.evidence()
    leaking = [
        m.model_copy(update={"name": "membership_auc", "value": 0.867, "low": 0.85, "high": 0.88})
        for m in evidence.measurements
        if m.name == "membership_auc"
    ]
    others = [m for m in evidence.measurements if m.name != "membership_auc"]
    for purpose, is_warned in ((Purpose.AUGMENTATION, True), (Purpose.SHARING, False)):
        verdict = evidence.verdict.model_copy(update={"purpose": purpose})
        changed = {"measurements": (*others, *leaking), "verdict": verdict}
        said = warnings(evidence.model_copy(update=changed))
        assert (len(said) == 1 and "membership AUC 0.867" in said[0]) if is_warned else said == ()


def detected(metric: str) -> Evidence:
    """Evidence on a detector of anomalies, with this figure."""
    verdict = samples.verdict().model_copy(update={"purpose": Purpose.ANOMALY, "gates": ()})
    return samples.bare().model_copy(
        update={
            "verdict": verdict,
            "measurements": (samples.measurements()[0].model_copy(update={"name": metric}),),
            "curves": (samples.roc("anomaly_roc", 0.5),),
        }
    )


@pytest.mark.parametrize(
    ("metric", "is_image", "unit"),
    [
        ("anomaly_auroc", False, "row"),
        ("anomaly_auroc", True, "image"),
        ("step_auroc", False, "step"),
    ],
)
def test_the_page_of_a_detector_names_what_it_was_shown(metric, is_image, unit):
    strip = Strip("oddest", np.zeros((1, 4, 4, 1), np.uint8), ("cut_outer_insulation: 3.5",))
    panels = [Panel("odd-images", "Which images are odd?", "", "", (strip,))] if is_image else []
    text = " ".join(Page(render(detected(metric), samples.lineage(), panels)).text)
    assert f"real {unit}s it never saw" in text and f"one anomaly and one normal {unit}" in text
    assert f"Test {unit}s SHA-256" in text and f"{unit.capitalize()}s " in text
    assert ("cut_outer_insulation: 3.5" in text) == is_image


def test_figures_of_a_model_that_finds_anomalies_are_not_said_to_be_of_synthetic_rows() -> None:
    evidence = samples.evidence()
    verdict = evidence.verdict.model_copy(update={"purpose": Purpose.ANOMALY})
    page = render(evidence.model_copy(update={"verdict": verdict}), samples.lineage())
    assert "Anomalies: are they told from what is normal?" in page and "Stated rate" in page
    assert "in the synthetic ones" not in page
    assert "in the synthetic ones" in render(evidence, samples.lineage())
