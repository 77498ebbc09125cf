"""Retention: what nothing needs goes, what anything needs stays, and runs after it still work."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from components.errors import UserError
from components.storage.content import hashes_in, stored, with_members
from components.storage.dvc import DvcSession, cached_file, make_workspace, output_hashes
from components.storage.home import Home
from components.storage.retention import DAY, Kind, Leftovers, delete, find_leftovers
from components.storage.run_cache import mend

KEEP = 14
LATER = 15 * DAY
PIPELINE = """
stages:
  count:
    cmd: mkdir -p many && cp params.yaml out.txt && cp params.yaml many/a && date +%N > many/b
    params: [count]
    outs: [out.txt, many]
"""
REFERENCE = frozenset({"0" * 32})
"""Stands for a registry that knows something, though nothing of what is made here."""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a home in which two runs were made."""
    folder = tmp_path_factory.mktemp("template")
    run(folder, "w1", 1)
    run(folder, "w2", 2)
    return folder


@pytest.fixture
def copied(tmp_path: Path, template: Path) -> Path:
    """A copy of it; DVC is not run there, since it would find the first one's cache."""
    return shutil.copytree(template, tmp_path / "copied", symlinks=True)


def run(tmp_path: Path, name: str, count: int) -> Path:
    """A workspace whose stage was reproduced and pushed."""
    home, project = Home(tmp_path / "home"), tmp_path / "project"
    if not project.exists():
        (project / "components").mkdir(parents=True)
        (project / "dvc.yaml").write_text(PIPELINE)
        (project / ".dvcignore").write_text("")
    workspace = home.workspaces / name
    make_workspace(workspace, project, f"count: {count}\n", home)
    with DvcSession(workspace, home) as dvc:
        dvc.reproduce("count", print)
        dvc.push()
    return workspace


def look(tmp_path: Path, referenced: frozenset[str] = REFERENCE, after: float = LATER) -> Leftovers:
    home, now = Home(tmp_path / "home"), time.time() + after
    return find_leftovers(home, tmp_path / "project", referenced, keep_days=KEEP, now=now)


def collect(tmp_path: Path, referenced: frozenset[str] = REFERENCE) -> list[Kind]:
    gone = delete(look(tmp_path, referenced), Home(tmp_path / "home"))
    return [leftover.kind for leftover in gone]


def everything(folder: Path) -> dict[Path, int]:
    return {path: path.lstat().st_size for path in folder.rglob("*")}


def test_old_runs_go_with_all_that_they_alone_refer_to(copied: Path) -> None:
    home = Home(copied / "home")
    (home.checkpoints / "key").mkdir(parents=True)
    (home.checkpoints / "key" / "step-000000001.pt").write_text("x")
    gone = collect(copied)
    assert sorted(gone, key=list(Kind).index) == [
        *[Kind.WORKSPACE] * 2,
        Kind.CHECKPOINT,
        *[Kind.REMEMBERED] * 4,
        *[Kind.CACHED] * 6,
        *[Kind.REMOTE] * 6,
    ]
    assert not list(stored(home.dvc_cache)) and not list(stored(home.dvc_remote))
    assert not any(path.is_file() for path in home.workspaces.rglob("*"))
    assert collect(copied) == []


def test_unions_go_unless_a_version_was_trained_on_them(copied: Path) -> None:
    unions = Home(copied / "home").unions / "people"
    for name in ("a" * 32, "b" * 32):
        (unions / name).mkdir(parents=True)
        (unions / name / "000000.parquet").write_text("x")
    uri = frozenset(hashes_in(f"{unions}/{'a' * 32}"))
    assert collect(copied, REFERENCE | uri).count(Kind.UNION) == 1
    assert [path.name for path in unions.iterdir()] == ["a" * 32]
    (unions / f".collected-{'b' * 32}").mkdir()  # as a killed collection left it
    assert [leftover.kind for leftover in look(copied, after=0.0).found] == [Kind.UNION]
    assert collect(copied, REFERENCE | uri) == [Kind.UNION]
    assert [path.name for path in unions.iterdir()] == ["a" * 32]


def test_after_a_collection_the_kept_is_found_and_the_lost_is_made_again(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    kept = output_hashes(run(tmp_path, "kept", 1))
    lost = output_hashes(run(tmp_path, "lost", 2))
    gone = collect(tmp_path, frozenset(hashes_in(json.dumps(kept))))
    assert gone.count(Kind.WORKSPACE) == 2 and gone.count(Kind.REMEMBERED) == 2
    for store in (home.dvc_cache, home.dvc_remote):
        names = {name for name, _ in stored(store)}
        assert names == with_members(kept.values(), [home.dvc_cache]) and len(names) == 3
    assert cached_file(home, kept["out.txt"]).read_text() == "count: 1\n"
    assert not cached_file(home, lost["out.txt"]).exists()
    for count, was_kept in ((1, True), (2, False)):
        again = home.workspaces / f"again{count}"
        make_workspace(again, tmp_path / "project", f"count: {count}\n", home)
        with DvcSession(again, home) as dvc:
            assert dvc.reproduce("count", print) is was_kept
        assert (again / "out.txt").read_text() == f"count: {count}\n"
    assert output_hashes(home.workspaces / "again1") == kept


def test_the_checkout_nested_workspaces_and_releases_refer_too(copied: Path) -> None:
    home = Home(copied / "home")
    first, second = (output_hashes(home.workspaces / name) for name in ("w1", "w2"))
    (home.workspaces / "race").mkdir()
    (home.workspaces / "w1").rename(home.workspaces / "race" / "trees")
    pointer = home.releases / "people" / "key" / "rows.parquet.dvc"
    pointer.parent.mkdir(parents=True)
    pointer.write_text(f"outs:\n- md5: {second['out.txt']}\n  path: rows.parquet\n")
    later = time.time() + LATER - 2 * 3600
    os.utime(home.workspaces / "race", (later, later))
    collect(copied)
    needed = with_members(first.values(), [home.dvc_cache]) | {second["out.txt"]}
    assert {name for name, _ in stored(home.dvc_cache)} == needed
    shutil.copy(home.workspaces / "race" / "trees" / "dvc.lock", copied / "project")
    os.utime(home.workspaces / "race", (0, 0))
    assert Kind.CACHED not in collect(copied) and not (home.workspaces / "race").exists()


def test_what_is_young_is_not_touched(copied: Path) -> None:
    before = everything(copied / "home")
    assert look(copied, after=13 * DAY).found == ()
    assert list(delete(look(copied, after=13 * DAY), Home(copied / "home"))) == []
    assert everything(copied / "home") == before


def test_looking_deletes_nothing(copied: Path) -> None:
    before = everything(copied / "home")
    assert look(copied).found
    assert everything(copied / "home") == before


def test_what_changes_after_it_was_found_stays(copied: Path) -> None:
    workspace, found = copied / "home" / "workspaces" / "w1", look(copied)
    later = time.time() + LATER
    os.utime(workspace / "params.yaml", (later, later))
    gone = [leftover.path.name for leftover in delete(found, Home(copied / "home"))]
    assert "w2" in gone and "w1" not in gone and (workspace / "dvc.lock").is_file()


def test_content_stays_once_a_run_began_meanwhile(copied: Path) -> None:
    found, home = look(copied), Home(copied / "home")
    (home.workspaces / "new").mkdir()
    assert {leftover.kind for leftover in delete(found, home)} == {Kind.WORKSPACE}
    assert len(list(stored(home.dvc_cache))) == 6


def test_a_workspace_that_a_process_works_in_stays_and_so_does_content(copied: Path) -> None:
    busy = copied / "home" / "workspaces" / "w1" / "components"
    command = [sys.executable, "-c", "input()"]
    process = subprocess.Popen(command, cwd=busy, stdin=subprocess.PIPE)
    try:
        found = look(copied)
    finally:
        process.kill()
        process.wait()
    assert [leftover.path.name for leftover in found.found] == ["w2"]
    assert found.held == "a run is going on, whose outputs are not all on record"


def test_content_stays_while_a_workspace_is_fresh(copied: Path) -> None:
    later = time.time() + LATER
    os.utime(copied / "home" / "workspaces" / "w1" / "dvc.lock", (later, later))
    found = look(copied)
    assert [leftover.path.name for leftover in found.found] == ["w2"] and found.held


def test_content_stays_where_no_version_is_registered(copied: Path) -> None:
    found = look(copied, frozenset())
    assert {leftover.kind for leftover in found.found} == {Kind.WORKSPACE}
    assert "no version is registered" in found.held


def test_links_are_not_followed(copied: Path) -> None:
    home, outside = Home(copied / "home"), copied / "outside"
    workspace = home.workspaces / "w1"
    outside.mkdir()
    (outside / "precious").write_text("kept")
    (workspace / "link").symlink_to(outside)
    (home.workspaces / "linked").symlink_to(outside)
    home.checkpoints.mkdir()
    (home.checkpoints / "linked").symlink_to(outside)
    (home.dvc_cache / "files" / "md5" / "zz").symlink_to(outside)
    assert collect(copied)
    assert (outside / "precious").read_text() == "kept"
    assert (home.workspaces / "linked").is_symlink() and not workspace.exists()


def test_a_collection_that_is_stopped_anywhere_is_finished_by_the_next(copied: Path) -> None:
    home = Home(copied / "home")
    kept = output_hashes(home.workspaces / "w1")
    referenced = frozenset(hashes_in(json.dumps(kept)))
    steps = 0
    while next(step := delete(look(copied, referenced), home), None) is not None:
        step.close()
        steps += 1
    assert steps == 2 + 2 + 3 + 3
    needed = with_members(kept.values(), [home.dvc_cache])
    assert {name for name, _ in stored(home.dvc_cache)} == needed
    (home.workspaces / ".collected-half" / "data").mkdir(parents=True)
    assert [leftover.kind for leftover in look(copied, after=0.0).found] == [Kind.WORKSPACE]


def test_an_empty_folder_of_the_run_cache_is_mended(copied: Path) -> None:
    home = Home(copied / "home")
    entry, other = sorted((home.dvc_cache / "runs").glob("*/*/*"))
    entry.unlink()
    mend(home.dvc_cache)
    assert not entry.parent.exists() and other.exists()


def test_a_damaged_listing_that_a_version_needs_stops_the_collection(copied: Path) -> None:
    home = Home(copied / "home")
    kept = output_hashes(home.workspaces / "w1")
    listing = cached_file(home, kept["many"])
    listing.chmod(0o644)
    listing.write_text("[{")
    with pytest.raises(UserError, match=r"is no listing of a directory"):
        look(copied, frozenset(kept.values()))


def test_hashes_are_told_from_other_numbers() -> None:
    text = f'{{"a": "{"0a" * 16}", "b": "{"1b" * 16}.dir", "c": "{"2c" * 20}", "d": "{"3d" * 32}"}}'
    assert hashes_in(text) == {"0a" * 16, "1b" * 16 + ".dir"}
