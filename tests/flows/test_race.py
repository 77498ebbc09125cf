"""The flow `race`: who cannot be trained on the rows is left out, and the others go on."""

import logging
from pathlib import Path

import pytest

from components.config import PRIVATE_TARGET
from components.errors import Unavailable, UserError
from components.storage.home import HOME_VARIABLE
from flows import race as racing
from flows.race import RaceRequest
from tests.procedural import mixed_frame

EASY = 'evaluate.sharing_gates=[{"metric": "shape_error", "better_than": 2.0}]'


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    path = tmp_path / "people.csv"
    mixed_frame(240).drop(columns="currency").to_csv(path, index=False)
    return path


def test_a_race_fails_with_every_reason_where_nobody_is_left(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(racing, "get_run_logger", logging.getLogger)
    request = RaceRequest(
        data=str(table), models=["private", "trees"], overrides=("train.model.epsilon=1",)
    )
    with pytest.raises(UserError, match="no generator is left in the race: private: ") as raised:
        racing._compete(request, tmp_path / "race")
    assert PRIVATE_TARGET in str(raised.value) and "trees: " in str(raised.value)


@pytest.mark.usefixtures("table")
def test_a_reason_that_all_share_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(racing, "get_run_logger", logging.getLogger)
    request = RaceRequest(data="none.csv", models=["trees", "copula"])
    with pytest.raises(UserError, match=r"^no data at '"):
        racing._compete(request, tmp_path / "race")


def test_a_server_that_is_missed_leaves_nobody_out() -> None:
    left_out: dict[str, str] = {}
    with pytest.raises(Unavailable), racing._leaving_out("trees", left_out):
        raise Unavailable("no answer")
    assert not left_out


@pytest.mark.slow
def test_the_others_go_on_without_it(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "home" / "prefect"))
    from flows.project import set_up_environment
    from flows.services.server import prefect_server

    models = ["private", "copula"]
    request = RaceRequest(data=str(table), models=models, name="people", overrides=(EASY,))
    with prefect_server(set_up_environment()):
        outcome = racing.race(request)
    assert outcome.decision.promote and outcome.workspace.name == "copula"
