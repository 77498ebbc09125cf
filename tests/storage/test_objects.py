"""Objects on a real S3 server behind a proxy that refuses, dawdles, cuts off and corrupts."""

import hashlib
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest
from boto3.s3.transfer import TransferConfig

from components.errors import Unavailable, UserError
from components.storage.objects import Objects, fetch, open_objects, s3_client
from tests.storage.proxy import Proxy, proxy_to
from tests.storage.seaweed import S3Server, s3_server

LARGE = bytes(range(256)) * 4096 * 18  # 18 MiB: sent in three parts


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with s3_server(tmp_path_factory.mktemp("s3")) as started:
        yield started


@pytest.fixture(scope="module")
def behind(server: S3Server) -> Iterator[tuple[Proxy, str]]:
    with proxy_to(server.url) as (proxy, url):
        yield proxy, url


@pytest.fixture
def proxy(
    server: S3Server, behind: tuple[Proxy, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Proxy]:
    for name, value in server.variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", behind[1])
    behind[0].calm()
    yield behind[0]


@pytest.fixture
def store(proxy: Proxy) -> Objects:
    if "lab" not in [bucket["Name"] for bucket in s3_client().list_buckets()["Buckets"]]:
        s3_client().create_bucket(Bucket="lab")
    return open_objects("s3://lab/some/where")


def put(store: Objects, folder: Path, name: str, content: bytes) -> None:
    (folder / "sent").write_bytes(content)
    store.put(folder / "sent", name)


def test_what_is_put_is_found_fetched_and_deleted(store: Objects, tmp_path: Path) -> None:
    put(store, tmp_path, "a/b.txt", b"hello")
    assert store.has("a/b.txt") and not store.has("a/c.txt")
    assert [(f.name, f.num_bytes) for f in store.list("a/")] == [("a/b.txt", 5)]
    store.fetch("a/b.txt", tmp_path / "got")
    assert (tmp_path / "got").read_bytes() == b"hello"
    store.delete("a/b.txt")
    assert not store.has("a/b.txt")


def test_a_large_file_goes_in_parts_and_comes_back_whole(store: Objects, tmp_path: Path) -> None:
    put(store, tmp_path, "large", LARGE)
    head = s3_client().head_object(Bucket="lab", Key="some/where/large")
    assert head["ETag"].strip('"').endswith("-3")
    store.fetch("large", tmp_path / "got")
    assert (tmp_path / "got").read_bytes() == LARGE


@pytest.mark.slow
def test_one_read_in_a_hundred_is_corrupted_and_none_is_used(
    store: Objects, proxy: Proxy, tmp_path: Path
) -> None:
    contents = {f"c/{n}": f"content {n}".encode() * 50 for n in range(20)}
    for name, content in contents.items():
        put(store, tmp_path, name, content)
    proxy.calm()
    proxy.corrupt, proxy.only = 0.01, "/c/"
    for _ in range(10):
        for name, content in contents.items():
            store.fetch(name, tmp_path / "got")
            assert (tmp_path / "got").read_bytes() == content
    assert proxy.corrupted >= 2 and proxy.reads == 200 + proxy.corrupted


@pytest.mark.parametrize(
    ("fault", "kind", "said", "reads"),
    [("corrupt", UserError, "", 6), ("cut", Unavailable, ".* 50 ", 30)],  # boto3 tries five times
)
def test_what_stays_wrong_is_refused_and_nothing_is_left(
    store: Objects,
    proxy: Proxy,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
    kind: type[UserError],
    said: str,
    reads: int,
) -> None:
    put(store, tmp_path, "bad", b"x" * 100)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    setattr(proxy, fault, 1.0)
    with pytest.raises(UserError, match=rf"s3://lab/some/where/bad was read 6 times{said}") as told:
        store.fetch("bad", tmp_path / "got")
    assert told.type is kind
    assert max(proxy.cuts, proxy.corrupted) == reads
    assert [path.name for path in tmp_path.iterdir()] == ["sent"]


def test_objects_of_others_are_checked_by_their_etag(
    store: Objects, proxy: Proxy, tmp_path: Path
) -> None:
    (tmp_path / "theirs").write_bytes(LARGE)
    parts = TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=7 << 20)
    s3_client().upload_file(str(tmp_path / "theirs"), "lab", "theirs", Config=parts)
    s3_client().put_object(Bucket="lab", Key="small", Body=b"abc" * 9)
    for share in (0.0, 0.15):
        proxy.corrupt = share
        for key, content in (("theirs", LARGE), *[("small", b"abc" * 9)] * 5):
            fetch("lab", key, tmp_path / "got")
            assert (tmp_path / "got").read_bytes() == content
        assert bool(proxy.corrupted) is bool(share)


def test_a_known_hash_decides(store: Objects, tmp_path: Path) -> None:
    s3_client().put_object(Bucket="lab", Key="known", Body=b"abc")
    md5 = hashlib.md5(b"abc", usedforsecurity=False).hexdigest()
    fetch("lab", "known", tmp_path / "got", md5=md5)
    with pytest.raises(UserError, match="never rightly: its hash is"):
        fetch("lab", "known", tmp_path / "other", md5="0" * 32)
    assert not (tmp_path / "other").exists()


def test_refusals_and_broken_connections_are_tried_again(
    store: Objects, proxy: Proxy, tmp_path: Path
) -> None:
    put(store, tmp_path, "often", b"y" * 1000)
    proxy.calm()  # the same faults whatever ran before
    proxy.refuse, proxy.cut = 0.3, 0.3
    for _ in range(5):
        store.fetch("often", tmp_path / "got")
        assert (tmp_path / "got").read_bytes() == b"y" * 1000
    assert proxy.refused and proxy.cuts


def test_a_slow_server_is_waited_for(store: Objects, proxy: Proxy, tmp_path: Path) -> None:
    proxy.seconds = 1.0
    put(store, tmp_path, "slow", b"z")
    store.fetch("slow", tmp_path / "got")
    assert (tmp_path / "got").read_bytes() == b"z"


def test_a_server_that_is_gone_is_one_line(
    store: Objects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(Unavailable, match=r"cannot read s3://lab/some/where/x: .*127.0.0.1:9"):
        store.fetch("x", tmp_path / "got")


def test_what_is_refused_for_now_is_told_from_what_is_for_good(
    store: Objects, proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    put(store, tmp_path, "there", b"x")
    proxy.refuse = 1.0
    for ask in (lambda: store.has("there"), lambda: put(store, tmp_path, "more", b"y")):
        with pytest.raises(Unavailable, match=r"503|SlowDown"):
            ask()
    proxy.calm()
    with pytest.raises(UserError) as missing:
        store.fetch("missing", tmp_path / "got")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    with pytest.raises(UserError, match="403") as forbidden:
        store.has("there")
    assert not {missing.type, forbidden.type} & {Unavailable}


@pytest.mark.parametrize(("hours", "way"), [(-3, "behind"), (3, "ahead of")])
def test_a_wrong_clock_is_named_and_may_be_put_right(
    store: Objects, hours: int, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = datetime.now(UTC) + timedelta(hours=hours)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda *_: moved.replace(tzinfo=None))
    monkeypatch.setattr("components.storage.s3_errors._now", lambda: moved)
    for ask in (lambda: store.has("x"), lambda: list(store.list())):
        with pytest.raises(Unavailable, match=rf"clock is 180 minutes {way} the server's"):
            ask()


def test_uploads_that_were_never_ended_are_found_and_given_up(store: Objects) -> None:
    s3_client().create_multipart_upload(Bucket="lab", Key="some/where/half")
    (upload,) = store.uploads()
    assert upload.name == "half"
    store.abort(upload)
    assert list(store.uploads()) == []


def test_a_server_with_a_certificate_of_ones_own(
    server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in server.variables.items():
        monkeypatch.setenv(name, value)
    files = ["-keyout", str(tmp_path / "key"), "-out", str(tmp_path / "ca.pem")]
    request = "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=127.0.0.1"
    request += " -addext subjectAltName=IP:127.0.0.1"
    subprocess.run([*request.split(), *files], check=True, capture_output=True)
    both = tmp_path / "both.pem"
    both.write_text((tmp_path / "key").read_text() + (tmp_path / "ca.pem").read_text())
    with proxy_to(server.url, both) as (_, url):
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", url)
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
        with pytest.raises(UserError, match="certificate verify failed"):
            open_objects("s3://lab").has("x")
        monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "ca.pem"))
        assert not open_objects("s3://lab").has("none")


def test_credentials_come_by_the_standard_chain(
    server: S3Server, proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    path = tmp_path / "credentials"
    path.write_text(
        f"[team]\naws_access_key_id = {server.key}\naws_secret_access_key = {server.secret}\n"
    )
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(path))
    monkeypatch.setenv("AWS_PROFILE", "team")
    assert not open_objects("s3://lab").has("none")
    assert boto3.session.Session().get_credentials().access_key == server.key
