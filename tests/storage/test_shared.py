"""What one machine keeps in a real S3 server, another finds there."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.errors import UserError
from components.storage import checkpoints
from components.storage.checkpoints import shared_checkpoints
from components.storage.dvc import cached_file
from components.storage.home import Home
from components.storage.objects import open_objects
from components.storage.places import dvc_remote_settings, shared_url
from components.storage.secret import noise_key
from components.storage.shared import (
    bring_files,
    find_content,
    keep_text,
    kept_text,
    share_files,
)
from components.storage.stores import open_remote
from tests.storage.seaweed import S3Server, s3_server, use_store


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with s3_server(tmp_path_factory.mktemp("s3")) as started:
        yield started


@pytest.fixture
def store(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> str:
    return use_store(server, monkeypatch)


def test_checkpoints_go_on_elsewhere(
    store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "_SECONDS", 0.1)
    first, second = tmp_path / "first" / "key", tmp_path / "second" / "key"
    with shared_checkpoints(first):
        (first / "trees").mkdir(parents=True)
        for step in (1, 2):
            (first / f"step-{step}.pt").write_text(f"state {step}")
        (first / "trees" / "step-7.pt").write_text("of a race")
        (first / "step-3.99.partial").write_text("half")
    sent = {found.name for found in open_objects(f"{store}/checkpoints/key").list()}
    assert sent == {"step-1.pt", "step-2.pt", "trees/step-7.pt"}
    with shared_checkpoints(second):
        assert (second / "step-2.pt").read_text() == "state 2"
        assert (second / "trees" / "step-7.pt").read_text() == "of a race"


def test_own_newer_checkpoints_are_not_replaced(store: str, tmp_path: Path) -> None:
    first, second = tmp_path / "first" / "key", tmp_path / "second" / "key"
    for folder, step in ((first, 1), (second, 2)):
        folder.mkdir(parents=True)
        (folder / f"step-{step}.pt").write_text("x")
    with shared_checkpoints(first):
        pass
    with shared_checkpoints(second):
        assert [path.name for path in second.iterdir()] == ["step-2.pt"]


def test_training_goes_on_without_its_store(
    store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "key"
    with shared_checkpoints(folder):
        folder.mkdir()
        (folder / "step-1.pt").write_text("x")
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    assert "checkpoints of key are kept here alone" in caplog.text


def test_settings_of_a_run_are_found_by_all(store: str, tmp_path: Path) -> None:
    assert kept_text("runs", "1/params.yaml", tmp_path) is None
    keep_text("runs", "1/params.yaml", "name: x\n", tmp_path)
    assert kept_text("runs", "1/params.yaml", tmp_path / "other") == "name: x\n"


def test_content_comes_to_the_cache_where_it_is_not(store: str, tmp_path: Path) -> None:
    md5 = hashlib.md5(b"rows", usedforsecurity=False).hexdigest()
    (tmp_path / "rows").write_bytes(b"rows")
    home, remote = Home(tmp_path / "home"), open_objects(f"{store}/dvc")
    with pytest.raises(UserError, match=f"and not in {store}/dvc"):
        find_content(home, md5)
    remote.put(tmp_path / "rows", f"files/md5/{md5[:2]}/{md5[2:]}")
    assert find_content(home, md5).read_bytes() == b"rows"
    remote.delete(f"files/md5/{md5[:2]}/{md5[2:]}")
    assert find_content(home, md5) == cached_file(home, md5)


def test_files_are_the_same_everywhere(store: str, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    for name in ("a.rows", "b.rows", "half.unfinished"):
        (first / name).write_text(name)
    share_files("windows/m", first, "*.rows")
    bring_files("windows/m", second)
    assert sorted(path.name for path in second.iterdir()) == ["a.rows", "b.rows"]
    (second / "a.rows").unlink()
    share_files("windows/m", second, "*.rows")
    assert [found.name for found in open_objects(f"{store}/windows/m").list()] == ["b.rows"]


def test_a_name_outside_its_folder_is_left_where_it_is(store: str, tmp_path: Path) -> None:
    (tmp_path / "rows").write_text("x")
    open_objects(f"{store}/windows/m").put(tmp_path / "rows", "deep/er")
    bring_files("windows/m", tmp_path / "home" / "m")
    assert not (tmp_path / "home").exists()


def test_alone_nothing_is_shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MINTMARK_STORE", raising=False)
    keep_text("runs", "1", "x", tmp_path)
    share_files("windows/m", tmp_path, "*")
    bring_files("windows/m", tmp_path / "other")
    assert kept_text("runs", "1", tmp_path) is None and shared_url() is None
    assert dvc_remote_settings("/home/remote") == {"url": "/home/remote"}
    with shared_checkpoints(tmp_path / "key"):
        pass
    with pytest.raises(UserError, match=f"and not in {Home(tmp_path).dvc_remote}"):
        find_content(Home(tmp_path), "0" * 32)


def test_another_remote_is_where_content_is_looked_for(
    store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere, home = tmp_path / "elsewhere", Home(tmp_path / "home")
    monkeypatch.setenv("MINTMARK_DVC_REMOTE", str(elsewhere))
    kept = elsewhere / "files" / "md5" / "00" / ("0" * 30)
    kept.parent.mkdir(parents=True)
    kept.write_text("rows")
    assert find_content(home, "0" * 32) == kept
    assert open_remote(home).url == str(elsewhere)
    monkeypatch.setenv("MINTMARK_DVC_REMOTE", "gs://b/dvc")
    with pytest.raises(UserError, match="DVC's remote gs://b/dvc is of a kind"):
        find_content(home, "0" * 32)


def test_settings_of_the_remote(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINTMARK_STORE", "s3://b/p/")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "https://s3.lan")
    monkeypatch.setenv("AWS_CA_BUNDLE", "/ca.pem")
    shared = {"url": "s3://b/p/dvc", "verify": "true"}
    named = {"endpointurl": "https://s3.lan", "ssl_verify": "/ca.pem"}
    assert dvc_remote_settings("/x") == shared | named
    monkeypatch.setenv("MINTMARK_DVC_REMOTE", "gs://b/dvc")
    assert dvc_remote_settings("/x") == {"url": "gs://b/dvc", "verify": "true"}
    monkeypatch.setenv("MINTMARK_STORE", "/mnt/shared")
    with pytest.raises(UserError, match="MINTMARK_STORE '/mnt/shared': accepted is s3://"):
        shared_url()


def test_one_noise_for_all_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINTMARK_NOISE_KEY", "0f" * 32)
    assert noise_key() == b"\x0f" * 32
    monkeypatch.setenv("MINTMARK_NOISE_KEY", "secret words")
    with pytest.raises(UserError, match="accepted are 64 hexadecimal") as refused:
        noise_key()
    assert "secret words" not in str(refused.value)
