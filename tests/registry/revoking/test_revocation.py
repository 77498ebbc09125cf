"""Revocation: all that descends is found and quarantined, and nothing else is touched."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from components.config import AncestryConfig, PrepareConfig
from components.errors import UserError
from components.registry.audit import history
from components.registry.candidates import check_not_revoked
from components.registry.listing import list_models, pull
from components.registry.packaging.door import DoorLimits, pass_door
from components.registry.promotion import champion, promote, rollback
from components.registry.releases.delivery import pull_release, verify_release
from components.registry.releases.ledger import check_ancestry, find_ancestry
from components.registry.releases.making import ReleaseOrder
from components.registry.releases.release import release
from components.registry.revoking.revocation import Revoked, find_revocation, revoke
from components.registry.tags import REVOKED
from components.registry.tracking import connect
from components.registry.versions import list_versions
from components.storage.home import Home
from tests.procedural import mixed_frame
from tests.registry.generators import crown, register_generator

WHY = "consent withdrawn"


@dataclass(frozen=True)
class World:
    """Two sources, models on them, and a second generation on a release of the first."""

    client: MlflowClient
    home: Home
    source: Path
    heirloom: Path


def titles(found: Revoked) -> set[str]:
    return {thing.title for thing in found.things}


def make_sources(home: Home) -> tuple[Path, Path]:
    paths = home.root / "people.csv", home.root / "other.csv"
    for seed, path in enumerate(paths):
        mixed_frame(200, seed).to_csv(path, index=False)
    return paths


@pytest.fixture(scope="module")
def small(make_home: Callable[[str], Home]) -> World:
    """One generation, and a model on another source."""
    home = make_home("small")
    client = connect(home)
    source, other = make_sources(home)
    for seed in (0, 1):
        register_generator(client, home, "people", str(source), seed=seed)
    register_generator(client, home, "people", str(other))
    register_generator(client, home, "twins", str(other), weights=f"people-{source}-1")
    crown(client, home, "people", ["3", "1"])
    crown(client, home, "twins", ["1"])
    return World(client, home, source, other)


@pytest.mark.parametrize(
    ("kind", "what", "why", "message"),
    [
        ("row", "people@1", WHY, "cannot revoke a 'row'; accepted are source, model, release"),
        ("model", "people@1", " ", "a revocation without a reason"),
        ("model", "people", WHY, "which of 'people'\\? Give people@NUMBER"),
        ("model", "nobody@1", WHY, "no model 'nobody' is registered"),
        ("model", "nobody@all", WHY, "no model of 'nobody' is registered"),
        ("release", "people@1", WHY, "model 'people' has no release"),
        ("source", "missing.csv", WHY, "'missing.csv' cannot be read and no registered model was"),
    ],
)
def test_what_cannot_be_revoked_is_one_line(
    small: World, kind: str, what: str, why: str, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        revoke(small.client, kind, what, why, small.home)


def test_a_dry_run_lists_and_changes_nothing(small: World) -> None:
    before = [version.tags for version in list_versions(small.client)]
    found = find_revocation(small.client, "source", str(small.source), WHY)
    assert titles(found) == {f"version {n} of people" for n in (1, 2)} | {"version 1 of twins"}
    assert found.without_champion == ("people", "twins") and len(found.newly) == 3
    assert [version.tags for version in list_versions(small.client)] == before


def test_a_revoked_model_takes_its_copies_along_and_ends_its_champion(small: World) -> None:
    client, home = small.client, small.home
    found = revoke(client, "model", "people@2", "a bug", home)
    assert titles(found) == {"version 2 of people", "version 1 of twins"}
    assert found.without_champion == ("twins",)
    assert champion(client, "people") == "1" and champion(client, "twins") is None
    with pytest.raises(UserError, match=r"was revoked: a bug \(because of model version 2"):
        pull(client, "twins", "1")
    with pytest.raises(UserError, match="no version with the alias 'champion'; version 1 was rev"):
        pull(client, "twins", "champion")
    with pytest.raises(UserError, match=r"; by number there are people@1, people@3$"):
        pull(client, "people", "no_such_alias")
    with pytest.raises(UserError, match="was revoked: a bug"):
        check_not_revoked(client, f"people-{small.source}-1")


def test_after_the_champion_is_revoked_the_previous_one_can_take_its_place(small: World) -> None:
    client, home = small.client, small.home
    revoke(client, "model", "people@champion", "a leak", home)
    assert champion(client, "people") is None
    assert rollback(client, "people", reason="restore", home=home) == ("none", "3")
    assert champion(client, "people") == "3"
    with pytest.raises(UserError, match="no previous_champion; there is nothing to roll back to"):
        rollback(client, "people", reason="again", home=home)


@pytest.fixture(scope="module")
def world(make_home: Callable[[str], Home]) -> World:
    """source -> people 1 -> release 1 -> heirs 1 -> release 1, and others beside them."""
    home = make_home("revocation")
    client = connect(home)
    source, other = make_sources(home)
    heirloom = home.root / "pulled"
    register_generator(client, home, "people", str(source))
    register_generator(client, home, "people", str(other))
    register_generator(client, home, "bystander", str(other))
    crown(client, home, "people", ["2", "1"])
    release(client, ReleaseOrder("people", num_rows=80), home)
    release(client, ReleaseOrder("people", "2", num_rows=60), home)
    pull_release(client, "people", "1", heirloom)
    (heirloom / "card.json").unlink()
    (heirloom / "rows.parquet").rename(heirloom / "renamed.parquet")
    register_generator(client, home, "heirs", str(heirloom))
    crown(client, home, "heirs", ["1"])
    crown(client, home, "bystander", ["1"])
    release(client, ReleaseOrder("heirs", num_rows=50), home)
    return World(client, home, source, heirloom)


REACHED = {
    "version 1 of people",
    "release 1 of people-release",
    "version 1 of heirs",
    "release 1 of heirs-release",
}


@pytest.mark.slow
def test_a_source_is_withdrawn_with_two_generations_and_nothing_else(world: World) -> None:
    client, home = world.client, world.home
    assert client.get_model_version("heirs-release", "1").tags["mintmark.synthetic_depth"] == "2"
    found = revoke(client, "source", str(world.source), WHY, home)
    assert titles(found) == REACHED and len(found.newly) == 4
    assert found.without_champion == ("heirs", "heirs-release", "people", "people-release")
    for version in list_versions(client):
        title = f"{'release' if 'release' in version.name else 'version'} {version.version}"
        assert (REVOKED in version.tags) == (f"{title} of {version.name}" in REACHED)
    assert champion(client, "bystander") == "1"
    assert champion(client, "people", "previous_champion") == "2"
    assert [act.action for act in history(client, "heirs", home)] == ["revoke", "promote"]
    (heirs,) = [listed for listed in list_models(client) if listed.name == "heirs"]
    assert heirs.champion is None and heirs.reason.startswith(f"REVOKED: {WHY}")
    assert re.fullmatch(rf"none; version 1 was revoked 20\S+ \d\d:\d\d UTC: {WHY}", heirs.standing)


@pytest.mark.slow
def test_nothing_that_was_withdrawn_is_handed_out(world: World, tmp_path: Path) -> None:
    client, home = world.client, world.home
    revoke(client, "source", str(world.source), WHY, home)
    reason = f"was revoked: {WHY} \\(because of source {world.source}\\)"
    with pytest.raises(UserError, match=reason):
        pull(client, "heirs", "1")
    with pytest.raises(UserError, match=reason):
        pull_release(client, "heirs", "1", tmp_path / "out")
    with pytest.raises(UserError, match=reason):
        verify_release(client, "people", "1")
    with pytest.raises(UserError, match=reason):
        release(client, ReleaseOrder("people", "1", num_rows=80), home)
    with pytest.raises(UserError, match=reason):
        promote(client, "people", "1", expected=None, reason="no", home=home)
    door = pass_door(client, "people", "1", home, DoorLimits())
    assert not door.passed and WHY in door.reason
    with pytest.raises(MlflowException):
        mlflow.pyfunc.load_model("models:/people/1")
    for name in ("people", "people-release"):
        left = mlflow.artifacts.download_artifacts(
            f"models:/{name}/1", dst_path=str(tmp_path / name)
        )
        assert {path.name for path in Path(left).iterdir()} - {"registered_model_meta"} == {
            "REVOKED.txt"
        }
        assert WHY in (Path(left) / "REVOKED.txt").read_text()
    kept = home.quarantine
    assert (kept / "people" / "1" / "MLmodel").is_file()
    assert (kept / "heirs-release" / "1" / "rows.parquet").is_file()
    assert not list((home.releases / "heirs").rglob("rows.parquet*"))


@pytest.mark.slow
def test_what_stands_is_as_it_was(world: World, tmp_path: Path) -> None:
    client = world.client
    revoke(client, "source", str(world.source), WHY, world.home)
    assert len(pull(client, "people", "2").sample(10, seed=0)) == 10
    assert pull_release(client, "people", "2", tmp_path / "out").rows == 60
    assert verify_release(client, "people", "2").passed


@pytest.mark.slow
def test_revoking_again_changes_nothing(world: World) -> None:
    revoke(world.client, "source", str(world.source), WHY, world.home)
    before = [version.tags for version in list_versions(world.client)]
    again = revoke(world.client, "source", str(world.source), "another reason", world.home)
    assert titles(again) == REACHED and not again.newly and not again.without_champion
    assert [version.tags for version in list_versions(world.client)] == before


@pytest.mark.slow
@pytest.mark.parametrize("place", ["source", "heirloom"])
def test_nobody_trains_on_what_was_withdrawn(world: World, place: str) -> None:
    client, home = world.client, world.home
    revoke(client, "source", str(world.source), WHY, home)
    found = find_ancestry(client, PrepareConfig(data=str(getattr(world, place)), target="outcome"))
    with pytest.raises(UserError, match=f"was revoked.*{WHY}|{WHY}"):
        check_ancestry(client, found, AncestryConfig(max_depth=9), home)
