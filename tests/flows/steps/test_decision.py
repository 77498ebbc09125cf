"""Where a person decides: a version unlike the champion, an approval that ended, a refusal."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pandas as pd
import pytest
from prefect.client.schemas.objects import FlowRun, State
from prefect.states import Crashed, Failed, Suspended

from components.config import (
    Approval,
    ColumnKind,
    Params,
    PromoteConfig,
    TreesConfig,
    parse_params,
)
from components.data.preparation import prepare_table
from components.models.trees.trees import Trees
from components.recipes.catalog import recipe_params
from components.recipes.recipe import Preset
from components.registry.audit import Act, record
from components.registry.packaging.door import DoorResult
from components.registry.tracking import connect
from components.stages.paths import StagePaths
from components.storage.home import HOME_VARIABLE, Home
from flows.steps import asking, decision
from flows.steps.outcome import Decision, Registered
from tests.reporting import samples

KINDS = {"a": ColumnKind.NUMERICAL, "b": ColumnKind.NUMERICAL}


def rows(**more: Any) -> pd.DataFrame:
    x = np.random.default_rng(0).normal(size=(60, 2))
    return pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "ill": np.where(x[:, 0] > 0, "y", "n")} | more)


def settings(**evaluate: Any) -> Params:
    base = recipe_params("breast_cancer_sharing", Preset.SMOKE).model_dump(mode="json")
    base["evaluate"] |= evaluate
    return parse_params(base, "the test")


@pytest.fixture
def paths(tmp_path: Path) -> StagePaths:
    """A run's training rows."""
    made, table = StagePaths(tmp_path), prepare_table(rows(), "ill", kinds=KINDS)
    made.train.parent.mkdir(parents=True)
    made.synthetic.parent.mkdir(parents=True)
    table.frame.to_parquet(made.train)
    table.frame.to_parquet(made.synthetic)
    table.schema.save(made.schema)
    return made


@pytest.mark.parametrize(
    ("frame", "target", "why"),
    [
        (rows(c=np.arange(60) ** 2), "ill", "the champion has other columns"),
        (rows(b=["u", "v"] * 30), "ill", "the champion's column 'b' is of another kind"),
        (rows(), "a", "the champion's target is 'a', not 'ill'"),
    ],
)
def test_a_champion_of_another_problem_is_not_compared(
    frame: pd.DataFrame, target: str, why: str, paths: StagePaths
) -> None:
    champion = Trees(TreesConfig())
    champion.fit(prepare_table(frame, target), seed=0)
    found = decision._challenge(champion, "1", settings(), paths)
    assert found.reason == f"{why}, so the two cannot be compared"
    assert not found.passed and not found.compared


def test_a_target_that_stands_in_may_be_another_one() -> None:
    of_a, of_ill = (prepare_table(rows(), target, kinds=KINDS).schema for target in ("a", "ill"))
    assert not decision._unlike(of_a, of_ill, settings(stands_in=True).evaluate)
    assert not decision._unlike(of_ill, of_ill, settings().evaluate)


@pytest.fixture
def home(home_in: Callable[[Path], Home], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    made = home_in(tmp_path)
    monkeypatch.setenv(HOME_VARIABLE, str(made.root))
    monkeypatch.setattr(decision, "announce", lambda *_, **__: None)
    return made


class Server:
    """Where runs of `promote` are started: one for each key, in the state that it has by now."""

    def __init__(self) -> None:
        self.runs: dict[str, FlowRun] = {}

    def __call__(self, name: str, *, idempotency_key: str, **_: Any) -> FlowRun:
        fresh = FlowRun(flow_id=uuid4(), name=f"run {len(self.runs) + 1}", state=Suspended())
        return self.runs.setdefault(idempotency_key, fresh)

    def end(self, key: str, state: State) -> None:
        self.runs[key] = self.runs[key].model_copy(update={"state": state})


def settled(**more: Any) -> Decision:
    """What becomes of a version that passed, over version 2."""
    evidence, lineage = samples.evidence(), samples.lineage()
    registered = Registered("people", "3", "run", evidence, lineage, reused=False)
    door = DoorResult(True, "it was loaded and drew rows")
    taken = Decision(True, False, "passed", door, "2", **more)
    asked = settings().model_copy(update={"promote": PromoteConfig(approval=Approval.PERSON)})
    return decision.settle(taken, registered, settings() if more else asked)


def test_a_person_is_asked_whatever_the_settings_say(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_server(*_: Any, **asked: Any) -> None:
        assert asked["parameters"]["request"]["approval"] == "person"
        raise ValueError("no deployment")

    monkeypatch.setattr(asking, "run_deployment", no_server)
    found = settled(is_unlike=True)
    assert not found.promote and "mintmark promote people 3 --why REASON" in found.waits


def test_an_approval_that_ended_is_not_offered_again(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server()
    monkeypatch.setattr(asking, "run_deployment", server)
    assert "'run 1'" in settled().waits
    assert "'run 1'" in settled().waits, "it waits still"
    first = "promote-people-3-over-2"
    server.end(first, Crashed())
    assert "'run 1'" in settled().waits, "it comes back"
    server.end(first, Failed(message="the flow was paused and never resumed"))
    assert "'run 2'" in settled().waits
    server.end(f"{first}-again-1", Failed())
    assert "'run 3'" in settled().waits and next(iter(server.runs)) == first


def test_what_a_person_refused_is_not_asked_again_over_the_same_champion(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "run_deployment", Server())
    no = "refused by a person: too few rows"
    record(connect(home), Act("people", "refuse", "3", "1", no), home)
    assert settled().waits, "it was over another champion"
    record(connect(home), Act("people", "refuse", "3", "2", no), home)
    found = settled()
    assert not found.waits and not found.promote and found.reason.startswith(no)
    assert "mintmark promote people 3" in found.reason
