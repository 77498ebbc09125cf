"""Whatever is broken is found, told apart and mended where it can be; the rest is left alone."""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from mlflow import MlflowClient

from components.registry.consistency import examine
from components.registry.tags import KIND, RELEASE
from components.registry.tracking import connect, find_experiment
from components.storage.dvc import cached_file
from components.storage.faults import Fault, Finding
from components.storage.home import Home

LISTING = json.dumps([{"md5": hashlib.md5(b"inner", usedforsecurity=False).hexdigest()}]).encode()
DAYS = 3 * 24 * 3600.0


@pytest.fixture
def home(make_home: Callable[[str], Home]) -> Home:
    """A registry with a version, whose content is in the cache and the remote, and its files."""
    made = make_home("fsck")
    client = connect(made)
    rows = keep(made, b"rows")
    inner, listing = keep(made, b"inner"), keep(made, LISTING, directory=True)
    run = client.create_run(find_experiment(client, "people", made)).info.run_id
    client.log_text(run, "weights", "generator/weights.txt")
    client.set_terminated(run)
    client.create_registered_model("people")
    keys = {"rows": rows, "models/generator": listing}
    tags = {"mintmark.content_keys": json.dumps(keys)}
    client.create_model_version("people", f"runs:/{run}/generator", run, tags=tags)
    assert remote(made, inner).is_file()
    return made


def keep(home: Home, content: bytes, *, directory: bool = False) -> str:
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest() + (".dir" if directory else "")
    for path in (cached_file(home, md5), remote(home, md5)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return md5


def remote(home: Home, md5: str) -> Path:
    return home.dvc_remote / "files" / "md5" / md5[:2] / md5[2:]


def named(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def look(home: Home) -> list[Finding]:
    return list(examine(connect(home), home, read_bytes=True))


def faults(home: Home) -> list[Fault]:
    return [finding.fault for finding in look(home)]


def mend(home: Home) -> None:
    for finding in look(home):
        if finding.mend is not None:
            finding.mend()


def age(path: Path) -> None:
    old = time.time() - DAYS
    os.utime(path, (old, old))


def test_nothing_is_found_where_nothing_is_wrong(home: Home) -> None:
    assert look(home) == []


def test_content_that_was_not_sent_is_sent(home: Home) -> None:
    for content in (b"rows", b"inner"):
        remote(home, named(content)).unlink()
    assert faults(home) == [Fault.UNSENT] * 2
    mend(home)
    assert look(home) == [] and remote(home, named(b"inner")).read_bytes() == b"inner"


def test_changed_bytes_are_put_right_from_the_other_place(home: Home) -> None:
    cached_file(home, named(b"rows")).write_bytes(b"r0ws")
    remote(home, named(b"inner")).write_bytes(b"")
    assert Fault.DAMAGED in faults(home) and Fault.LOST not in faults(home)
    mend(home)
    assert look(home) == []
    assert cached_file(home, named(b"rows")).read_bytes() == b"rows"
    assert remote(home, named(b"inner")).read_bytes() == b"inner"


def test_content_that_is_nowhere_is_said_and_damage_everywhere_is_deleted(home: Home) -> None:
    for path in (cached_file(home, named(b"rows")), remote(home, named(b"rows"))):
        path.write_bytes(b"r0ws")
    assert faults(home) == [Fault.DAMAGED, Fault.DAMAGED, Fault.LOST]
    mend(home)
    (left,) = look(home)
    assert left.fault is Fault.LOST and not left.can_be_mended
    assert left.about == f"{named(b'rows')}, of people version 1"


def test_a_promise_of_the_run_cache_that_cannot_be_kept_is_forgotten(home: Home) -> None:
    entry = home.dvc_cache / "runs" / "ab" / "abc" / "def"
    entry.parent.mkdir(parents=True)
    entry.write_text(f"outs:\n- md5: {'0' * 32}\n  path: x\n")
    assert faults(home) == [Fault.FORGETFUL]
    mend(home)
    assert not entry.exists() and look(home) == []


def test_what_was_never_ended_goes_once_it_is_old(home: Home) -> None:
    partial = home.checkpoints / "key" / "step-1.99.partial"
    lock = home.workspaces / "run" / ".dvc" / "tmp" / "rwlock"
    for path, text in ((partial, "x"), (lock, '{"out": {"write": {"pid": 999999999}}}')):
        path.parent.mkdir(parents=True)
        path.write_text(text)
    assert look(home) == []
    age(partial)
    age(lock)
    assert faults(home) == [Fault.HALF, Fault.STALE_LOCK]
    mend(home)
    assert not partial.exists() and not lock.exists()


def test_a_lock_that_somebody_holds_stays(home: Home) -> None:
    lock = home.workspaces / "run" / ".dvc" / "tmp" / "rwlock"
    lock.parent.mkdir(parents=True)
    lock.write_text(json.dumps({"out": {"read": [{"pid": os.getpid()}]}}))
    age(lock)
    assert look(home) == []


def test_a_version_without_its_files_is_said(home: Home) -> None:
    shutil.rmtree(next((home.mlflow / "artifacts").glob("*/artifacts/generator")))
    (found,) = look(home)
    assert (found.fault, found.about) == (Fault.NO_FILES, "people version 1")
    assert not found.can_be_mended
    assert "`mintmark revoke model people@1 --why ...`" in found.advice
    client = connect(home)
    client.create_registered_model("people-release")
    client.create_model_version("people-release", "runs:/none/release", tags={KIND: RELEASE})
    advice = {finding.about: finding.advice for finding in look(home)}
    assert "`mintmark revoke release people@1 --why" in advice["people-release version 1"]


def test_releases_packages_and_runs_that_were_broken_off(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = connect(home)
    experiment = find_experiment(client, "people", home)
    run = client.create_run(experiment).info.run_id
    client.create_logged_model(experiment, name="generator", source_run_id=run)
    client.create_registered_model("people-release")
    client.log_text(run, "x", "release/rows.txt")
    client.create_model_version("people-release", f"runs:/{run}/release", run)
    assert look(home) == []
    later = time.time() + DAYS
    monkeypatch.setattr("components.registry.consistency.time.time", lambda: later)
    wanted = [Fault.HALF_RELEASE, Fault.HALF_PACKAGE]
    assert faults(home) == wanted
    mend(home)
    assert faults(home) == [Fault.OPEN_RUN]  # whose release is gone
    mend(home)
    assert look(home) == [] and _status(client, run) == "FAILED"


def test_packages_and_runs_beyond_the_first_page_are_found(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = connect(home)
    experiment = find_experiment(client, "people", home)
    for _ in range(2):
        run = client.create_run(experiment).info.run_id
        client.create_logged_model(experiment, name="generator", source_run_id=run)
    for name in ("search_runs", "search_logged_models", "search_experiments"):
        monkeypatch.setattr(client, name, partial(getattr(client, name), max_results=1))
    later = time.time() + DAYS
    monkeypatch.setattr("components.registry.consistency.time.time", lambda: later)
    found = [finding.fault for finding in examine(client, home)]
    assert found == [Fault.HALF_PACKAGE] * 2 + [Fault.OPEN_RUN] * 2


def _status(client: MlflowClient, run: str) -> str:
    return str(client.get_run(run).info.status)
