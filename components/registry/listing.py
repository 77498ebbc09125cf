"""Reading the registry: what is in it, and a version's generator."""

from dataclasses import dataclass
from pathlib import Path

from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion

from components.models.catalog import load_any_model
from components.models.contract import ImageModel, TabularModel
from components.registry.packaging.sealed import bring_package
from components.registry.promotion import champion
from components.registry.tags import REVOKED, REVOKED_WHEN, VERDICT
from components.registry.versions import check_standing, find_version, list_names, list_versions

_GENERATOR = Path("data/generator")


@dataclass(frozen=True)
class Listed:
    """A registered model: its champion, its newest version and what that was judged."""

    name: str
    champion: str | None
    newest: str
    verdict: str
    reason: str
    withdrawn: str = ""
    """Which version was revoked last, when and why, where there is no champion."""

    @property
    def standing(self) -> str:
        """The champion, or that there is none; then also what was revoked, if anything was."""
        if self.champion:
            return f"version {self.champion}"
        return "none" + (f"; {self.withdrawn}" if self.withdrawn else "")


def list_models(client: MlflowClient) -> list[Listed]:
    """Every registered generator with at least one version, by name."""
    return [
        _summarise(client, name, versions)
        for name in list_names(client)
        if (versions := list_versions(client, f"name = '{name}'"))
    ]


def _summarise(client: MlflowClient, name: str, versions: list[ModelVersion]) -> Listed:
    newest = max(versions, key=lambda version: int(version.version))
    verdicts = {
        key.removeprefix(VERDICT): value
        for key, value in newest.tags.items()
        if key.startswith(VERDICT)
    }
    of_now = champion(client, name)
    return Listed(
        name=name,
        champion=of_now,
        newest=str(newest.version),
        verdict=", ".join(f"{value} for {purpose}" for purpose, value in verdicts.items()),
        reason=(newest.description or "").partition("\n")[0],
        withdrawn="" if of_now else _last_withdrawn(versions),
    )


def _last_withdrawn(versions: list[ModelVersion]) -> str:
    """The version that was revoked last, with the day and the reason; empty where none was."""
    revoked = [version for version in versions if REVOKED in version.tags]
    if not revoked:
        return ""
    last = max(revoked, key=lambda version: version.tags.get(REVOKED_WHEN, ""))
    when = last.tags.get(REVOKED_WHEN, "")[:16].replace("T", " ")
    return f"version {last.version} was revoked {when} UTC: {last.tags[REVOKED]}"


def pull(client: MlflowClient, name: str, alias: str) -> TabularModel | ImageModel:
    """The generator of the version with this alias or number; only data is read, no code is run.

    Raises UserError where there is none, and with the reason where it was revoked.
    """
    return load_any_model(download_generator(client, name, alias))


def download_generator(client: MlflowClient, name: str, alias: str, to: Path | None = None) -> Path:
    """The folder of the saved generator, brought into the folder `to` where one is named.

    Raises UserError as `pull` does, also where its files are not those that were registered.
    """
    version = find_version(client, name, alias)
    check_standing(version)
    return bring_package(version, to) / _GENERATOR
