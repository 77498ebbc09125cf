"""What is wrong with stored content: found first, mended only when asked, never made worse."""

import hashlib
import json
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from pathlib import Path

import psutil

from components.errors import UserError
from components.storage.home import Home
from components.storage.objects import Found, Objects, open_objects
from components.storage.places import shared_url
from components.storage.run_cache import forget, lost_entries
from components.storage.stores import Folder, Store, as_file, open_remote

_CONTENT = "files/md5/"
_PARTIAL = (".part", ".partial")
DAY = timedelta(days=1)


class Fault(StrEnum):
    """Kinds of what can be wrong."""

    LOST = "content that a version needs is nowhere"
    UNSENT = "content that a version needs is in the cache alone"
    DAMAGED = "content has other bytes than its name says"
    FORGETFUL = "the run-cache promises content that is nowhere"
    ORPHAN = "content in the shared store that nothing refers to"
    HALF = "a file or an upload that was never ended"
    STALE_LOCK = "a lock whose holder is gone"
    NO_FILES = "a version whose files are missing"
    HALF_RELEASE = "a release whose making was broken off"
    HALF_PACKAGE = "a package whose making was broken off"
    OPEN_RUN = "a run that nobody goes on with"


@dataclass(frozen=True)
class Finding:
    """One fault: what it is about, and how it is mended, or what a person has to do."""

    fault: Fault
    about: str
    mend: Callable[[], None] | None
    advice: str

    @property
    def can_be_mended(self) -> bool:
        """True where `mend` puts it right."""
        return self.mend is not None


def examine_content(
    home: Home, needed: Mapping[str, str], *, read_bytes: bool, keep_days: float
) -> Iterator[Finding]:
    """Every fault of the cache, the remote and their run-caches.

    `needed` maps each content hash that a version refers to, to who does. With `read_bytes` all
    content is read and compared with its name. What changed in the last `keep_days` is no orphan.
    """
    cache, remote = Folder(home.dvc_cache), open_remote(home)
    stores = {"the cache": cache, "the remote": remote}
    stored = {place: _stored(store) for place, store in stores.items()}
    if read_bytes:
        for place, other in (("the cache", "the remote"), ("the remote", "the cache")):
            yield from _damaged(stores, stored, place, other)
    whole = _with_members(needed, stores)
    here, there = stored["the cache"], stored["the remote"]
    for md5, who in sorted(whole.items()):
        if md5 not in here and md5 not in there:
            advice = "bring it back from a backup (`mintmark restore` elsewhere), or train again"
            yield Finding(Fault.LOST, f"{md5}, of {who}", None, advice)
        elif md5 not in there:
            yield Finding(
                Fault.UNSENT, f"{md5}, of {who}", _sender(cache, remote, md5), "it is sent"
            )
    known = set(here) | set(there)
    if known:
        yield from _forgetful(cache, remote, known)
    if isinstance(remote, Objects) and needed:
        yield from _orphans(remote, there, set(whole), keep_days)


def examine_leftovers(home: Home) -> Iterator[Finding]:
    """Files and uploads that were never ended, and locks that nobody holds, older than a day."""
    before = datetime.now(UTC) - DAY
    kept = (home.quarantine, home.releases, home.reports)
    for folder in (home.checkpoints, home.root / "dvc", *kept, home.services):
        store = Folder(folder)
        for found in store.list():
            if found.name.endswith(_PARTIAL) and found.written < before:
                path = store.root / found.name
                yield Finding(Fault.HALF, str(path), path.unlink, "it is deleted")
    shared = shared_url()
    if shared:
        objects = open_objects(shared)
        for upload in objects.uploads():
            if upload.begun < before:
                yield Finding(
                    Fault.HALF,
                    f"{objects.url}/{upload.name}, sent in parts since {upload.begun:%F}",
                    partial(objects.abort, upload),
                    "its parts are deleted",
                )
    for path in sorted(home.root.glob("*/**/.dvc/tmp/rwlock")):
        if _is_held_by_nobody(path):
            yield Finding(Fault.STALE_LOCK, str(path), path.unlink, "it is deleted")


def _stored(store: Store) -> dict[str, Found]:
    """The content of a store by its hash."""
    return {
        found.name.removeprefix(_CONTENT).replace("/", ""): found
        for found in store.list(_CONTENT)
        if not found.name.endswith(_PARTIAL)
    }


def _name(md5: str) -> str:
    return f"{_CONTENT}{md5[:2]}/{md5[2:]}"


def _damaged(
    stores: Mapping[str, Store], stored: Mapping[str, dict[str, Found]], place: str, other: str
) -> Iterator[Finding]:
    """Content of one place with wrong bytes; it is put right from the other where that is whole.

    It is taken out of `stored`, so that what follows does not count on it.
    """
    for md5 in sorted(stored[place]):
        if _is_whole(stores[place], md5):
            continue
        del stored[place][md5]
        where = f"{md5} in {place}"
        if md5 in stored[other] and _is_whole(stores[other], md5):
            mend = _replacer(stores[other], stores[place], md5)
            yield Finding(Fault.DAMAGED, where, mend, f"it is taken from {other}")
        else:
            delete = _deleter(stores[place], md5)
            yield Finding(Fault.DAMAGED, where, delete, "it is deleted, so that nobody uses it")


def _is_whole(store: Store, md5: str) -> bool:
    try:
        with as_file(store, _name(md5)) as path, path.open("rb") as file:
            return hashlib.file_digest(file, "md5").hexdigest() == md5.removesuffix(".dir")
    except UserError:  # its bytes are not those that were sent
        return False


def _sender(source: Store, target: Store, md5: str) -> Callable[[], None]:
    def send() -> None:
        with as_file(source, _name(md5)) as path:
            target.put(path, _name(md5))

    return send


def _replacer(source: Store, target: Store, md5: str) -> Callable[[], None]:
    def replace() -> None:
        target.delete(_name(md5))
        _sender(source, target, md5)()

    return replace


def _deleter(store: Store, md5: str) -> Callable[[], None]:
    return lambda: store.delete(_name(md5))


def _with_members(needed: Mapping[str, str], stores: Mapping[str, Store]) -> dict[str, str]:
    """`needed`, and the files of each directory in it."""
    whole = dict(needed)
    for md5, who in needed.items():
        for store in stores.values() if md5.endswith(".dir") else ():
            if store.has(_name(md5)):
                try:
                    with as_file(store, _name(md5)) as path:
                        whole |= {entry["md5"]: who for entry in json.loads(path.read_text())}
                    break
                except (UserError, ValueError, KeyError, TypeError):
                    continue  # damaged: found as such where bytes are read
    return whole


def _forgetful(cache: Folder, remote: Store, known: Collection[str]) -> Iterator[Finding]:
    folders = [cache.root] + ([remote.root] if isinstance(remote, Folder) else [])
    for root in folders:
        for entry in lost_entries(root, known):
            yield Finding(
                Fault.FORGETFUL,
                str(entry.relative_to(root)),
                partial(forget, entry),
                "the entry is deleted, and the work is done again when it is asked for",
            )


def _orphans(
    remote: Objects, there: Mapping[str, Found], needed: set[str], keep_days: float
) -> Iterator[Finding]:
    """Old content of the shared store that no version needs, listings first."""
    before = datetime.now(UTC) - timedelta(days=keep_days)
    for md5 in sorted(set(there) - needed, key=lambda md5: not md5.endswith(".dir")):
        if there[md5].written < before:
            yield Finding(
                Fault.ORPHAN,
                f"{md5}, {there[md5].num_bytes} bytes, of {there[md5].written:%F}",
                _deleter(remote, md5),
                "it is deleted",
            )


def _is_held_by_nobody(path: Path) -> bool:
    """True for DVC's lock of an old age all of whose holders are gone."""
    if time.time() - path.stat().st_mtime < DAY.total_seconds():
        return False
    try:
        held = json.loads(path.read_text() or "{}")
    except ValueError:
        return True
    return not any(psutil.pid_exists(pid) for pid in _numbers(held, "pid"))


def _numbers(held: object, key: str) -> Iterator[int]:
    if isinstance(held, dict):
        if isinstance(held.get(key), int):
            yield held[key]
        for value in held.values():
            yield from _numbers(value, key)
    elif isinstance(held, list):
        for value in held:
            yield from _numbers(value, key)
