"""A registry of its own for each module; its tables are made once, which takes seconds."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from components.registry.tracking import connect
from components.storage.home import Home


@pytest.fixture(scope="session")
def empty_registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of a registry with nothing in it."""
    home = Home(tmp_path_factory.mktemp("registry"))
    connect(home)
    return home.mlflow / "mlflow.db"


@pytest.fixture(scope="session")
def make_home(
    empty_registry: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Home]:
    """Makes a home folder with an empty registry."""

    def make(name: str) -> Home:
        home = Home(tmp_path_factory.mktemp(name) / "home")
        home.mlflow.mkdir(parents=True)
        shutil.copy(empty_registry, home.mlflow)
        return home

    return make
