"""Reading the registry: what is in it, and a version's generator."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion

from components.errors import UserError
from components.models.catalog import load_model
from components.models.contract import TabularModel
from components.registry.promotion import champion

_GENERATOR = Path("data/generator")


@dataclass(frozen=True)
class Listed:
    """A registered model: its champion, its newest version and what that was judged."""

    name: str
    champion: str | None
    newest: str
    verdict: str
    reason: str


def list_models(client: MlflowClient) -> list[Listed]:
    """Every registered model with at least one version, by name."""
    return [
        _summarise(client, name, versions)
        for name in _names(client)
        if (versions := client.search_model_versions(f"name = '{name}'"))
    ]


def _names(client: MlflowClient) -> Iterator[str]:
    """The names of all registered models, page by page."""
    token = None
    while True:
        page = client.search_registered_models(page_token=token)
        yield from (str(model.name) for model in page)
        token = page.token
        if not token:
            return


def _summarise(client: MlflowClient, name: str, versions: list[ModelVersion]) -> Listed:
    newest = max(versions, key=lambda version: int(version.version))
    verdicts = {
        key.rpartition(".")[2]: value
        for key, value in newest.tags.items()
        if key.startswith("mintmark.verdict.")
    }
    return Listed(
        name=name,
        champion=champion(client, name),
        newest=str(newest.version),
        verdict=", ".join(f"{value} for {purpose}" for purpose, value in verdicts.items()),
        reason=(newest.description or "").partition("\n")[0],
    )


def pull(client: MlflowClient, name: str, alias: str) -> TabularModel:
    """The generator of the version that bears `alias`; only data is read, no code is run."""
    known = list(_names(client))
    if name not in known:
        raise UserError(f"no model {name!r} is registered; there are: {', '.join(known) or 'none'}")
    version = alias if alias.isdigit() else champion(client, name, alias)
    if version is None:
        raise UserError(f"model {name!r} has no version with the alias {alias!r}")
    folder = mlflow.artifacts.download_artifacts(f"models:/{name}/{version}")
    return load_model(Path(folder) / _GENERATOR)
