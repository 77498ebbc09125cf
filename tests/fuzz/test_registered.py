"""Registered versions and releases whose files were changed in the store: refused, each time."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from mlflow import MlflowClient

from components.errors import UserError
from components.registry.listing import pull
from components.registry.releases.delivery import pull_release
from components.registry.releases.making import ReleaseOrder
from components.registry.releases.release import read_card, release
from components.registry.releases.versions import Release, find_release
from components.registry.tracking import connect
from components.storage.home import Home
from tests.fuzz.damage import damaged_bytes
from tests.fuzz.hunting import LONG, hunt
from tests.procedural import mixed_frame
from tests.registry.generators import register_generator

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Registered:
    """A version with a release, and where the files of both lie."""

    client: MlflowClient
    home: Home
    release: Release

    def file(self, name: str) -> Path:
        """The only file of this name among all artifacts."""
        (found,) = (self.home.mlflow / "artifacts").rglob(name)
        return found


@pytest.fixture(scope="module")
def registered(
    home_in: Callable[[Path], Home], tmp_path_factory: pytest.TempPathFactory
) -> Registered:
    home = home_in(tmp_path_factory.mktemp("registered"))
    client = connect(home)
    data = home.root / "people.csv"
    mixed_frame(200).to_csv(data, index=False)
    register_generator(client, home, "people", str(data))
    made = release(client, ReleaseOrder("people", num_rows=60, seed=1, version="1"), home)
    return Registered(client, home, made.release)


USES: dict[str, tuple[str, Callable[[Registered, Path], object]]] = {
    "weights": ("weights.safetensors", lambda r, folder: pull(r.client, "people", "1")),
    "header": ("model.json", lambda r, folder: pull(r.client, "people", "1")),
    "rows": ("rows.parquet", lambda r, folder: pull_release(r.client, "people", "1", folder)),
    "card": ("card.json", lambda r, folder: pull_release(r.client, "people", "1", folder)),
    "read card": ("card.json", lambda r, folder: read_card(find_release(r.client, "people", "1"))),
}


@pytest.mark.parametrize("use", USES)
def test_whatever_was_changed_is_refused(use: str, registered: Registered, tmp_path: Path) -> None:
    name, act = USES[use]
    path = registered.file(name)
    whole, target = path.read_bytes(), tmp_path / "pulled"

    def attack(data: bytes) -> None:
        path.write_bytes(data)
        with pytest.raises(UserError, match=r"not what was registered|was changed after"):
            act(registered, target)
        assert not target.exists()

    try:
        hunt(damaged_bytes(whole).filter(lambda data: data != whole), max(10, LONG // 10), attack)
    finally:
        path.write_bytes(whole)
