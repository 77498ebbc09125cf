"""Handing a release out, and proving that it is what its card says."""

import hashlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import mlflow
from mlflow import MlflowClient

from components.data.records import read_record
from components.data.splits import hash_frames
from components.data.writable import unwritable
from components.errors import UserError
from components.registry.releases.card import Card
from components.registry.releases.making import CARD_FILE, ROWS_FILE, library_versions, marks
from components.registry.releases.rows import draw_rows, file_sha256, release_frames, write_rows
from components.registry.releases.versions import CHAMPION, Release, find_release
from components.registry.versions import check_standing, find_version

_PARTIAL = ".part."
_WRITERS = ("pandas", "pyarrow")
"""What the bytes of a Parquet file depend on beside its rows."""


@dataclass(frozen=True)
class Verification:
    """Whether a release is stored unharmed and comes out again, and what was seen, in words."""

    passed: bool
    stored: bool
    equal_bytes: bool
    equal_rows: bool
    reason: str


def pull_release(client: MlflowClient, name: str, which: str, folder: Path) -> Card:
    """Write a release's rows and card into `folder`, checked against the registry's hashes.

    A folder that is not there or empty is filled, one with exactly this release is left as it is,
    any other is an error and stays untouched.
    """
    release = find_release(client, name, which)
    release.check_standing()
    if folder.exists() and not folder.is_dir():
        raise UserError(f"cannot write to {folder}: it is a file; give a folder")
    folder = folder.resolve()
    place = folder if folder.is_dir() else _nearest(folder)
    if why := unwritable(place):
        raise UserError(f"cannot write to {folder}: {why}")
    occupied = folder.is_dir() and bool(_names(folder))
    if occupied and not _holds(folder, release):
        raise UserError(
            f"cannot write to {folder}: it holds something else than release "
            f"{release.reference}; give a new or an empty folder"
        )
    if occupied:
        return read_record(Card, folder / CARD_FILE)
    is_new = not folder.is_dir()
    beside = folder.parent if is_new else folder  # one that is there may be no one's to replace
    beside.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=beside, prefix=_PARTIAL) as partial:
        kept = _download(release, Path(partial))
        if not _holds(kept, release):
            raise UserError(
                f"release {release.reference} is not what was registered: its files do not have "
                f"the registered hashes; `mintmark verify-release {release.reference}` says more"
            )
        if is_new:
            kept.rename(folder)
        else:
            for file in (ROWS_FILE, CARD_FILE):
                (kept / file).rename(folder / file)
    return read_record(Card, folder / CARD_FILE)


def verify_release(client: MlflowClient, name: str, which: str = CHAMPION) -> Verification:
    """Whether the stored files have their hashes and the same rows and bytes can be made again."""
    release = find_release(client, name, which)
    release.check_standing()
    generator = find_version(client, name, release.generator_version)
    check_standing(generator)
    with tempfile.TemporaryDirectory() as folder:
        kept = _download(release, Path(folder))
        stored = _holds(kept, release)
        made_with = _libraries(kept)
        again = Path(folder) / "again.parquet"
        said = marks(name, release.generator_version, release.key, release.depth)
        with draw_rows(generator, release.num_rows, release.seed) as drawn:
            write_rows(release_frames(drawn.path), again, said, drawn.types)
        equal_bytes = file_sha256(again) == release.sha256
        equal_rows = hash_frames(release_frames(again)) == release.rows_sha256
    changed = _changes(made_with)
    other_writer = any(name in changed for name in _WRITERS)
    passed = stored and equal_rows and (equal_bytes or other_writer)
    reason = _say(release, stored, equal_bytes, equal_rows, list(changed.values()))
    return Verification(passed, stored, equal_bytes, equal_rows, reason)


def _download(release: Release, folder: Path) -> Path:
    """The release's files in a folder of their own under `folder`."""
    target = folder / "kept"
    target.mkdir()
    mlflow.artifacts.download_artifacts(release.uri, dst_path=str(target))
    for file in target.iterdir():
        if file.name not in (ROWS_FILE, CARD_FILE):  # MLflow leaves a note of its own
            shutil.rmtree(file) if file.is_dir() else file.unlink()
    target.chmod(0o755)
    return target


def _holds(folder: Path, release: Release) -> bool:
    """True where the folder has exactly the release's two files, unharmed."""
    rows, card = folder / ROWS_FILE, folder / CARD_FILE
    if _names(folder) != {ROWS_FILE, CARD_FILE}:
        return False
    card_sha256 = hashlib.sha256(card.read_bytes()).hexdigest()
    return file_sha256(rows) == release.sha256 and card_sha256 == release.card_sha256


def _names(folder: Path) -> set[str]:
    """What is in the folder, but for what a killed pull left."""
    return {file.name for file in folder.iterdir() if not file.name.startswith(_PARTIAL)}


def _nearest(folder: Path) -> Path:
    """The closest folder above that exists."""
    place = folder.absolute().parent
    while not place.exists():
        place = place.parent
    return place


def _libraries(kept: Path) -> dict[str, str]:
    """The library versions on the stored card, empty where it cannot be read."""
    path = kept / CARD_FILE
    try:
        return dict(Card.model_validate_json(path.read_text()).libraries)
    except (OSError, ValueError):
        return {}


def _changes(made_with: dict[str, str]) -> dict[str, str]:
    """The libraries that are not as they were, each with both versions in words."""
    now = library_versions()
    return {
        name: f"{name} {version} then, {now[name]} now"
        for name, version in made_with.items()
        if now.get(name, version) != version
    }


def _say(
    release: Release, stored: bool, equal_bytes: bool, equal_rows: bool, changed: list[str]
) -> str:
    parts = []
    if not stored:
        parts.append("the stored files do not have the registered hashes: they were changed")
    libraries = f"; libraries differ: {', '.join(changed)}" if changed else ""
    if not equal_rows:
        parts.append(f"made again, the rows differ{libraries}")
    elif not equal_bytes:
        cause = libraries or ", with the same libraries"
        parts.append(f"made again, the rows are equal and only the file's bytes differ{cause}")
    else:
        parts.append(f"made again from version {release.generator_version}, equal bit for bit")
    return f"release {release.reference}: {'; '.join(parts)}"
