"""Backups: each content once, written last what makes them one, refused where a byte is another."""

from pathlib import Path

import pytest

from components.errors import UserError
from components.storage.backup import (
    Manifest,
    list_backups,
    make_backup,
    read_backup,
    restore_area,
)
from components.storage.stores import Folder, open_store


@pytest.fixture
def source(tmp_path: Path) -> Folder:
    for name, text in {"a": "one", "b/c": "two", "b/d": "one"}.items():
        path = tmp_path / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Folder(tmp_path / "source")


@pytest.fixture
def place(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "place")


def back_up(source: Folder, place: Folder) -> Manifest:
    files = [(found.name, source, found.name) for found in source.list()]
    return make_backup(place, {"things": files}, {"mlflow": "1"}, {"said": "yes"})


def test_equal_content_is_kept_once_and_later_backups_add_what_is_new(
    source: Folder, place: Folder
) -> None:
    first = back_up(source, place)
    assert (first.num_files, first.num_bytes) == (3, 9)
    assert len(list(place.list("content/"))) == 2
    (source.root / "e").write_text("three")
    second = back_up(source, place)
    assert len(list(place.list("content/"))) == 3
    assert list_backups(place) == [first.when, second.when]
    assert read_backup(place) == second and read_backup(place, first.when) == first


def test_all_of_it_comes_back(source: Folder, place: Folder, tmp_path: Path) -> None:
    made = back_up(source, place)
    targets = [Folder(tmp_path / "x"), Folder(tmp_path / "y")]
    (tmp_path / "scratch").mkdir()
    restore_area(place, made.areas["things"], targets, tmp_path / "scratch")
    for target in targets:
        names = {found.name: (target.root / found.name).read_text() for found in target.list()}
        assert names == {"a": "one", "b/c": "two", "b/d": "one"}


def test_a_changed_byte_is_refused(source: Folder, place: Folder, tmp_path: Path) -> None:
    made = back_up(source, place)
    content = place.root / next(place.list("content/")).name
    content.write_bytes(b"eno" if content.read_bytes() == b"one" else b"owt")
    with pytest.raises(UserError, match="has other bytes than it had"):
        restore_area(place, made.areas["things"], [Folder(tmp_path / "x")], tmp_path)


def test_a_missing_or_short_file_is_found_before_anything_is_restored(
    source: Folder, place: Folder
) -> None:
    made = back_up(source, place)
    content = place.root / next(place.list("content/")).name
    content.write_text("o")
    with pytest.raises(UserError, match=f"the backup {made.when} is damaged: things/"):
        read_backup(place)


def test_what_was_broken_off_is_no_backup(source: Folder, place: Folder) -> None:
    def broken() -> object:
        yield "a", source, "a"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_backup(place, {"things": broken()}, {}, {})  # type: ignore[arg-type]
    with pytest.raises(UserError, match=r"no backup .*there are: none"):
        read_backup(place)


def test_a_name_that_leads_elsewhere_is_refused(
    source: Folder, place: Folder, tmp_path: Path
) -> None:
    made = back_up(source, place)
    kept = made.areas["things"]["a"]
    for name in ("../out", "/out"):
        with pytest.raises(UserError, match="no name within a folder"):
            restore_area(place, {name: kept}, [Folder(tmp_path / "x")], tmp_path)


@pytest.mark.parametrize("address", ["gs://bucket/x", "", " "])
def test_places_are_folders_and_s3_alone(address: str) -> None:
    with pytest.raises(UserError, match="accepted are a folder and s3://"):
        open_store(address)
