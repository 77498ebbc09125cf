"""Rows from a real S3 server: keys, prefixes, globs, content hashes, refusals."""

from collections.abc import Iterator
from pathlib import Path

import boto3
import numpy as np
import pandas as pd
import pytest

from components.config import ImagesConfig
from components.data.images.rows import png_bytes
from components.data.images.sources import hash_image_source, read_image_source
from components.data.sources import hash_source, read_source
from components.errors import UserError
from components.storage.s3 import check_endpoint
from tests.storage.seaweed import S3Server, s3_server

PNG = png_bytes(np.zeros((9, 9, 1), dtype=np.uint8))
ROWS = pd.DataFrame({"a": range(5), "b": list("vwxyz")})


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with s3_server(tmp_path_factory.mktemp("s3")) as started:
        folder = tmp_path_factory.mktemp("objects")
        client = boto3.client(
            "s3",
            endpoint_url=started.url,
            aws_access_key_id=started.key,
            aws_secret_access_key=started.secret,
            region_name="us-east-1",
        )
        client.create_bucket(Bucket="lab")
        for number in (1, 2):
            path = folder / f"part{number}.parquet"
            ROWS.assign(a=number).to_parquet(path)
            client.upload_file(str(path), "lab", f"runs/{path.name}")
        ROWS.to_csv(folder / "t.csv", index=False)
        client.upload_file(str(folder / "t.csv"), "lab", "t.csv")
        client.put_object(Bucket="lab", Key="runs/notes.txt", Body=b"not a table")
        for key in ("pets/cat/1.png", "pets/cat/2.png", "pets/dog/1.png", "pets/dog/far/1.png"):
            client.put_object(Bucket="lab", Key=key, Body=PNG)
        yield started


@pytest.fixture(autouse=True)
def credentials(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in server.variables.items():
        monkeypatch.setenv(name, value)


def test_reads_one_object() -> None:
    pd.testing.assert_frame_equal(read_source("s3://lab/t.csv").frame, ROWS, check_dtype=False)


@pytest.mark.parametrize("uri", ["s3://lab/runs", "s3://lab/runs/", "s3://lab/runs/part*.parquet"])
def test_reads_prefixes_and_globs_in_order(uri: str) -> None:
    assert read_source(uri).frame["a"].tolist() == [1] * 5 + [2] * 5


def test_hash_is_that_of_the_same_bytes_on_disk(tmp_path: Path) -> None:
    ROWS.to_csv(tmp_path / "t.csv", index=False)
    assert hash_source("s3://lab/t.csv") == hash_source(str(tmp_path / "t.csv"))


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("s3://lab/none.csv", "no data at 's3://lab/none.csv'"),
        ("s3://nowhere/t.csv", "cannot read s3://nowhere/t.csv: .*NoSuchBucket"),
        ("s3:///t.csv", "names no bucket"),
    ],
)
def test_refuses_what_is_not_there(uri: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        read_source(uri)


def test_refuses_wrong_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    with pytest.raises(UserError, match=r"cannot read s3://lab/t\.csv"):
        read_source("s3://lab/t.csv")


def test_the_doctor_sees_the_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    check_endpoint()
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "2")
    with pytest.raises(UserError, match=r"cannot use S3: .*127.0.0.1:9"):
        check_endpoint()


def test_images_keep_the_folders_that_say_what_they_show(tmp_path: Path) -> None:
    found = read_image_source("s3://lab/pets/", ImagesConfig())
    assert found.facts["label"].tolist() == ["cat", "cat", "dog"]
    for name in ("cat/1.png", "cat/2.png", "dog/1.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(PNG)
    assert hash_image_source(str(tmp_path), ImagesConfig()) == found.sha256


def test_one_class_of_images_is_a_prefix_too() -> None:
    assert len(read_image_source("s3://lab/pets/cat", ImagesConfig()).images) == 2
