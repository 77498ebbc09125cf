"""The settings of a version are those that were registered, or none."""

from collections.abc import Callable
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion

from components.errors import UserError
from components.registry.settings import SETTINGS, newest_settings, settings_of, settings_tags
from components.registry.tags import KIND, RELEASE
from components.registry.tracking import connect
from components.storage.home import Home

WRITTEN = "evaluate:\n  better_than: 2.0\n"


@pytest.fixture
def registered(
    make_home: Callable[[str], Home], tmp_path: Path
) -> tuple[MlflowClient, ModelVersion, Path]:
    """A version with settings, and the file that its store has of them."""
    client = connect(make_home("settings"))
    file = tmp_path / "params.yaml"
    file.write_text(WRITTEN)
    run = client.create_run(
        client.create_experiment("adult", artifact_location=(tmp_path / "store").as_uri())
    )
    client.log_artifact(run.info.run_id, str(file))
    client.create_registered_model("adult")
    tags = settings_tags([file, tmp_path / "evidence.json"])
    version = client.create_model_version("adult", "x:y", run.info.run_id, tags=tags)
    (stored,) = (tmp_path / "store").rglob("params.yaml")
    return client, version, stored


def test_settings_come_back_and_a_bit_changed_in_the_store_is_told(
    registered: tuple[MlflowClient, ModelVersion, Path],
) -> None:
    client, version, stored = registered
    assert newest_settings(client, "adult") == {"evaluate": {"better_than": 2.0}}
    stored.write_text(WRITTEN.replace("2.0", "3.0"))
    with pytest.raises(UserError, match="settings of version 1 of 'adult' are not what was"):
        settings_of(client, version)
    client.create_registered_model("adult-release", tags={KIND: RELEASE})
    for name in ("o'brien", "adult-release"):
        with pytest.raises(UserError, match=f"no model .?{name}.? is registered; there are: adult"):
            newest_settings(client, name)
    client.create_registered_model("empty")
    with pytest.raises(UserError, match="model 'empty' has no version"):
        newest_settings(client, "empty")
    del version.tags[SETTINGS]  # as before there was a hash
    assert settings_of(client, version) == {"evaluate": {"better_than": 3.0}}


def test_what_was_changed_on_the_way_is_read_again(
    registered: tuple[MlflowClient, ModelVersion, Path],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    client, version, _ = registered
    fetch, asked = client.download_artifacts, []

    def once_changed(run_id: str, path: str, folder: str) -> str:
        found = fetch(run_id, path, folder)
        asked.append(path)
        if len(asked) == 1:
            Path(found).write_text(WRITTEN.replace("  b", "! b"))
        return str(found)

    monkeypatch.setattr(client, "download_artifacts", once_changed)
    assert settings_of(client, version) == {"evaluate": {"better_than": 2.0}}
    assert len(asked) == 2 and "arrived changed" in caplog.text
