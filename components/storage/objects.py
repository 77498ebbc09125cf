"""Objects of an S3 bucket as files: sent in parts, tried again, checked whenever they are read.

Credentials, endpoint, region and certificates come by boto3's standard chain. A request that
fails is tried again by botocore, waiting longer each time with jitter (`AWS_MAX_ATTEMPTS`); an
object whose bytes are not those that were sent is read again, and never handed out.
"""

import hashlib
import logging
import os
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from components.errors import Unavailable, UserError
from components.storage.s3_errors import told_as_users_errors

logger = logging.getLogger(__name__)

_SHA256 = "sha256"
"""The name under which an object of ours bears the hash of its bytes."""
_READS = 6
_PART_BYTES = 8 * 1024 * 1024
_ATTEMPTS = 8


@dataclass(frozen=True)
class Found:
    """An object that is there: its name below the prefix, size and when it was written."""

    name: str
    num_bytes: int
    written: datetime


@dataclass(frozen=True)
class Upload:
    """An upload in parts that was begun and not ended."""

    name: str
    identifier: str
    begun: datetime


@dataclass(frozen=True)
class Objects:
    """The objects of a bucket below a prefix, by their names after it."""

    bucket: str
    prefix: str

    def key(self, name: str) -> str:
        """The whole key of an object."""
        return f"{self.prefix}/{name}" if self.prefix else name

    @property
    def url(self) -> str:
        """The address of the prefix."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    def put(self, path: Path, name: str) -> None:
        """Send a file, in parts where it is large; it is there wholly or not at all."""
        extra = {"Metadata": {_SHA256: _file_hash(path, "sha256")}}
        with told_as_users_errors(f"write {self.url}/{name}"):
            s3_client().upload_file(
                str(path), self.bucket, self.key(name), ExtraArgs=extra, Config=_transfer()
            )

    def fetch(self, name: str, path: Path, *, md5: str | None = None) -> None:
        """Bring an object to `path`, whole and checked, by `md5` where the caller knows it."""
        fetch(self.bucket, self.key(name), path, md5=md5)

    def has(self, name: str) -> bool:
        """True where there is an object of this name."""
        from botocore.exceptions import ClientError

        with told_as_users_errors(f"read {self.url}/{name}"):
            try:
                s3_client().head_object(Bucket=self.bucket, Key=self.key(name))
            except ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                    return False
                raise
            return True

    def list(self, below: str = "") -> Iterator[Found]:
        """Every object whose name begins with `below`."""
        with told_as_users_errors(f"list {self.url}"):
            pages = s3_client().get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self.bucket, Prefix=self.key(below)):
                for item in page.get("Contents", ()):
                    name = item["Key"].removeprefix(self.prefix).lstrip("/")
                    yield Found(name, item["Size"], item["LastModified"])

    def delete(self, name: str) -> None:
        """Delete an object; none of this name is no error."""
        with told_as_users_errors(f"delete {self.url}/{name}"):
            s3_client().delete_object(Bucket=self.bucket, Key=self.key(name))

    def uploads(self) -> Iterator[Upload]:
        """The uploads in parts below the prefix that were not ended."""
        with told_as_users_errors(f"list {self.url}"):
            pages = s3_client().get_paginator("list_multipart_uploads")
            for page in pages.paginate(Bucket=self.bucket, Prefix=self.key("")):
                for item in page.get("Uploads", ()):
                    name = item["Key"].removeprefix(self.prefix).lstrip("/")
                    yield Upload(name, item["UploadId"], item["Initiated"])

    def abort(self, upload: Upload) -> None:
        """Give an upload up: its parts take space until then."""
        with told_as_users_errors(f"write {self.url}/{upload.name}"):
            s3_client().abort_multipart_upload(
                Bucket=self.bucket, Key=self.key(upload.name), UploadId=upload.identifier
            )


def open_objects(url: str) -> Objects:
    """The objects below `s3://BUCKET/PREFIX`; raises UserError for another address."""
    parts = urlsplit(url, allow_fragments=False)
    if parts.scheme != "s3" or not parts.netloc:
        raise UserError(f"{url!r}: accepted is s3://BUCKET/PREFIX")
    return Objects(parts.netloc, parts.path.strip("/"))


@cache
def _client_of(process: int, surroundings: tuple[tuple[str, str], ...]) -> Any:
    from boto3.session import Session
    from botocore.config import Config

    attempts = int(dict(surroundings).get("AWS_MAX_ATTEMPTS", _ATTEMPTS))
    retries = {"mode": "standard", "total_max_attempts": attempts}
    settings = Config(connect_timeout=5, read_timeout=60, retries=retries)
    return Session().client("s3", config=settings)


def s3_client() -> Any:
    """boto3's client for this process; another where the variables of AWS are others."""
    surroundings = sorted(item for item in os.environ.items() if item[0].startswith("AWS_"))
    return _client_of(os.getpid(), tuple(surroundings))


def fetch(bucket: str, key: str, path: Path, *, md5: str | None = None) -> None:
    """Bring an object to `path`: first beside it, then, its bytes being right, into its place.

    They are compared with `md5`, with the hash that `Objects.put` left, or with the ETag. Bytes
    that differ, or do not all come, are read again, `_READS` times in all, a random while apart.
    Raises UserError where they stay wrong, or where access is refused; Unavailable where the
    connection breaks each time.
    """
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    uri = f"s3://{bucket}/{key}"
    try:
        with told_as_users_errors(f"read {uri}"):
            for attempt in range(1, _READS + 1):
                fault = _read(bucket, key, partial, md5)
                if fault is None:
                    partial.replace(path)
                    return
                logger.warning("%s was read wrongly, attempt %d: %s", uri, attempt, fault)
                time.sleep(random.uniform(0, min(5.0, 0.1 * 2**attempt)))
        kind = Unavailable if isinstance(fault, Exception) else UserError
        raise kind(f"{uri} was read {_READS} times and never rightly: {fault}")
    finally:
        partial.unlink(missing_ok=True)


def _read(bucket: str, key: str, path: Path, md5: str | None) -> str | Exception | None:
    """Read an object once; what was wrong with it, None where nothing was.

    In words where its bytes were wrong, what broke the connection where they did not all come.
    """
    from boto3.exceptions import RetriesExceededError
    from botocore.exceptions import FlexibleChecksumError

    head = s3_client().head_object(Bucket=bucket, Key=key)
    try:
        s3_client().download_file(bucket, key, str(path), Config=_transfer())
    except FlexibleChecksumError as error:
        return str(error)
    except RetriesExceededError as error:
        broken: Exception = error.last_exception
        return broken
    return _fault(path, head, md5, lambda: _first_part(bucket, key))


def _fault(
    path: Path, head: dict[str, Any], md5: str | None, first_part: Callable[[], int]
) -> str | None:
    """What is wrong with bytes that were read, in words, None where they are those that lie there.

    An object that is encrypted by a key of its owner's, and was not put by us, bears no hash of
    its bytes: of it, the length alone is compared, beside what boto3 checks itself.
    """
    if path.stat().st_size != head["ContentLength"]:
        return f"{path.stat().st_size} bytes instead of {head['ContentLength']}"
    sent, etag = head.get("Metadata", {}).get(_SHA256), head.get("ETag", "").strip('"')
    if sent is not None:
        found, wanted = _file_hash(path, "sha256"), sent
    elif md5 is not None:
        found, wanted = _file_hash(path, "md5"), md5
    elif str(head.get("ServerSideEncryption", "")).startswith("aws:kms"):
        return None
    elif "-" in etag:
        found, wanted = _parts_hash(path, first_part(), int(etag.partition("-")[2])), etag
    else:
        found, wanted = _file_hash(path, "md5"), etag
    return None if found == wanted else f"its hash is {found} instead of {wanted}"


def _first_part(bucket: str, key: str) -> int:
    """How large the parts were that an object was sent in."""
    answer = s3_client().head_object(Bucket=bucket, Key=key, PartNumber=1)
    return int(answer["ContentLength"])


def _parts_hash(path: Path, part_bytes: int, num_parts: int) -> str:
    """The ETag of a file that was sent in parts."""
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while part := file.read(part_bytes):
            digest.update(hashlib.md5(part, usedforsecurity=False).digest())
    return f"{digest.hexdigest()}-{num_parts}"


def _file_hash(path: Path, algorithm: str) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def _transfer() -> Any:
    from boto3.s3.transfer import TransferConfig

    return TransferConfig(multipart_threshold=_PART_BYTES, multipart_chunksize=_PART_BYTES)
