"""Whether registry and storage agree: versions with all they need, nothing half made."""

import json
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import LoggedModelStatus, ViewType
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from mlflow.store.artifact.models_artifact_repo import ModelsArtifactRepository

from components.registry.paging import every
from components.registry.releases.versions import released_generator
from components.registry.tags import CONTENT_KEYS, KIND, RELEASE, RELEASE_KEY
from components.registry.versions import list_versions, revocation
from components.storage.faults import Fault, Finding, examine_content, examine_leftovers
from components.storage.home import Home

_DAY = 24 * 3600 * 1000


def examine(
    client: MlflowClient, home: Home, *, read_bytes: bool = False, keep_days: float = 14
) -> Iterator[Finding]:
    """Every fault of registry and storage, one after another; nothing is changed.

    Nothing that is younger than a day is taken for broken off: it may be under way.
    """
    versions = list_versions(client)
    yield from _without_files(versions)
    yield from _half_releases(client, versions)
    yield from _half_runs(client, versions)
    needed = needed_content(versions)
    yield from examine_content(home, needed, read_bytes=read_bytes, keep_days=keep_days)
    yield from examine_leftovers(home)


def needed_content(versions: list[ModelVersion]) -> dict[str, str]:
    """The content that versions and releases are made of, and which of them each is of."""
    needed: dict[str, str] = {}
    for version in versions:
        who = f"{version.name} version {version.version}"
        hashes = json.loads(version.tags.get(CONTENT_KEYS, "{}"))
        found = [*hashes.values(), version.tags.get("mintmark.md5")]
        needed |= {md5: who for md5 in found if md5}
    return needed


def _without_files(versions: list[ModelVersion]) -> Iterator[Finding]:
    """Versions that stand and cannot be pulled."""
    for version in versions:
        if revocation(version) is None and not _files(version):
            who = f"{version.name} version {version.version}"
            yield Finding(
                Fault.NO_FILES,
                who,
                None,
                f"bring its files back from a backup, or `{_to_revoke(version)}`",
            )


def _to_revoke(version: ModelVersion) -> str:
    """The command that revokes it, but for the reason."""
    kind = "release" if _is_release(version) else "model"
    name = released_generator(version.name) if _is_release(version) else version.name
    return f"mintmark revoke {kind} {name}@{version.version} --why ..."


def _is_release(version: ModelVersion) -> bool:
    return version.tags.get(KIND) == RELEASE or released_generator(version.name) != version.name


def _files(version: ModelVersion) -> list[str]:
    """What lies at the top of a version's files, empty where nothing does."""
    uri = f"models:/{version.name}/{version.version}"
    try:
        locate: Any = ModelsArtifactRepository.get_underlying_uri  # bears no types
        store: Any = get_artifact_repository(locate(uri))
        found = store.list_artifacts()
    except (MlflowException, OSError):
        return []
    return [str(entry.path) for entry in found]


def _half_releases(client: MlflowClient, versions: list[ModelVersion]) -> Iterator[Finding]:
    for version in versions:
        is_half = _is_release(version) and RELEASE_KEY not in version.tags
        if is_half and _is_old(version.creation_timestamp):
            name, number = version.name, str(version.version)
            yield Finding(
                Fault.HALF_RELEASE,
                f"{name} {number}",
                partial(client.delete_model_version, name, number),
                "it is deleted; the same request makes it again",
            )


def _half_runs(client: MlflowClient, versions: list[ModelVersion]) -> Iterator[Finding]:
    """Packages that were never finished, and runs that are open without having a version."""
    made = {version.run_id for version in versions}
    experiments = every(client.search_experiments, view_type=ViewType.ACTIVE_ONLY)
    for experiment in experiments:
        for model in every(client.search_logged_models, [experiment.experiment_id]):
            if model.status == LoggedModelStatus.PENDING and _is_old(model.creation_timestamp):
                yield Finding(
                    Fault.HALF_PACKAGE,
                    f"{model.model_id} of {experiment.name}",
                    partial(client.delete_logged_model, model.model_id),
                    "it is deleted",
                )
        open_runs = "attributes.status = 'RUNNING'"
        for run in every(client.search_runs, [experiment.experiment_id], open_runs):
            identifier = run.info.run_id
            if identifier not in made and _is_old(run.info.start_time):
                yield Finding(
                    Fault.OPEN_RUN,
                    f"{identifier} of {experiment.name}",
                    partial(client.set_terminated, identifier, "FAILED"),
                    "it is marked as failed; the same request takes it up again",
                )


def _is_old(milliseconds: int | None) -> bool:
    """True for what began more than a day ago."""
    return (milliseconds or 0) < time.time() * 1000 - _DAY
