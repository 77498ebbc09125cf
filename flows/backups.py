"""Everything that must not be lost, into a backup and back: the registry, history, content."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from filelock import FileLock, Timeout

from components.errors import UserError
from components.registry.relocation import PLACE, SERVED, Owners, Relocation
from components.storage.backup import (
    Manifest,
    bring,
    make_backup,
    read_backup,
    restore_area,
)
from components.storage.database import count_rows, dump_database, load_database
from components.storage.home import Home
from components.storage.places import (
    ARTIFACTS_VARIABLE,
    REGISTRY_VARIABLE,
    is_remote_shared,
    shared_url,
)
from components.storage.secret import FILE_NAME
from components.storage.stores import Folder, Store, open_remote, open_store
from flows.services.running import running_services

REGISTRY_DATABASE = "MLFLOW_BACKEND_STORE_URI"
USERS_DATABASE = "MLFLOW_AUTH_DATABASE_URI"
HISTORY_DATABASE = "PREFECT_SERVER_DATABASE_CONNECTION_URL"
"""The variables in which the servers are told their databases."""
_LIBRARIES = ("mlflow", "prefect", "dvc", "mintmark")
_MUST_MATCH = ("mlflow", "prefect")
_UNUSED = (".part", ".partial", ".unfinished", ".lock", ".tmp")
_REGISTRY_TABLES = f"""
import os
from mlflow.cli import cli
cli(["db", "upgrade", os.environ["{REGISTRY_DATABASE}"]])
"""
_USERS_TABLES = f"""
import os
from mlflow.server.auth.cli import commands
commands(["db", "upgrade", "--url", os.environ["{USERS_DATABASE}"]])
"""
_HISTORY_TABLES = ("prefect", "server", "database", "upgrade", "--yes")
Row = dict[str, Any]


@dataclass(frozen=True)
class Databases:
    """Where the rows are: of the registry, of its users where there are any, and of history."""

    registry: str
    history: str
    users: str | None
    is_served: bool


def find_databases(home: Home) -> Databases:
    """The databases that the environment names, else those of the home folder.

    Raises UserError where a server has the registry, and its database or files are not named.
    """
    registry = os.environ.get(REGISTRY_DATABASE)
    if registry is None and os.environ.get(REGISTRY_VARIABLE):
        raise UserError(
            f"the registry is behind a server: {REGISTRY_DATABASE} must name its database, "
            f"{HISTORY_DATABASE} Prefect's and {ARTIFACTS_VARIABLE} where artifacts lie"
        )
    if registry is not None and not os.environ.get(ARTIFACTS_VARIABLE):
        raise UserError(f"{ARTIFACTS_VARIABLE} is not set: it says where the registry's files lie")
    return Databases(
        registry=registry or f"sqlite:///{home.mlflow / 'mlflow.db'}",
        history=os.environ.get(HISTORY_DATABASE) or f"sqlite:///{home.prefect / 'prefect.db'}",
        users=os.environ.get(USERS_DATABASE),
        is_served=registry is not None,
    )


def back_up(home: Home, place: Store) -> Manifest:
    """A new backup at `place`: rows first, then the files that they refer to.

    May be made while runs go on; what they have not registered yet is not in it.
    """
    databases = find_databases(home)
    with TemporaryDirectory() as scratch, _no_collection(home):
        dumps, owners = Folder(Path(scratch)), Owners()
        here = _artifact_address(home, databases)

        def neutral(table: str, row: Row) -> Row:
            owners.see(table, row)
            return Relocation(here, PLACE, {}).row(table, row)

        facts = {"rows registry": _dump(databases.registry, dumps.root / "registry", neutral)}
        if _has_history(home, databases):
            facts["rows history"] = _dump(databases.history, dumps.root / "history")
        if databases.users:
            facts["rows users"] = _dump(databases.users, dumps.root / "users")
        facts["experiments"] = json.dumps(owners.experiments)
        areas = {area: _listed(stores) for area, stores in _areas(home, databases).items()}
        areas["databases"] = _listed([dumps])
        versions = {name: version(name) for name in _LIBRARIES}
        return make_backup(place, areas, versions, facts)


def restore(home: Home, place: Store, when: str | None = None) -> Manifest:
    """Put a backup where the environment and the home folder say: files first, then rows.

    Raises UserError where something is registered there already, where other versions of MLflow
    or Prefect are installed than made the backup, or where any byte of it is another.
    """
    databases, manifest = find_databases(home), read_backup(place, when)
    _check_versions(manifest)
    if running_services(home):
        raise UserError("services are running here: `mintmark down` first")
    _make_tables(home, databases)
    _check_empty(databases)
    experiments = json.loads(manifest.facts["experiments"]) if databases.is_served else {}
    there = Relocation(PLACE, _artifact_address(home, databases), experiments)
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for area, stores in _areas(home, databases).items():
            files = manifest.areas.get(area, {})
            if area == "artifacts":
                files = {there.name(name): kept for name, kept in files.items()}
            restore_area(place, files, stores, folder)
        for name, kept in manifest.areas.get("databases", {}).items():
            bring(place, kept, folder / name)
        if databases.users and (folder / "users").is_dir():
            load_database(databases.users, folder / "users")
        if (folder / "history").is_dir():
            load_database(databases.history, folder / "history")
        load_database(databases.registry, folder / "registry", there.row)
    return manifest


def _areas(home: Home, databases: Databases) -> dict[str, list[Store]]:
    """Where files lie, by kind; a kind with two places has what either has."""
    here = str(home.mlflow / "artifacts")
    artifacts = os.environ[ARTIFACTS_VARIABLE] if databases.is_served else here
    shared = shared_url()
    cache = [] if is_remote_shared() else [Folder(home.dvc_cache)]
    areas: dict[str, list[Store]] = {
        "artifacts": [open_store(artifacts)],
        "content": [open_remote(home), *cache],
    }
    for part in (home.windows, home.unions):
        areas[part.name] = [open_store(f"{shared}/{part.name}") if shared else Folder(part)]
    for folder in (home.releases, home.reports, home.quarantine):
        areas[folder.name] = [Folder(folder)]
    if (home.root / FILE_NAME).exists() or not shared:
        areas["secret"] = [_OneFile(home.root, FILE_NAME)]
    return areas


@dataclass(frozen=True)
class _OneFile(Folder):
    """A folder of which one file alone is seen, and kept readable by its owner alone."""

    name: str = ""

    def list(self, below: str = "") -> Iterator[Any]:
        """See `Store`."""
        return (found for found in super().list(below) if found.name == self.name)

    def put(self, path: Path, name: str) -> None:
        """See `Store`."""
        os.chmod(path, 0o600)
        super().put(path, name)
        os.chmod(self.root / name, 0o600)


def _listed(stores: list[Store]) -> list[tuple[str, Store, str]]:
    """Every file of some stores that is whole, each name once."""
    found: dict[str, Store] = {}
    for store in stores:
        for each in store.list():
            is_partial = each.name.endswith(_UNUSED) or ".dvc/tmp/" in each.name
            if not is_partial:
                found.setdefault(each.name, store)
    return [(name, store, name) for name, store in sorted(found.items())]


def _artifact_address(home: Home, databases: Databases) -> str:
    return SERVED if databases.is_served else (home.mlflow / "artifacts").as_uri()


def _has_history(home: Home, databases: Databases) -> bool:
    is_own = databases.history.startswith("sqlite")
    return not is_own or (home.prefect / "prefect.db").is_file()


def _dump(url: str, folder: Path, change: Callable[[str, Row], Row] | None = None) -> str:
    folder.mkdir()
    counts = dump_database(url, folder, change) if change else dump_database(url, folder)
    return str(sum(counts.values()))


def _check_versions(manifest: Manifest) -> None:
    for name in _MUST_MATCH:
        made_by = manifest.versions.get(name, "of an unknown version")
        if made_by != version(name):
            raise UserError(
                f"the backup was made by {name} {made_by}, here is {version(name)}: restore with "
                "the same, then upgrade"
            )


def _make_tables(home: Home, databases: Databases) -> None:
    """Empty tables where there are none, by the servers' own commands.

    Addresses are variables: they hold passwords, and arguments are for all to see.
    """
    home.mlflow.mkdir(parents=True, exist_ok=True)
    home.prefect.mkdir(parents=True, exist_ok=True)
    _run("mlflow", "-c", _REGISTRY_TABLES, **{REGISTRY_DATABASE: databases.registry})
    if databases.users:
        _run("mlflow.server.auth", "-c", _USERS_TABLES, **{USERS_DATABASE: databases.users})
    url = databases.history
    url = url.replace("sqlite:", "sqlite+aiosqlite:").replace("postgresql:", "postgresql+asyncpg:")
    _run("prefect", "-m", *_HISTORY_TABLES, **{HISTORY_DATABASE: url})


def _run(program: str, *arguments: str, **variables: str) -> None:
    done = subprocess.run(
        [sys.executable, *arguments],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()
        raise UserError(f"{program} could not make its tables: {said[-1]}")


def _check_empty(databases: Databases) -> None:
    if count_rows(databases.registry, "registered_models", "runs", "logged_models"):
        raise UserError("there are runs or versions in the registry here: restore where none are")
    if count_rows(databases.history, "flow_run"):
        raise UserError("there are flow runs in the history here: restore where none are")


@contextmanager
def _no_collection(home: Home) -> Iterator[None]:
    """Nothing is collected meanwhile: what the rows refer to stays until it is copied."""
    home.locks.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(home.locks / "collect.lock", timeout=0):
            yield
    except Timeout as error:
        raise UserError("a collection is under way; let it end") from error
