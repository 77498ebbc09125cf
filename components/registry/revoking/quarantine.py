"""Taking a version out of reach: no alias, no files to load, the reason in their place."""

import tempfile
from pathlib import Path
from typing import Any

from mlflow.entities.model_registry import ModelVersion
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from mlflow.store.artifact.models_artifact_repo import ModelsArtifactRepository

from components.registry.revoking.withdrawals import Withdrawal
from components.storage.home import Home

NOTE = "REVOKED.txt"


def quarantine_folder(home: Home, name: str, version: str) -> Path:
    """Where the files of a revoked version are kept for whoever has to look into it."""
    return home.quarantine / name / version


def _store(uri: str) -> Any:
    """MLflow's access to the files behind `uri`; its methods bear no types."""
    locate: Any = ModelsArtifactRepository.get_underlying_uri
    return get_artifact_repository(locate(uri))


def quarantine_files(version: ModelVersion, act: Withdrawal, home: Home) -> None:
    """Move the version's files from MLflow's store to the quarantine; a note stays behind.

    May be called again after a kill: what was kept whole is not fetched again.
    """
    uri = f"models:/{version.name}/{version.version}"
    store = _store(uri)
    present = [entry.path for entry in store.list_artifacts() if entry.path != NOTE]
    kept = quarantine_folder(home, version.name, str(version.version))
    if present and not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as partial:
            whole = Path(partial) / "files"
            whole.mkdir()
            store.download_artifacts("", dst_path=str(whole))
            whole.rename(kept)
    for path in present:
        store.delete_artifacts(path)
    with tempfile.TemporaryDirectory() as folder:
        note = Path(folder) / NOTE
        note.write_text(
            f"{version.name} {version.version} was revoked: {act.why}\n"
            f"because of: {act.cause}\nby {act.who} at {act.when}\n"
        )
        store.log_artifact(str(note))
