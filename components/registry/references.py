"""What the registry refers to, and the collection of what neither it nor anything else does."""

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout
from mlflow import MlflowClient

from components.errors import UserError
from components.registry.versions import list_versions
from components.storage.content import hashes_in
from components.storage.home import Home
from components.storage.retention import Kind, Leftover, delete, find_leftovers


@dataclass(frozen=True)
class Collection:
    """What was collected, or would be in a dry run: how many and how many bytes, by kind.

    `held` says why cached content was left alone, empty where it was not.
    """

    counts: dict[Kind, int]
    num_bytes: dict[Kind, int]
    held: str
    dry_run: bool

    @property
    def total_bytes(self) -> int:
        """The bytes of all kinds."""
        return sum(self.num_bytes.values())


def referenced_hashes(client: MlflowClient) -> frozenset[str]:
    """All content that versions of models and releases refer to in their tags, also the revoked."""
    return frozenset(
        found
        for version in list_versions(client)
        for text in version.tags.values()
        for found in hashes_in(text)
    )


def collect_unreferenced(
    client: MlflowClient,
    home: Home,
    project: Path,
    *,
    keep_days: int,
    dry_run: bool = False,
    now: float | None = None,
) -> Collection:
    """Delete workspaces, checkpoints and content that are old and that nothing refers to.

    Nothing that changed in the last `keep_days` goes, nothing a process works in, nothing that a
    version, a release, the checkout or a workspace that stays refers to. A dry run deletes
    nothing. Raises UserError where another collection is under way.
    """
    home.locks.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(home.locks / "collect.lock", timeout=0):
            leftovers = find_leftovers(
                home,
                project,
                referenced_hashes(client),
                keep_days=keep_days,
                now=time.time() if now is None else now,
            )
            gone = leftovers.found if dry_run else tuple(delete(leftovers, home))
    except Timeout as error:
        raise UserError("another collection is under way; let it end") from error
    stayed = len(leftovers.found) - len(gone)
    held = leftovers.held or (stayed and f"{stayed} were needed again while this went on") or ""
    return _count(gone, held, dry_run)


def _count(gone: Iterable[Leftover], held: str, dry_run: bool) -> Collection:
    counts: Counter[Kind] = Counter()
    sizes: Counter[Kind] = Counter()
    for leftover in gone:
        counts[leftover.kind] += 1
        sizes[leftover.kind] += leftover.num_bytes
    return Collection(dict(counts), dict(sizes), held, dry_run)
