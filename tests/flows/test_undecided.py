"""An undecided version: not promoted, told as such, ranked between the others, said everywhere."""

import json
from typing import Any

import pytest
from rich.console import Console

from components.config import Params
from components.evaluation.evidence import Outcome as Judged
from components.evaluation.images.panels import save_panels
from components.recipes.catalog import recipe_params
from components.recipes.recipe import Preset
from components.registry.packaging.door import DoorResult
from components.registry.releases.card import read_verdicts
from components.stages.paths import StagePaths
from flows.announcements import Event
from flows.progress import show_outcome
from flows.race import rank
from flows.steps import decision as deciding
from flows.steps.outcome import Decision, Outcome, Registered
from flows.steps.report import _outcome
from tests.reporting import samples

DOOR = DoorResult(True, "it was loaded and drew rows")
THIN = "undecided for sharing: the interval, 0 to 0.06, includes 0.05"


def decision(**changes: Any) -> Decision:
    return Decision(False, False, THIN, DOOR, None, **changes)


def registered() -> Registered:
    evidence = samples.evidence(samples.UNDECIDED)
    return Registered("people", "3", "run", evidence, samples.lineage(), reused=False)


def params() -> Params:
    return recipe_params("breast_cancer_sharing", Preset.SMOKE)


@pytest.mark.parametrize(("undecided", "event"), [(True, Event.UNDECIDED), (False, Event.REFUSED)])
def test_it_is_told_as_undecided_and_not_promoted(
    monkeypatch: pytest.MonkeyPatch, undecided: bool, event: Event
) -> None:
    told: list[tuple[Event, str]] = []
    monkeypatch.setattr(
        deciding, "announce", lambda event, model, **said: told.append((event, said["reason"]))
    )
    taken = decision(undecided=undecided)
    assert deciding.settle(taken, registered(), params()) == taken
    assert told == [(event, THIN)]


def test_the_race_ranks_it_between_what_passed_and_what_was_refused() -> None:
    places = [
        rank(samples.evidence(outcome))
        for outcome in (Judged.PASSED, Judged.UNDECIDED, Judged.REFUSED)
    ]
    assert places == sorted(places) and len(set(places)) == 3


def test_the_artifact_and_the_terminal_say_undecided(tmp_path: Any) -> None:
    assert _outcome(decision(undecided=True)) == f"undecided; {THIN}"
    assert _outcome(decision()) == f"refused; {THIN}"
    console = Console(record=True, width=200, file=(tmp_path / "out").open("w"))
    outcome = Outcome(registered(), decision(undecided=True), tmp_path, tmp_path, "x", "", {})
    panels = StagePaths(tmp_path).panels
    panels.parent.mkdir()
    save_panels((), panels)
    show_outcome(console, outcome)
    text = console.export_text()
    assert "measured on rows the generator never saw" in text
    assert "people version 3: undecided" in text and "refused" not in text
    assert text.count("pass  ") == 2 and "thin  " in text


def test_release_cards_read_all_three_outcomes_from_tags() -> None:
    gate = json.dumps({"reason": THIN})
    said = {}
    for outcome in Judged:
        tags = {"mintmark.verdict.sharing": str(outcome), "mintmark.gate.copy_excess": gate}
        (verdict,) = read_verdicts(tags)
        said[str(outcome)] = (verdict.passed, verdict.undecided)
        assert verdict.reasons == (THIN,)
    assert said == {
        "passed": (True, False),
        "refused": (False, False),
        "undecided": (False, True),
    }
