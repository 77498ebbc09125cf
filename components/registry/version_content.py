"""What a version was made of: its settings, the content of each stage's output, and when."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion

from components.registry.descent import data_hashes
from components.registry.settings import version_settings
from components.registry.tags import CONTENT_KEYS
from components.registry.versions import check_standing, find_version


@dataclass(frozen=True)
class VersionContent:
    """A version's settings as JSON values, its outputs' DVC hashes by path, and its sources'.

    `origins` are the SHA-256 of its source and of each of its files; `begun` is when its run began,
    in UTC: nothing that arrived later is in it.
    """

    model: str
    version: str
    settings: Mapping[str, Any]
    content_keys: Mapping[str, str]
    origins: tuple[str, ...]
    begun: datetime


def find_content(client: MlflowClient, model: str, which: str) -> VersionContent:
    """The content of the version with this number or alias.

    Raises UserError where there is none, and with the reason where it was revoked.
    """
    found = find_version(client, model, which)
    check_standing(found)
    return VersionContent(
        model=model,
        version=str(found.version),
        settings=version_settings(client, model, str(found.version)),
        content_keys=json.loads(found.tags[CONTENT_KEYS]),
        origins=tuple(sorted(data_hashes(found))),
        begun=datetime.fromtimestamp(_begun(client, found) / 1000, UTC),
    )


def _begun(client: MlflowClient, version: ModelVersion) -> int:
    """When the run that made it began, in milliseconds; else when it was registered."""
    registered = int(version.creation_timestamp)
    if not version.run_id:
        return registered
    return min(int(client.get_run(version.run_id).info.start_time), registered)
