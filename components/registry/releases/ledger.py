"""The ledger of synthetic ancestry: which of a run's rows are released synthetic ones."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mlflow import MlflowClient

from components.config import AncestryConfig, PrepareConfig
from components.data.files import count_rows, hash_files, read_files
from components.data.images.sources import hash_image_files, is_shipped, open_image_files
from components.data.sources import open_files
from components.data.windows import ORIGINS
from components.errors import UserError
from components.registry.releases.rows import RELEASE_MARK, file_sha256, read_marks
from components.registry.releases.versions import Release, list_releases, release_model
from components.registry.revoking.withdrawals import check_source
from components.registry.tags import SYNTHETIC_DEPTH
from components.registry.versions import check_standing
from components.reporting.wording import percent
from components.storage.home import Home


@dataclass(frozen=True)
class Ancestry:
    """Where a run's rows come from.

    `files` are the SHA-256 of the files they were read from, none for a bundled table. `parents`
    are the releases among them, as `NAME-release/3`; `depth` is the deepest one's, 0 where there
    is none; `share` is the part of the rows that is theirs.
    """

    data_uri: str
    data_sha256: str
    files: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    depth: int = 0
    share: float = 0.0


@dataclass(frozen=True)
class _Parent:
    """A release that was found among the files."""

    name: str
    depth: int


def find_ancestry(client: MlflowClient, prepare: PrepareConfig) -> Ancestry:
    """The ancestry of the rows that `prepare` would read.

    A release is known by its bytes, and in a Parquet file also by the mark it carries, so that a
    renamed copy is found; one of another registry is known by its mark alone. Rows taken out of a
    release and written anew carry no mark. Raises UserError where the content is no longer the
    one that was pinned.
    """
    with _open(prepare) as (paths, sha256):
        if sha256 and prepare.data_sha256 not in (None, sha256):
            raise UserError(
                f"prepare.data_sha256 = {prepare.data_sha256}, but {prepare.data} has {sha256}: "
                "the data changed since it was pinned"
            )
        hashes = {path: (file_sha256(path), *_origins(path)) for path in paths}
        parents = _find_parents(list_releases(client), hashes)
        share = _share(paths, parents)
    return Ancestry(
        data_uri=prepare.data,
        data_sha256=sha256 or prepare.data_sha256 or "",
        files=tuple(dict.fromkeys(each for found in hashes.values() for each in found)),
        parents=tuple(sorted({parent.name for parent in parents.values()})),
        depth=max((parent.depth for parent in parents.values()), default=0),
        share=share,
    )


def check_ancestry(
    client: MlflowClient, ancestry: Ancestry, limits: AncestryConfig, home: Home
) -> None:
    """Raise UserError past a limit, and for a source or release that was revoked."""
    check_source(client, ancestry.data_uri, (ancestry.data_sha256, *ancestry.files), home)
    for parent in ancestry.parents:
        name, _, number = parent.rpartition("/")
        if name:
            check_standing(client.get_model_version(name, number))
    named = ", ".join(ancestry.parents)
    if ancestry.depth > limits.max_depth:
        raise UserError(
            f"{ancestry.data_uri} has synthetic rows of depth {ancestry.depth} ({named}); "
            f"ancestry.max_depth allows {limits.max_depth}"
        )
    if ancestry.share > limits.max_share:
        raise UserError(
            f"{percent(ancestry.share)} of the rows of {ancestry.data_uri} are synthetic "
            f"({named}); ancestry.max_share allows {percent(limits.max_share)}"
        )


@contextmanager
def _open(prepare: PrepareConfig) -> Iterator[tuple[Sequence[Path], str]]:
    """The files of the source, and the hash of their content; neither of what a library ships.

    Of pictures, which carry no marks, there is the hash of all alone.
    """
    if prepare.images is None:
        with open_files(prepare.data) as paths:
            yield paths, hash_files(paths) if paths else ""
    elif is_shipped(prepare.data):
        yield [], ""
    else:
        with open_image_files(prepare.data) as files:
            yield files.paths if files.is_packed else [], hash_image_files(files, prepare.images)


def _origins(path: Path) -> tuple[str, ...]:
    """The hashes of what the rows of a union's file came from; see `components/data/union.py`."""
    return tuple(json.loads(read_marks(path).get(ORIGINS, "[]")))


def _find_parents(
    releases: Iterable[Release], hashes: Mapping[Path, Sequence[str]]
) -> dict[Path, _Parent]:
    """The release behind each file that is one, or has rows of one: then all count as its."""
    by_hash: dict[str, Release] = {}
    by_key: dict[str, Release] = {}
    for release in releases:
        by_hash[release.sha256] = by_key[release.key] = release
    found: dict[Path, _Parent] = {}
    for path, own in hashes.items():
        marks = read_marks(path)
        of_bytes = next((by_hash[sha256] for sha256 in own if sha256 in by_hash), None)
        known = of_bytes or by_key.get(marks.get(RELEASE_MARK, ""))
        if known is not None:
            found[path] = _Parent(f"{release_model(known.name)}/{known.number}", known.depth)
        elif RELEASE_MARK in marks:
            depth = int(marks.get(SYNTHETIC_DEPTH, "1"))
            found[path] = _Parent(f"{marks[RELEASE_MARK]} (another registry's)", depth)
    return found


def _share(paths: Sequence[Path], parents: Mapping[Path, _Parent]) -> float:
    if not parents:
        return 0.0
    counts = {path: _num_rows(path) for path in paths}
    return sum(counts[path] for path in parents) / max(1, sum(counts.values()))


def _num_rows(path: Path) -> int:
    return count_rows(path) if path.suffix in (".parquet", ".pq") else len(read_files([path]))
