"""The settings that a registered version was made with."""

from pathlib import Path
from typing import Any

import mlflow
import yaml
from mlflow import MlflowClient

from components.errors import UserError
from components.registry.versions import find_version

_FILE = "params.yaml"


def version_settings(client: MlflowClient, model: str, which: str) -> dict[str, Any]:
    """The settings of the version with this number or alias; UserError where there is none."""
    return _read(str(find_version(client, model, which).run_id))


def newest_settings(client: MlflowClient, model: str) -> dict[str, Any]:
    """The settings of the model's newest version; raises UserError where there is no such model."""
    versions = client.search_model_versions(f"name = '{model}'")
    if not versions:
        raise UserError(
            f"no model {model!r} is registered; `mintmark models` lists those there are"
        )
    newest = max(versions, key=lambda version: int(version.version))
    return _read(str(newest.run_id))


def _read(run_id: str) -> dict[str, Any]:
    path = mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path=_FILE)
    settings: dict[str, Any] = yaml.safe_load(Path(path).read_text())
    return settings
