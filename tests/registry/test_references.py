"""Collecting by what a real registry refers to: counts, bytes, dry runs, one at a time."""

import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock
from mlflow import MlflowClient

from components.errors import UserError
from components.registry.references import collect_unreferenced, referenced_hashes
from components.registry.tracking import connect
from components.storage.dvc import cached_file
from components.storage.home import Home
from components.storage.retention import DAY, Kind
from flows.collected import collected_lines

LATER = 15 * DAY


def keep(home: Home, content: bytes) -> str:
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    path = cached_file(home, md5)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return md5


def register(client: MlflowClient, name: str, tags: dict[str, str]) -> None:
    client.create_registered_model(name)
    client.create_model_version(name, "runs:/none/generator", tags=tags)


def test_content_of_every_version_and_release_is_referred_to(
    tmp_path: Path, home_in: Callable[[Path], Home]
) -> None:
    client = connect(home_in(tmp_path))
    client.create_registered_model("many")
    wanted = {f"{number:032x}" for number in range(1, 6)}
    for md5 in sorted(wanted):
        tags = {"mintmark.content_keys": json.dumps({"data/prepared/train.parquet": md5})}
        client.create_model_version("many", "runs:/none/generator", tags=tags)
    register(client, "many-release", {"mintmark.md5": "f" * 32})
    assert referenced_hashes(client) == wanted | {"f" * 32}


def test_unreferenced_content_goes_and_a_dry_run_only_says_so(
    tmp_path: Path, home_in: Callable[[Path], Home]
) -> None:
    home = home_in(tmp_path)
    client = connect(home)
    kept, released, lost = (keep(home, text) for text in (b"rows", b"release", b"x" * 2500))
    register(client, "people", {"mintmark.content_keys": json.dumps({"rows": kept})})
    register(client, "people-release", {"mintmark.md5": released})
    for dry_run in (True, False):
        done = collect_unreferenced(
            client, home, tmp_path, keep_days=14, dry_run=dry_run, now=time.time() + LATER
        )
        assert (done.counts, done.total_bytes, done.held) == ({Kind.CACHED: 1}, 2500, "")
        assert collected_lines(done)[1] == "cached files: 1, 2 KB"
        assert collected_lines(done)[0].startswith("would free" if dry_run else "freed")
        assert cached_file(home, lost).exists() is dry_run
    assert cached_file(home, kept).exists() and cached_file(home, released).exists()


def test_young_content_and_an_empty_registry_are_left_alone(
    tmp_path: Path, home_in: Callable[[Path], Home]
) -> None:
    home = home_in(tmp_path)
    client = connect(home)
    md5 = keep(home, b"rows")
    done = collect_unreferenced(client, home, tmp_path, keep_days=14, now=time.time() + LATER)
    assert done.counts == {} and "no version is registered" in collected_lines(done)[-1]
    register(client, "people", {"mintmark.md5": "f" * 32})
    assert collect_unreferenced(client, home, tmp_path, keep_days=14).counts == {}
    assert cached_file(home, md5).exists()


def test_one_collection_at_a_time(tmp_path: Path, home_in: Callable[[Path], Home]) -> None:
    home = home_in(tmp_path)
    client = connect(home)
    with FileLock(home.locks / "collect.lock"), pytest.raises(UserError, match="under way"):
        collect_unreferenced(client, home, tmp_path, keep_days=14)
