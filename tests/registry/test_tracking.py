"""The connection to the registry: its tables are made by one process at a time."""

from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock, Timeout
from mlflow import MlflowClient

from components.registry import tracking
from components.storage.home import Home


def test_tables_are_made_by_one_process_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, made = Home(tmp_path), []

    class Watched(MlflowClient):
        def __init__(self, *uris: Any) -> None:
            with pytest.raises(Timeout):
                FileLock(home.locks / "mlflow.lock").acquire(timeout=0)
            super().__init__(*uris)  # type: ignore[no-untyped-call]
            made.append((home.mlflow / "mlflow.db").exists())

    monkeypatch.setattr(tracking, "MlflowClient", Watched)
    tracking.connect(home)
    assert made == [True]


def test_experiments_say_what_they_hold(tmp_path: Path) -> None:
    home = Home(tmp_path)
    client = tracking.connect(home)
    made = client.get_experiment(tracking.find_experiment(client, "mintmark-audit", home))
    assert made.tags[tracking.NOTE].startswith("Who promoted")
