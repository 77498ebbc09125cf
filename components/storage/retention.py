"""What nothing refers to any more: found first, deleted last, and never anything young."""

import os
import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from components.storage.content import hashes_on_disk, stored, with_members
from components.storage.home import Home
from components.storage.run_cache import forget, lost_entries, mend

DAY = 24 * 3600.0
_FRESH = 3600.0
"""A workspace that changed within so many seconds may be between two stages."""
_DOOMED = ".collected-"


class Kind(StrEnum):
    """What can be collected."""

    WORKSPACE = "workspaces"
    CHECKPOINT = "checkpoints"
    UNION = "unions"
    REMEMBERED = "run-cache entries"
    CACHED = "cached files"
    REMOTE = "files in the remote"


@dataclass(frozen=True)
class Leftover:
    """A file or folder that nothing refers to, and how large it is."""

    kind: Kind
    path: Path
    num_bytes: int


@dataclass(frozen=True)
class Leftovers:
    """All that can go, in the order in which it goes.

    `held` says why content was left alone, empty where it was not. `workspaces` are those there
    were: a new one means that a run began. What changed after `cutoff` is young.
    """

    found: tuple[Leftover, ...]
    held: str
    workspaces: frozenset[str]
    cutoff: float


def find_leftovers(
    home: Home, project: Path, referenced: Collection[str], *, keep_days: float, now: float
) -> Leftovers:
    """What changed last more than `keep_days` before `now` and nothing refers to.

    `referenced` is the content that versions and releases refer to; `dvc.lock` of the checkout and
    of each workspace that stays refer to more. Content is left alone while a run goes on, whose
    outputs may not be in its `dvc.lock` yet, and where `referenced` is empty: a registry without a
    version may be the wrong registry.
    """
    cutoff = now - keep_days * DAY
    in_use = _folders_in_use(home)
    workspaces = _folders(home.workspaces)
    old = [path for path in workspaces if path not in in_use and _last_change(path) < cutoff]
    found = [_leftover(Kind.WORKSPACE, path) for path in _doomed(home.workspaces) + old]
    found += [
        _leftover(Kind.CHECKPOINT, path)
        for path in _doomed(home.checkpoints)
        + [path for path in _folders(home.checkpoints) if _last_change(path) < cutoff]
    ]
    models = _folders(home.unions)
    found += [_leftover(Kind.UNION, path) for model in models for path in _doomed(model)]
    staying = [path for path in workspaces if path not in old]
    held = _why_held(staying, in_use, referenced, now)
    if not held:
        roots = set(referenced) | hashes_on_disk(home, project, staying)
        unions = [path for model in models for path in _folders(model)]
        found += [
            _leftover(Kind.UNION, path)
            for path in unions
            if path.name not in roots and _last_change(path) < cutoff
        ]
        found += _find_content(home, roots, cutoff)
    names = frozenset(path.name for path in workspaces)
    return Leftovers(tuple(found), held, names, cutoff)


def delete(leftovers: Leftovers, home: Home) -> Iterator[Leftover]:
    """Delete what was found, one after the other, and yield each as it goes.

    What changed since it was found stays; where a run began meanwhile, all content does. Killed at
    any point, it leaves nothing that the next run would take for whole.
    """
    for store in (home.dvc_cache, home.dvc_remote):
        mend(store)
    for leftover in leftovers.found:
        is_content = leftover.kind not in (Kind.WORKSPACE, Kind.CHECKPOINT)
        if is_content and _has_new_run(leftovers, home):
            return
        is_doomed = leftover.path.name.startswith(_DOOMED)
        if not os.path.lexists(leftover.path):
            continue
        if not is_doomed and _last_change(leftover.path) >= leftovers.cutoff:
            continue
        if leftover.kind is Kind.REMEMBERED:
            forget(leftover.path)
        elif is_content and leftover.kind is not Kind.UNION:
            leftover.path.unlink(missing_ok=True)
        else:
            _delete_folder(leftover.path)
        yield leftover


def _find_content(home: Home, roots: set[str], cutoff: float) -> list[Leftover]:
    """Old content that is not of `roots`: first what remembers it, then listings, then files."""
    stores = {Kind.CACHED: home.dvc_cache, Kind.REMOTE: home.dvc_remote}
    needed = with_members(roots, stores.values())
    content, kept = [], set()
    for kind, store in stores.items():
        for name, path in stored(store):
            if name in needed or _last_change(path) >= cutoff:
                kept.add(name)
            else:
                content.append(_leftover(kind, path))
    content.sort(key=lambda leftover: not leftover.path.name.endswith(".dir"))
    remembered = [
        _leftover(Kind.REMEMBERED, path)
        for store in stores.values()
        for path in lost_entries(store, kept)
        if _last_change(path) < cutoff
    ]
    return remembered + content


def _why_held(
    staying: list[Path], in_use: Collection[Path], referenced: Collection[str], now: float
) -> str:
    """Why content has to be left alone, in words, empty where it has not."""
    if not referenced:
        return "no version is registered, so nothing says which content is needed"
    busy = in_use or [path for path in staying if _last_change(path) > now - _FRESH]
    return "a run is going on, whose outputs are not all on record" if busy else ""


def _folders_in_use(home: Home) -> set[Path]:
    """The workspaces, and other folders with a DVC repository, that a process works in."""
    import psutil

    used = set()
    for process in psutil.process_iter(["cwd"]):
        folder = Path(process.info["cwd"] or "/")
        for root in (home.workspaces.resolve(), home.releases.resolve()):
            if folder.is_relative_to(root):
                inside = folder.relative_to(root).parts[:1]
                used.add(home.workspaces.joinpath(*inside) if root.name == "workspaces" else root)
    return used


def _has_new_run(leftovers: Leftovers, home: Home) -> bool:
    return any(path.name not in leftovers.workspaces for path in _folders(home.workspaces))


def _folders(parent: Path) -> list[Path]:
    """The folders in `parent` that were not given up before; a link to one is none."""
    return [path for path in _inside(parent) if not path.name.startswith(_DOOMED)]


def _doomed(parent: Path) -> list[Path]:
    """What a killed collection left half deleted."""
    return [path for path in _inside(parent) if path.name.startswith(_DOOMED)]


def _inside(parent: Path) -> list[Path]:
    if not parent.is_dir():
        return []
    return sorted(path for path in parent.iterdir() if path.is_dir() and not path.is_symlink())


def _leftover(kind: Kind, path: Path) -> Leftover:
    return Leftover(kind, path, sum(each.lstat().st_size for each in _tree(path)))


def _last_change(path: Path) -> float:
    """When anything in a file or folder was last written, moved in or linked."""
    stats = [each.lstat() for each in _tree(path)]
    return max((max(stat.st_mtime, stat.st_ctime) for stat in stats), default=0.0)


def _tree(path: Path) -> Iterator[Path]:
    """`path` and all in it; links are not followed."""
    yield path
    for folder, folders, files in os.walk(path):
        yield from (Path(folder, name) for name in folders + files)


def _delete_folder(path: Path) -> None:
    """Delete a folder that is first renamed: it is there wholly, or not at all."""
    doomed = path
    if not path.name.startswith(_DOOMED):
        doomed = path.with_name(_DOOMED + path.name)
        path.rename(doomed)
    shutil.rmtree(doomed)
