"""The settings that a registered version was made with, and proof that they are these."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion

from components.errors import UserError
from components.registry.packaging.sealed import read_whole
from components.registry.versions import check_name, find_version, list_versions

SETTINGS = "mintmark.settings_sha256"
_FILE = "params.yaml"


def settings_tags(files: Sequence[Path]) -> dict[str, str]:
    """The tag that tells the settings among the files of a candidate, if they are among them."""
    written = next((file for file in files if file.name == _FILE), None)
    return {} if written is None else {SETTINGS: _sha256(written.read_bytes())}


def version_settings(client: MlflowClient, model: str, which: str) -> dict[str, Any]:
    """The settings of the version with this number or alias; UserError where there is none."""
    return settings_of(client, find_version(client, model, which))


def newest_settings(client: MlflowClient, model: str) -> dict[str, Any]:
    """The settings of the model's newest version; raises UserError where there is no such model."""
    check_name(client, model)
    versions = list_versions(client, f"name = '{model}'")
    if not versions:
        raise UserError(f"model {model!r} has no version: nothing says how to train it")
    return settings_of(client, max(versions, key=lambda version: int(version.version)))


def settings_of(client: MlflowClient, version: ModelVersion) -> dict[str, Any]:
    """The settings that `version` was made with.

    Raises UserError where they are not what was registered, however often they are read. Those of
    versions from before a hash of them was kept are taken as they come.
    """
    return read_whole(lambda: _read(client, version))


def _read(client: MlflowClient, version: ModelVersion) -> dict[str, Any]:
    with TemporaryDirectory() as folder:
        path = client.download_artifacts(str(version.run_id), _FILE, folder)
        content = Path(path).read_bytes()
    if version.tags.get(SETTINGS) not in (None, _sha256(content)):
        raise UserError(
            f"the settings of version {version.version} of {version.name!r} are not what was "
            "registered: they were changed in the store; a backup has what they were"
        )
    settings: dict[str, Any] = yaml.safe_load(content)
    return settings


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
