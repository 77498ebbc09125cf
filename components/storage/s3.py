"""Objects of an S3 bucket as local files. Credentials and endpoint by boto3's standard chain."""

import fnmatch
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from components.errors import UserError

_WILDCARD = re.compile(r"[*?\[]")


def download(uri: str, folder: Path, suffixes: Sequence[str]) -> list[Path]:
    """The objects at `uri` (a key, a prefix or a glob) as files in `folder`, sorted by key.

    Raises UserError where the endpoint does not answer, access is denied or nothing matches.
    """
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError

    bucket, key = _split(uri)
    try:
        client = _client()
        keys = sorted(_matching_keys(client, bucket, key, suffixes))
        paths = [folder / f"{number:06}-{Path(found).name}" for number, found in enumerate(keys)]
        for found, path in zip(keys, paths, strict=True):
            client.download_file(bucket, found, str(path))
    except (BotoCoreError, ClientError, Boto3Error, ValueError) as error:
        raise UserError(f"cannot read {uri}: {error}") from error
    if not paths:
        raise UserError(f"no data at {uri!r}: no object there ends in {', '.join(suffixes)}")
    return paths


def check_endpoint() -> None:
    """Raise UserError where the S3 endpoint does not answer or refuses the credentials."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        _client().list_buckets()
    except (BotoCoreError, ClientError, ValueError) as error:
        raise UserError(f"S3 cannot be used: {error}") from error


def _split(uri: str) -> tuple[str, str]:
    parts = urlsplit(uri, allow_fragments=False)
    key = parts.path.lstrip("/") + (f"?{parts.query}" if parts.query else "")
    if not parts.netloc:
        raise UserError(f"{uri!r} names no bucket; accepted is s3://BUCKET/KEY")
    return parts.netloc, key


def _client() -> Any:
    from boto3.session import Session
    from botocore.config import Config

    settings = Config(connect_timeout=5, read_timeout=60, retries={"max_attempts": 3})
    return Session().client("s3", config=settings)


def _matching_keys(
    client: Any, bucket: str, pattern: str, suffixes: Sequence[str]
) -> Iterator[str]:
    wildcard = _WILDCARD.search(pattern)
    prefix = pattern[: wildcard.start()] if wildcard else pattern
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for item in page.get("Contents", ()):
            key = item["Key"]
            inside = key == pattern or key.startswith(f"{pattern.rstrip('/')}/") or not pattern
            wanted = fnmatch.fnmatchcase(key, pattern) if wildcard else inside
            if wanted and key.endswith(tuple(suffixes)):
                yield key
