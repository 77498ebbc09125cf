"""The ledger: released rows are recognised, renamed or not, counted, and refused past a limit."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from mlflow import MlflowClient

from components.config import AncestryConfig, PrepareConfig
from components.data.sources import hash_source
from components.errors import UserError
from components.registry.releases.ledger import Ancestry, check_ancestry, find_ancestry
from components.registry.releases.making import marks
from components.registry.releases.rows import file_sha256, write_rows
from components.registry.revoking.withdrawals import SOURCE, new_withdrawal, record_withdrawal
from components.registry.tags import KIND, RELEASE, REVOKED
from components.registry.tracking import connect
from components.storage.home import Home
from tests.procedural import mixed_frame
from tests.registry.generators import register_generator

DEPTHS = {"1": 1, "2": 2, "3": 1}


@dataclass(frozen=True)
class World:
    """A registry that knows three releases of `people`, the last of them revoked."""

    client: MlflowClient
    home: Home
    files: Path


def register_release(client: MlflowClient, path: Path, number: str) -> None:
    """Put a release on record: what `make_release` does after its rows are drawn."""
    tags = {
        KIND: RELEASE,
        "mintmark.generator_version": "1",
        "mintmark.rows": "100",
        "mintmark.seed": number,
        "mintmark.sha256": file_sha256(path),
        "mintmark.rows_sha256": "",
        "mintmark.card_sha256": "",
        "mintmark.synthetic_depth": str(DEPTHS[number]),
        "mintmark.release_key": f"key-{number}",
    }
    client.create_model_version("people-release", "runs:/none/release", tags=tags)


@pytest.fixture(scope="module")
def world(make_home: Callable[[str], Home]) -> World:
    home = make_home("ledger")
    client = connect(home)
    files = home.root / "files"
    files.mkdir()
    client.create_registered_model("people-release", tags={KIND: RELEASE})
    for number, depth in DEPTHS.items():
        path = files / f"release-{number}.parquet"
        write_rows(
            [mixed_frame(100, int(number))], path, marks("people", "1", f"key-{number}", depth)
        )
        register_release(client, path, number)
    client.set_model_version_tag("people-release", "3", REVOKED, "it leaks")
    mixed_frame(300).to_parquet(files / "real.parquet")
    mixed_frame(100, 9).to_csv(files / "real.csv", index=False)
    return World(client, home, files)


def folder_of(world: World, tmp_path: Path, names: dict[str, str]) -> Ancestry:
    """The ancestry of a folder with copies of these files under other names."""
    for name, copy in names.items():
        shutil.copy(world.files / name, tmp_path / copy)
    return find_ancestry(world.client, PrepareConfig(data=str(tmp_path), target="outcome"))


def test_real_rows_have_no_ancestry(world: World, tmp_path: Path) -> None:
    found = folder_of(world, tmp_path, {"real.parquet": "a.parquet", "real.csv": "b.csv"})
    assert (found.parents, found.depth, found.share) == ((), 0, 0.0)
    assert len(found.files) == 2 and found.data_sha256 == hash_source(str(tmp_path))
    bundled = find_ancestry(world.client, PrepareConfig(data="sklearn:iris", target="species"))
    assert (bundled.files, bundled.share) == ((), 0.0)


def test_a_renamed_release_among_real_files_is_counted(world: World, tmp_path: Path) -> None:
    names = {"real.parquet": "a.parquet", "real.csv": "b.csv", "release-1.parquet": "c.pq"}
    found = folder_of(world, tmp_path, names)
    assert found.parents == ("people-release/1",)
    assert (found.depth, found.share) == (1, 100 / 500)


def test_other_bytes_with_the_mark_are_known_and_the_deepest_counts(
    world: World, tmp_path: Path
) -> None:
    write_rows([mixed_frame(50)], tmp_path / "part.parquet", marks("people", "1", "key-1", 1))
    found = folder_of(world, tmp_path, {"release-2.parquet": "x.parquet"})
    assert found.parents == ("people-release/1", "people-release/2")
    assert (found.depth, found.share) == (2, 1.0)


def test_a_release_of_another_registry_is_known_by_its_mark(world: World, tmp_path: Path) -> None:
    write_rows([mixed_frame(50)], tmp_path / "far.parquet", marks("others", "4", "f00", 3))
    found = folder_of(world, tmp_path, {})
    assert (found.parents, found.depth) == (("f00 (another registry's)",), 3)
    with pytest.raises(UserError, match="depth 3"):
        check_ancestry(world.client, found, AncestryConfig(), world.home)


def test_limits_are_kept(world: World) -> None:
    data = str(world.files / "release-2.parquet")
    found = find_ancestry(world.client, PrepareConfig(data=data, target="outcome"))
    check_ancestry(world.client, found, AncestryConfig(max_depth=2), world.home)
    with pytest.raises(UserError, match=r"depth 2 \(people-release/2\).*max_depth allows 1"):
        check_ancestry(world.client, found, AncestryConfig(), world.home)
    with pytest.raises(UserError, match=r"100% of the rows .*max_share allows 50%"):
        limits = AncestryConfig(max_depth=2, max_share=0.5)
        check_ancestry(world.client, found, limits, world.home)


def test_a_revoked_release_is_not_trained_on(world: World, tmp_path: Path) -> None:
    found = folder_of(world, tmp_path, {"release-3.parquet": "mine.parquet"})
    with pytest.raises(UserError, match="release 3 of 'people-release' was revoked: it leaks"):
        check_ancestry(world.client, found, AncestryConfig(), world.home)


def test_a_revoked_source_is_known_by_any_of_its_files(world: World, tmp_path: Path) -> None:
    world_file = world.files / "real.csv"
    act = new_withdrawal(SOURCE, "/gone.csv", "consent withdrawn", [file_sha256(world_file)])
    record_withdrawal(world.client, act, world.home)
    record_withdrawal(world.client, act, world.home)
    found = folder_of(world, tmp_path, {"real.parquet": "a.parquet", "real.csv": "b.csv"})
    with pytest.raises(UserError, match=r"was revoked \(source /gone.csv\): consent withdrawn"):
        check_ancestry(world.client, found, AncestryConfig(), world.home)


def test_content_that_changed_since_it_was_pinned_is_refused(world: World) -> None:
    data = str(world.files / "real.csv")
    prepare = PrepareConfig(data=data, target="outcome", data_sha256="0" * 64)
    with pytest.raises(UserError, match="the data changed since it was pinned"):
        find_ancestry(world.client, prepare)


def test_what_was_found_is_on_the_version(world: World) -> None:
    data = str(world.files / "release-1.parquet")
    version = register_generator(world.client, world.home, "heirs", data)
    tags = world.client.get_model_version("heirs", version).tags
    assert tags["mintmark.synthetic_depth"] == "1" and tags["mintmark.synthetic_share"] == "1.0"
    assert json.loads(tags["mintmark.parents"]) == ["people-release/1"]
    assert tags["mintmark.data_files.0"] == file_sha256(Path(data))
    assert pd.read_parquet(data).shape[0] == 100
