"""What every test starts from: one thread, no registry that another test left behind."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from components.storage.home import Home

# Tests run side by side, one on a core: threads that wait for one another keep others waiting too.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(autouse=True)
def _no_registry_of_another_test() -> Iterator[None]:
    """MLflow sets its variables itself once it is connected, and our flows take them up.

    They go before a test, and after it: the next module's fixtures come before its first test.
    """
    _forget_registries()
    yield
    _forget_registries()


def _forget_registries() -> None:
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI", "MINTMARK_REGISTRY_URI"):
        os.environ.pop(name, None)


@pytest.fixture(scope="session")
def empty_registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of a registry with nothing in it: its tables take seconds to make."""
    from components.registry.tracking import connect

    home = Home(tmp_path_factory.mktemp("registry"))
    connect(home)
    _forget_registries()
    return home.mlflow / "mlflow.db"


@pytest.fixture(scope="session")
def home_in(empty_registry: Path) -> Callable[[Path], Home]:
    """Makes a home in a folder, as `FOLDER/home`, with an empty registry."""

    def make(folder: Path) -> Home:
        home = Home(folder / "home")
        home.mlflow.mkdir(parents=True)
        shutil.copy(empty_registry, home.mlflow)
        return home

    return make
