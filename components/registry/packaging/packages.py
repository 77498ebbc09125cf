"""A generator packed for teams downstream and tried as they would, before it has a version."""

from dataclasses import dataclass
from pathlib import Path

from mlflow import MlflowClient
from mlflow.entities import LoggedModelStatus

from components.registry.packaging.door import (
    DoorLimits,
    DoorResult,
    door_tags,
    recorded_result,
    try_model,
)
from components.registry.packaging.logged import log_generator
from components.registry.packaging.sealed import FILES, hash_folder
from components.storage.home import Home

_KEY = "mintmark.package"
_PREFIX = "models:/"


@dataclass(frozen=True)
class Package:
    """A model in the registry's store: its id there, and what the infrastructure door said.

    `files_sha256` is the hash of all its files (`hash_folder`).
    """

    model_id: str
    door: DoorResult
    files_sha256: str

    @property
    def uri(self) -> str:
        """Where MLflow finds it."""
        return f"{_PREFIX}{self.model_id}"


def make_package(client: MlflowClient, model_dir: Path, run_id: str, home: Home) -> Package:
    """The generator in `model_dir`, logged to the run and tried by a fresh process.

    A run that a killed flow left with a package of the same weights keeps it: it is not made
    again. Weights are told apart by the hash of their files.
    """
    key = hash_folder(model_dir)
    found = _find(client, run_id, key)
    if found is not None:
        return found
    logged = log_generator(model_dir, run_id, {_KEY: key})
    door = try_model(logged.uri, home, DoorLimits())
    model_id = logged.uri.removeprefix(_PREFIX)
    client.set_logged_model_tags(model_id, door_tags(door) | {FILES: logged.files_sha256})
    return Package(model_id, door, logged.files_sha256)


def _find(client: MlflowClient, run_id: str, key: str) -> Package | None:
    """The run's package with this key that was made and tried, None where there is none."""
    experiment = client.get_run(run_id).info.experiment_id
    wanted = f"source_run_id = '{run_id}' AND tags.`{_KEY}` = '{key}'"
    for model in client.search_logged_models([experiment], wanted):
        door = recorded_result(model.tags)
        files_sha256 = model.tags.get(FILES)
        if model.status == LoggedModelStatus.READY and door is not None and files_sha256:
            return Package(str(model.model_id), door, files_sha256)
    return None
