"""Turns that machines take through the Prefect server: who moves a champion by hand waits too."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from components.data.preparation import prepare_table
from components.registry.promotion import champion
from components.registry.tracking import connect
from components.storage.home import HOME_VARIABLE, Home
from flows.project import PROJECT
from tests.flows.champions import make_version
from tests.flows.watching.test_loop import rows

MODEL = "ill"


@pytest.mark.slow
def test_a_promotion_by_hand_waits_for_its_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path / "home")
    monkeypatch.setenv(HOME_VARIABLE, str(home.root))
    monkeypatch.setenv("PREFECT_HOME", str(home.prefect))
    from flows.project import set_up_environment
    from flows.services.server import prefect_server
    from flows.services.turns import turn

    table = prepare_table(rows(100, 1), "ill")
    make_version(connect(home), MODEL, table, table, table.frame, home, data="rows.csv")
    with prefect_server(set_up_environment()):
        command = [sys.executable, "-m", "flows", "promote", MODEL, "1", "--why", "by hand"]
        with turn("promote", MODEL, is_shared=True):
            process = subprocess.Popen(command, cwd=PROJECT, env=os.environ.copy())
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(15)
            assert champion(connect(home), MODEL) is None
        assert process.wait(60) == 0
    assert champion(connect(home), MODEL) == "1"
