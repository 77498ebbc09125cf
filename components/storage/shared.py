"""What machines share: one prefix in S3, or nothing where there is one machine alone.

`MINTMARK_STORE=s3://BUCKET/PREFIX` holds DVC's remote with its run-cache under `dvc/`, checkpoints
under `checkpoints/`, the settings of runs under `runs/`, what arrived under `windows/` and what is
trained on of that under `unions/`.
"""

import os
from pathlib import Path

from components.errors import UserError
from components.storage.dvc import cached_file
from components.storage.home import Home
from components.storage.objects import Objects, open_objects
from components.storage.places import shared_url
from components.storage.stores import Folder, open_remote


def shared_objects(part: str) -> Objects | None:
    """The objects under one part of the shared store, None on a machine alone."""
    url = shared_url()
    return None if url is None else open_objects(f"{url}/{part}")


def keep_text(part: str, name: str, text: str, folder: Path) -> None:
    """Put `text` where other machines find it; nothing to do on a machine alone."""
    store = shared_objects(part)
    if store is not None:
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f"{name.replace('/', '-')}.{os.getpid()}.part"
        draft.write_text(text)
        try:
            store.put(draft, name)
        finally:
            draft.unlink()


def kept_text(part: str, name: str, folder: Path) -> str | None:
    """What `keep_text` kept under this name on any machine, None where nothing is."""
    store = shared_objects(part)
    if store is None or not store.has(name):
        return None
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name.replace('/', '-')}.{os.getpid()}.part"
    try:
        store.fetch(name, path)
        return path.read_text()
    finally:
        path.unlink(missing_ok=True)


def bring_files(part: str, folder: Path) -> None:
    """Bring to `folder` the files that machines share and it has not; none on a machine alone.

    A name means the same bytes everywhere.
    """
    store = shared_objects(part)
    if store is None:
        return
    for found in store.list():
        path = folder / found.name
        if path.parent == folder and not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            store.fetch(found.name, path)


def share_files(part: str, folder: Path, pattern: str) -> None:
    """Have machines share the files in `folder` that match, and no others any more."""
    store = shared_objects(part)
    if store is None:
        return
    shared, here = {found.name for found in store.list()}, {p.name for p in folder.glob(pattern)}
    for name in sorted(here - shared):
        store.put(folder / name, name)
    for name in sorted(shared - here):
        store.delete(name)


def find_content(home: Home, md5: str) -> Path:
    """The file of this content hash: in the cache, brought there from S3, or in a remote folder.

    Raises UserError where neither the cache nor DVC's remote has it.
    """
    path = cached_file(home, md5)
    if path.is_file():
        return path
    name, remote = f"files/md5/{md5[:2]}/{md5[2:]}", open_remote(home)
    if not remote.has(name):
        raise UserError(
            f"content {md5} is not in the cache {home.dvc_cache}, and not in {remote.url}"
        )
    if isinstance(remote, Folder):
        return remote.root / name
    assert isinstance(remote, Objects)
    path.parent.mkdir(parents=True, exist_ok=True)
    remote.fetch(name, path, md5=md5.removesuffix(".dir"))
    return path
