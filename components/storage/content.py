"""Content by its hash, as DVC names it: what refers to it, and what is kept of it."""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from components.errors import UserError
from components.storage.home import Home

_DIRECTORY = ".dir"
_HASH = re.compile(r"\b[0-9a-f]{32}(?:\.dir)?\b")
_PREFIX = re.compile(r"[0-9a-f]{2}")
_REST = re.compile(r"[0-9a-f]{30}(?:\.dir)?")


def hashes_in(text: str) -> set[str]:
    """Everything in `text` that may be a content hash: rather too much than too little."""
    return set(_HASH.findall(text))


def hashes_on_disk(home: Home, project: Path, workspaces: Iterable[Path]) -> set[str]:
    """What the checkout, these workspaces (also those inside one) and the releases refer to."""
    files = [project / "dvc.lock"]
    files += [lock for workspace in workspaces for lock in sorted(workspace.rglob("dvc.lock"))]
    files += sorted(home.releases.rglob("*.dvc"))
    return {found for file in files if file.is_file() for found in hashes_in(file.read_text())}


def with_members(hashes: Iterable[str], stores: Iterable[Path]) -> set[str]:
    """`hashes` and, of each directory among them, its files, as its listing in a store has them.

    A directory that no store lists is not kept here, and neither can its files be told.
    """
    known = set(hashes)
    stores = list(stores)
    for name in [name for name in known if name.endswith(_DIRECTORY)]:
        listings = (store / "files" / "md5" / name[:2] / name[2:] for store in stores)
        listing = next((path for path in listings if path.is_file()), None)
        if listing is not None:
            known |= _members(listing)
    return known


def _members(listing: Path) -> set[str]:
    try:
        return {entry["md5"] for entry in json.loads(listing.read_text())}
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{listing} is no listing of a directory ({error}): what it refers to cannot be told "
            "from what nothing needs; delete it if it is damaged"
        ) from error


def stored(store: Path) -> Iterator[tuple[str, Path]]:
    """Every content in a store, a cache or a remote: hash and file. No link is followed."""
    folder = store / "files" / "md5"
    for prefix in sorted(folder.iterdir()) if folder.is_dir() else ():
        if prefix.is_symlink() or not prefix.is_dir() or not _PREFIX.fullmatch(prefix.name):
            continue
        for path in sorted(prefix.iterdir()):
            if not path.is_symlink() and path.is_file() and _REST.fullmatch(path.name):
                yield prefix.name + path.name, path
