"""Checkpoints that another machine can go on from: kept in the shared store beside the folder."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from components.errors import UserError
from components.storage.objects import Objects, open_objects
from components.storage.places import shared_url

logger = logging.getLogger(__name__)

_SUFFIX = ".pt"
_SECONDS = 5.0
"""How old the newest checkpoint in the store may be."""


@contextmanager
def shared_checkpoints(folder: Path) -> Iterator[None]:
    """Bring what the store has of `folder`, then keep the store as the folder is, to the end.

    On a machine alone this does nothing. A store that does not answer costs the checkpoints that
    others could go on from, said in the log, and never the training.
    """
    url = shared_url()
    if url is None:
        yield
        return
    store = open_objects(f"{url}/checkpoints/{folder.name}")
    _bring(store, folder)
    ended = threading.Event()
    sender = threading.Thread(target=_send_until, args=(ended, store, folder), daemon=True)
    sender.start()
    try:
        yield
    finally:
        ended.set()
        sender.join()


def _bring(store: Objects, folder: Path) -> None:
    """The store's checkpoints, unless this machine has newer ones."""
    for found in store.list():
        path = folder / found.name
        if found.name.endswith(_SUFFIX) and ".." not in Path(found.name).parts:
            newest = max((p.name for p in path.parent.glob(f"*{_SUFFIX}")), default="")
            if path.name > newest:
                path.parent.mkdir(parents=True, exist_ok=True)
                store.fetch(found.name, path)
                logger.info("checkpoint %s came from %s", found.name, store.url)


def _send_until(ended: threading.Event, store: Objects, folder: Path) -> None:
    sent: dict[str, float] = {}
    while True:
        is_last = ended.wait(_SECONDS)
        try:
            _send(sent, store, folder)
        except UserError as error:
            logger.warning("checkpoints of %s are kept here alone: %s", folder.name, error)
        if is_last:
            return


def _send(sent: dict[str, float], store: Objects, folder: Path) -> None:
    """Send what is new, then delete what the folder has no more, so that one is always there."""
    here = {str(path.relative_to(folder)): path for path in folder.rglob(f"*{_SUFFIX}")}
    for name, path in sorted(here.items()):
        try:
            changed = path.stat().st_mtime
            if sent.get(name) != changed:
                store.put(path, name)
                sent[name] = changed
        except FileNotFoundError:  # a newer one has taken its place meanwhile
            continue
    for name in set(sent) - set(here):
        store.delete(name)
        del sent[name]
