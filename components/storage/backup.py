"""Backups: files by their content, each kept once, and a manifest that says which lay where.

A backup's manifest is written last: what was broken off before it is no backup. Another backup
to the same place copies only what is new.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import BaseModel, ConfigDict, ValidationError

from components.errors import UserError
from components.storage.stores import Store, as_file

FORMAT = 1
_CONTENT = "content"
_BACKUPS = "backups"


class Kept(BaseModel):
    """A file of a backup: the SHA-256 and the size of its bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sha256: str
    num_bytes: int


class Manifest(BaseModel):
    """A backup: when it was made, by which versions, and every file by area and name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = FORMAT
    when: str
    versions: dict[str, str]
    facts: dict[str, str]
    areas: dict[str, dict[str, Kept]]

    @property
    def num_files(self) -> int:
        """How many files it has."""
        return sum(map(len, self.areas.values()))

    @property
    def num_bytes(self) -> int:
        """How large they are together."""
        return sum(kept.num_bytes for files in self.areas.values() for kept in files.values())


def make_backup(
    place: Store,
    areas: Mapping[str, Iterable[tuple[str, Store, str]]],
    versions: dict[str, str],
    facts: dict[str, str],
) -> Manifest:
    """Copy files to `place` and write the manifest, which is returned.

    An area is a list of files: the name that it goes by, the store it lies in, its name there.
    """
    known = {found.name for found in place.list(f"{_CONTENT}/")}
    kept: dict[str, dict[str, Kept]] = {}
    for area, files in areas.items():
        kept[area] = {name: _keep(place, known, store, source) for name, store, source in files}
    when = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    manifest = Manifest(when=when, versions=versions, facts=facts, areas=kept)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "manifest.json"
        path.write_text(manifest.model_dump_json())
        place.put(path, f"{_BACKUPS}/{when}.json")
    return manifest


def _keep(place: Store, known: set[str], store: Store, source: str) -> Kept:
    with as_file(store, source) as path:
        kept = Kept(sha256=_sha256(path), num_bytes=path.stat().st_size)
        name = _content(kept)
        if name not in known:
            place.put(path, name)
            known.add(name)
    return kept


def list_backups(place: Store) -> list[str]:
    """When the backups at a place were made, the oldest first."""
    names = (found.name for found in place.list(f"{_BACKUPS}/"))
    return sorted(n.removeprefix(f"{_BACKUPS}/").removesuffix(".json") for n in names)


def read_backup(place: Store, when: str | None = None) -> Manifest:
    """A backup's manifest, by default of the newest; every file of it is there.

    Raises UserError where there is none, or where content is missing or cut short.
    """
    backups = list_backups(place)
    if not backups or (when is not None and when not in backups):
        known = ", ".join(backups) or "none"
        raise UserError(f"no backup {when or ''} at {place.url}; there are: {known}")
    with as_file(place, f"{_BACKUPS}/{when or backups[-1]}.json") as path:
        manifest = _read_manifest(path, when or backups[-1])
    if manifest.format != FORMAT:
        raise UserError(f"the backup has format {manifest.format}; accepted is {FORMAT}")
    sizes = {found.name: found.num_bytes for found in place.list(f"{_CONTENT}/")}
    for area, files in manifest.areas.items():
        for name, kept in files.items():
            if sizes.get(_content(kept)) != kept.num_bytes:
                raise UserError(f"the backup {manifest.when} is damaged: {area}/{name} is missing")
    return manifest


def _read_manifest(path: Path, when: str) -> Manifest:
    """A manifest, no file of which has a name that leads out of its area."""
    try:
        manifest = Manifest.model_validate_json(path.read_bytes())
    except (ValidationError, RecursionError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"the backup {when} cannot be read: {reason}") from error
    for files in manifest.areas.values():
        for name in files:
            check_name(name)
    return manifest


def check_name(name: str) -> None:
    """Raise UserError for a file's name that leads out of the folder it is to lie in."""
    if not name or name.startswith("/") or ".." in Path(name).parts or "\0" in name:
        raise UserError(f"the backup is damaged: {name!r} is no name within a folder")


def bring(place: Store, kept: Kept, path: Path) -> None:
    """Bring a file of a backup to `path`; raises UserError where its bytes are not the same."""
    path.parent.mkdir(parents=True, exist_ok=True)
    place.fetch(_content(kept), path)
    if _sha256(path) != kept.sha256:
        path.unlink()
        raise UserError(f"the backup is damaged: {_content(kept)} has other bytes than it had")


def restore_area(
    place: Store, files: Mapping[str, Kept], targets: Iterable[Store], folder: Path
) -> None:
    """Put an area's files into stores under their names, each checked against its hash."""
    targets = list(targets)
    for name in files:  # which may have been moved since the manifest was read
        check_name(name)
    for number, (name, kept) in enumerate(sorted(files.items())):
        path = folder / f"{number}"
        bring(place, kept, path)
        for target in targets:
            target.put(path, name)
        path.unlink()


def _content(kept: Kept) -> str:
    return f"{_CONTENT}/{kept.sha256[:2]}/{kept.sha256[2:]}"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
