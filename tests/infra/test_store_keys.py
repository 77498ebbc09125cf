"""Compose's S3 as its own script sets it up: who may do what with which key, on a real server."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from components.data.sources import read_source
from components.storage.dvc import DvcSession, output_hashes
from components.storage.objects import open_objects
from components.storage.places import STORE_VARIABLE
from tests.home import environment
from tests.infra.test_infra import INFRA, SERVICES
from tests.storage.seaweed import S3Server, s3_server
from tests.storage.test_dvc import workspace

BUCKET = "mintmark"


@dataclass(frozen=True)
class Keys:
    """The server, and a key and a secret that a worker has."""

    server: S3Server
    key: str
    secret: str

    @property
    def variables(self) -> dict[str, str]:
        """What boto3's standard chain reads, of a worker."""
        own = {"AWS_ACCESS_KEY_ID": self.key, "AWS_SECRET_ACCESS_KEY": self.secret}
        return self.server.variables | own


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keys]:
    """A server with what `s3.sh` writes, and with the bucket, made twice as by two `up`s."""
    folder = tmp_path_factory.mktemp("s3")
    with s3_server(folder) as server:
        server.kill()
        made = Keys(server, token_hex(8), token_hex(16))
        _configure(made)
        server.start()
        for _ in range(2):
            done = _make_bucket(server.variables)
            assert done.returncode == 0, done.stderr
        yield made


def _configure(keys: Keys) -> None:
    """Have the script write its files where the server looks for them, and start nothing."""
    folder = keys.server.folder
    (folder / "weed").write_text("#!/bin/sh\n")
    (folder / "weed").chmod(0o755)
    variables = {
        "PATH": f"{folder}:/usr/bin:/bin",
        "TMPDIR": str(folder),
        "S3_ACCESS_KEY": keys.server.key,
        "S3_SECRET_KEY": keys.server.secret,
        "S3_WORKER_ACCESS_KEY": keys.key,
        "S3_WORKER_SECRET_KEY": keys.secret,
        "S3_SIGNING_KEY": token_hex(16),
    }
    assert set(SERVICES["s3"]["environment"]) == {name for name in variables if "S3" in name}
    subprocess.run(["sh", str(INFRA / "compose/s3.sh")], env=variables, check=True)


def _make_bucket(variables: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    python, *arguments = SERVICES["bucket"]["entrypoint"]
    assert python == "python"
    return subprocess.run(
        [sys.executable, *arguments],
        env=environment(Path("/nowhere"), **variables),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def worker(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A worker's client, which this process has the key of; there is an `old` in each place."""
    for place in ("store", "data", "mlflow", "storeroom"):
        _client(keys.server.variables).put_object(Bucket=BUCKET, Key=f"{place}/old", Body=b"a\n1\n")
    for name, value in keys.variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv(STORE_VARIABLE, f"s3://{BUCKET}/store")
    return _client(keys.variables)


def _client(variables: dict[str, str]) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=variables["AWS_ENDPOINT_URL_S3"],
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        region_name=variables["AWS_DEFAULT_REGION"],
    )


def _is_allowed(act: Callable[[], Any]) -> bool:
    try:
        return "Errors" not in act()
    except ClientError as error:
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 403
        return False


def _acts(client: Any, place: str) -> dict[str, Callable[[], Any]]:
    """Everything that one may try in a place."""
    old, new = {"Key": f"{place}/old"}, {"Key": f"{place}/new"}
    calls: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
        "get": (client.get_object, old),
        "head": (client.head_object, old),
        "copy from": (
            client.copy_object,
            {"Key": "store/copy", "CopySource": f"{BUCKET}/{place}/old"},
        ),
        "list": (client.list_objects_v2, {"Prefix": f"{place}/"}),
        "uploads": (client.list_multipart_uploads, {"Prefix": f"{place}/"}),
        "put": (client.put_object, new | {"Body": b"x"}),
        "begin": (client.create_multipart_upload, new),
        "copy to": (client.copy_object, new | {"CopySource": f"{BUCKET}/store/old"}),
        "delete many": (client.delete_objects, {"Delete": {"Objects": [new]}}),
        "delete": (client.delete_object, old),
    }
    return {name: partial(call, Bucket=BUCKET, **more) for name, (call, more) in calls.items()}


READS = {"get", "head", "copy from", "list", "uploads"}
EVERYTHING = READS | {"put", "begin", "copy to", "delete many", "delete"}


@pytest.mark.parametrize(
    ("place", "allowed"),
    [("store", EVERYTHING), ("data", READS), ("mlflow", set()), ("storeroom", set())],
)
def test_a_worker_writes_the_store_and_reads_data(
    worker: Any, place: str, allowed: set[str]
) -> None:
    acts = _acts(worker, place)
    assert set(acts) == EVERYTHING
    assert {name for name, act in acts.items() if _is_allowed(act)} == allowed


def test_a_worker_has_no_say_over_buckets(worker: Any) -> None:
    acts = {
        "make": partial(worker.create_bucket, Bucket="another"),
        "delete": partial(worker.delete_bucket, Bucket=BUCKET),
        "open": partial(worker.put_bucket_acl, Bucket=BUCKET, ACL="public-read"),
        "list": partial(worker.list_objects_v2, Bucket=BUCKET),
    }
    assert [name for name, act in acts.items() if _is_allowed(act)] == []


def test_large_files_go_in_parts_and_data_is_read_by_its_prefix(
    worker: Any, keys: Keys, tmp_path: Path
) -> None:
    (tmp_path / "large").write_bytes(bytes(18 * 1024**2))
    open_objects(f"s3://{BUCKET}/store").put(tmp_path / "large", "large")
    assert worker.head_object(Bucket=BUCKET, Key="store/large")["ETag"].endswith('-3"')
    table = b"a,b\n1,2\n3,4\n"
    _client(keys.server.variables).put_object(Bucket=BUCKET, Key="data/t.csv", Body=table)
    for uri in ("data/t.csv", "data/", "data", "data/*.csv"):
        assert len(read_source(f"s3://{BUCKET}/{uri}").frame) == 2


def test_dvc_sends_and_brings_with_a_workers_key(worker: Any, tmp_path: Path) -> None:
    first, home = workspace(tmp_path / "a", "w", "echo 1 > out.txt")
    with DvcSession(first, home) as dvc:
        assert not dvc.reproduce("count", print)
        dvc.push()
    second, other = workspace(tmp_path / "b", "w", "echo 1 > out.txt")
    with DvcSession(second, other) as dvc:
        assert dvc.reproduce("count", print)
    assert (second / "out.txt").read_text() == "1\n"
    assert output_hashes(first) == output_hashes(second)


def test_only_workers_have_the_key_of_the_noise_and_none_has_all_of_s3() -> None:
    with_noise = [name for name, each in SERVICES.items() if _says(each, "NOISE_KEY")]
    with_all = [name for name, each in SERVICES.items() if _says(each, "${S3_ACCESS_KEY")]
    assert with_noise == ["worker"]
    assert with_all == ["s3", "bucket", "mlflow"]


def _says(service: dict[str, Any], word: str) -> bool:
    return any(word in f"{name}={value}" for name, value in service.get("environment", {}).items())
