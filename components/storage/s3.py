"""Objects of an S3 bucket as local files. Credentials and endpoint by boto3's standard chain."""

import fnmatch
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from components.errors import UserError
from components.storage.objects import fetch, s3_client
from components.storage.s3_errors import told_as_users_errors

_WILDCARD = re.compile(r"[*?\[]")


def is_s3(uri: str) -> bool:
    """True for `s3://...`."""
    return uri.startswith("s3://")


def download(uri: str, folder: Path, suffixes: Sequence[str]) -> list[Path]:
    """The objects at `uri` (a key, a prefix or a glob) as files in `folder`, sorted by key.

    Raises UserError where the endpoint does not answer, access is denied or nothing matches.
    """
    return _download(uri, suffixes, lambda number, key: folder / f"{number:06}-{Path(key).name}")


def download_tree(uri: str, folder: Path, suffixes: Sequence[str]) -> list[Path]:
    """The same, each under the name that it has after the prefix, at most one folder deep.

    What lies deeper is left where it is. Raises UserError also for a name that is no path.
    """
    _, prefix = _split(uri)
    wildcard = _WILDCARD.search(prefix)
    start = prefix[: prefix.rfind("/", 0, wildcard.start()) + 1] if wildcard else prefix

    def place(_: int, key: str) -> Path | None:
        name = key.rpartition("/")[2] if key == prefix else key.removeprefix(start).strip("/")
        parts = name.split("/")
        if any(part in ("", ".", "..") or "\0" in part for part in parts):
            raise UserError(f"the object {key!r} at {uri} has a name that is no path")
        return folder.joinpath(*parts) if len(parts) <= 2 else None

    return _download(uri, suffixes, place)


def _download(
    uri: str, suffixes: Sequence[str], place: Callable[[int, str], Path | None]
) -> list[Path]:
    bucket, key = _split(uri)
    with told_as_users_errors(f"read {uri}"):
        keys = sorted(_matching_keys(s3_client(), bucket, key, suffixes))
        places = {found: place(number, found) for number, found in enumerate(keys)}
        paths = []
        for found, path in places.items():
            if path is not None:
                path.parent.mkdir(exist_ok=True)
                fetch(bucket, found, path)
                paths.append(path)
    if not paths:
        raise UserError(f"no data at {uri!r}: no object there ends in {', '.join(suffixes)}")
    return paths


def check_endpoint() -> None:
    """Raise UserError where the S3 endpoint does not answer or refuses the credentials."""
    with told_as_users_errors("use S3"):
        s3_client().list_buckets()


def _split(uri: str) -> tuple[str, str]:
    parts = urlsplit(uri, allow_fragments=False)
    key = parts.path.lstrip("/") + (f"?{parts.query}" if parts.query else "")
    if not parts.netloc:
        raise UserError(f"{uri!r} names no bucket; accepted is s3://BUCKET/KEY")
    return parts.netloc, key


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
            if wanted and key.lower().endswith(tuple(suffixes)):
                yield key
