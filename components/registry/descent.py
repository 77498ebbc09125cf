"""What descends from what in the registry: sources, generators, releases, and so on down."""

import json
import os
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mlflow.entities.model_registry import ModelVersion

from components.registry.releases.versions import released_generator
from components.registry.tags import (
    CONTENT_KEYS,
    DATA_URI,
    GENERATOR_NAME,
    GENERATOR_VERSION,
    KIND,
    PARENTS,
    RELEASE,
    SHA256,
)
from components.storage.s3 import is_s3

_WEIGHTS = "models/generator"
_FILES = "mintmark.data_files."

Key = tuple[str, str]
"""A registered model's name and a version of it."""


@dataclass(frozen=True)
class Descendant:
    """A version, or release, and how it comes from what was asked about, in words."""

    version: ModelVersion
    how: str

    @property
    def key(self) -> Key:
        """Its name and number in the registry."""
        return key_of(self.version)

    @property
    def is_release(self) -> bool:
        """True for a release, False for a generator."""
        return bool(self.version.tags.get(KIND) == RELEASE)

    @property
    def title(self) -> str:
        """It in words, such as `release 3 of adult-release`."""
        kind = "release" if self.is_release else "version"
        return f"{kind} {self.version.version} of {self.version.name}"


def key_of(version: ModelVersion) -> Key:
    """The version's name and number."""
    return version.name, str(version.version)


def data_hashes(version: ModelVersion) -> set[str]:
    """The hash of a generator's data as a whole, and of each file of it."""
    files = {h for k, v in version.tags.items() if k.startswith(_FILES) for h in v.split()}
    return files | {version.tags.get("mintmark.data_sha256", "")} - {""}


def data_file_tags(hashes: Sequence[str]) -> dict[str, str]:
    """The tags in which `data_hashes` finds the files' hashes again."""
    per_tag = 1_000  # MLflow takes 100,000 characters a tag
    parts = [hashes[start : start + per_tag] for start in range(0, len(hashes), per_tag)]
    return {f"{_FILES}{number}": " ".join(part) for number, part in enumerate(parts)}


def weights_hash(version: ModelVersion) -> str | None:
    """The content hash of a generator's weights, None where the registry does not have it."""
    hashes = json.loads(version.tags.get(CONTENT_KEYS, "{}"))
    found = hashes.get(_WEIGHTS)
    return None if found is None else str(found)


def trained_on(
    versions: Iterable[ModelVersion], uri: str | None, hashes: Iterable[str]
) -> list[Descendant]:
    """The generators whose data came from `uri`, or has any of these hashes, whole or in part."""
    wanted = set(hashes)
    return [
        Descendant(version, "trained on it")
        for version in versions
        if (uri is not None and version.tags.get(DATA_URI) == uri) or wanted & data_hashes(version)
    ]


def is_trained_on(version: ModelVersion, uri: str, sha256: str) -> bool:
    """Whether the version's data came from this place, whatever it was then, or is this content.

    Links on the way to a place make no other of it.
    """
    place = version.tags.get(DATA_URI, "")
    return _resolved(place) == _resolved(uri) or sha256 in data_hashes(version)


def _resolved(uri: str) -> str:
    return uri.rstrip("/") if is_s3(uri) else os.path.realpath(uri)


def with_descendants(
    versions: Iterable[ModelVersion], roots: Sequence[Descendant]
) -> list[Descendant]:
    """The roots and all that comes from them, each once, parents before their children.

    From a generator come its releases, and the versions with the very same weights; from a release
    the generators that were trained on it.
    """
    known = {key_of(version): version for version in versions}
    children = _children(known)
    found = {root.key: root for root in roots}
    waiting = deque(found)
    while waiting:
        parent = waiting.popleft()
        for child, how in children[parent]:
            if child not in found:
                found[child] = Descendant(known[child], how)
                waiting.append(child)
    return list(found.values())


def _children(known: Mapping[Key, ModelVersion]) -> dict[Key, list[tuple[Key, str]]]:
    """Each version's immediate descendants, and how they come from it."""
    children: dict[Key, list[tuple[Key, str]]] = defaultdict(list)
    twins: dict[str, list[Key]] = defaultdict(list)
    by_hash = {v.tags[SHA256]: k for k, v in known.items() if SHA256 in v.tags}
    for key, version in sorted(known.items(), key=lambda item: (item[0][0], int(item[0][1]))):
        if version.tags.get(KIND) == RELEASE:
            for parent in _generators(known, key):
                children[parent].append((key, f"drawn from version {parent[1]} of {parent[0]}"))
            continue
        for parent in _parent_releases(version, by_hash):
            children[parent].append((key, f"trained on release {parent[1]} of {parent[0]}"))
        weights = weights_hash(version)
        if weights is not None:
            twins[weights].append(key)
    for same in twins.values():
        for one in same:
            how = f"the same weights as version {one[1]} of {one[0]}"
            children[one] += [(other, how) for other in same if other != one]
    return children


def _generators(known: Mapping[Key, ModelVersion], release: Key) -> list[Key]:
    """The generator version of a release, also of one whose making was broken off."""
    tags = known[release].tags
    name = tags.get(GENERATOR_NAME, released_generator(release[0]))
    parent = (name, tags.get(GENERATOR_VERSION, ""))
    return [parent] if parent in known else []


def _parent_releases(version: ModelVersion, by_hash: Mapping[str, Key]) -> set[Key]:
    """The releases a generator was trained on: by the ledger, and by the hash of any file."""
    named = json.loads(version.tags.get(PARENTS, "[]"))
    keys = {(name, number) for name, _, number in (text.rpartition("/") for text in named)}
    return keys | {by_hash[sha256] for sha256 in data_hashes(version) & set(by_hash)}
