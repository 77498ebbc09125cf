"""DVC commands one after another in one process, run as a script: importing DVC takes a second.

Each line of standard input is a command, a JSON list of words. What it prints goes to standard
output; then comes a line of `END`, its exit status, and the processor seconds that the programs
took which it started.

The run-cache goes to the remote and back entry by entry, by way of `_share_by_entry`.
"""

import json
import os
import resource
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dvc.stage import Stage
    from dvc.stage.cache import StageCache

END = "\x1e"
"""Begins the line that ends a command's output: a sign that no program prints by chance."""
_READS = 6


def _serve() -> None:
    """Run commands until there are no more."""
    heard = os.fdopen(os.dup(0))  # stages inherit standard input: they must not read commands
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    from dvc.cli import main

    _share_by_entry()
    for line in heard:
        before = _processor_seconds()
        status = main(json.loads(line))
        sys.stderr.flush()
        spent = _processor_seconds() - before
        print(f"{END}{status} {spent:.3f}", flush=True)  # noqa: T201 - the answer


def _share_by_entry() -> None:
    """Have DVC exchange those entries of the run-cache that a command is about.

    As it is, it copies all entries each time, both ways: what a run does once would cost as much as
    all runs before it. Now `repro --pull` looks for the entries of the stage at hand where there is
    none here, and `push --run-cache` sends those of the workspace's own stages.
    """
    from dvc.stage import cache as of_dvc

    load = of_dvc.StageCache._load

    def load_from_anywhere(cache: "StageCache", stage: "Stage") -> Any:
        remote = vars(cache).get("pulled_from")
        if remote is not None:
            _bring(cache, remote, of_dvc._get_stage_hash(stage))
        return load(cache, stage)

    def pull_when_asked(cache: "StageCache", remote: str | None, odb: Any = None) -> list[Any]:
        vars(cache)["pulled_from"] = odb or _remote_of(cache, remote)
        return []

    def push_own(cache: "StageCache", remote: str | None, odb: Any = None) -> list[Any]:
        return [
            entry
            for stage in cache.repo.index.stages
            if (entry := _send(cache, odb or _remote_of(cache, remote), stage)) is not None
        ]

    of_dvc.StageCache._load = load_from_anywhere
    of_dvc.StageCache.pull = pull_when_asked
    of_dvc.StageCache.push = push_own


def _remote_of(cache: "StageCache", name: str | None) -> Any:
    return cache.repo.cloud.get_remote_odb(name, "run-cache", hash_name="md5-dos2unix")


def _bring(cache: "StageCache", remote: Any, key: str) -> None:
    """Bring what the remote remembers of a stage with these inputs, unless something is here.

    What is read wrongly is read again, and forgotten where it stays wrong: the work is done anew.
    """
    from botocore.exceptions import FlexibleChecksumError

    here = Path(cache._get_cache_dir(key))
    if here.is_dir() and any(here.iterdir()):
        return
    there = remote.fs.join(remote.path, "runs", key[:2], key)
    found = remote.fs.find(there) if remote.fs.exists(there) else ()
    with TemporaryDirectory(dir=cache.repo.tmp_dir) as folder:
        for name in found:
            entry = Path(folder) / remote.fs.name(name)
            for _ in range(_READS):
                with suppress(FlexibleChecksumError, FileNotFoundError):
                    remote.fs.get_file(name, str(entry))
                if entry.is_file() and _is_whole(entry):
                    here.mkdir(parents=True, exist_ok=True)
                    entry.replace(here / entry.name)
                    break


def _is_whole(entry: Path) -> bool:
    """Whether an entry is what its name, a hash of its content, says."""
    from dvc.stage.cache import _get_cache_hash
    from dvc.utils.serialize import YAMLFileCorruptedError, load_yaml

    with suppress(YAMLFileCorruptedError, UnicodeDecodeError, TypeError, AttributeError):
        return bool(_get_cache_hash(load_yaml(str(entry))) == entry.name)
    return False


def _send(cache: "StageCache", remote: Any, stage: "Stage") -> tuple[str, str] | None:
    """Send what is remembered of the stage as the workspace has it, unless it is there."""
    from dvc.stage import serialize
    from dvc.stage.cache import _can_hash, _get_cache_hash, _get_stage_hash

    if not all(out.hash_info for out in stage.outs) or not _can_hash(stage):  # it has not run here
        return None
    key = _get_stage_hash(stage)
    value = _get_cache_hash(serialize.to_single_stage_lockfile(stage))
    here = cache._get_cache_path(key, value)
    there = remote.fs.join(remote.path, "runs", key[:2], key, value)
    if not Path(here).is_file() or remote.fs.exists(there):
        return None
    remote.fs.makedirs(remote.fs.parent(there), exist_ok=True)
    remote.fs.put_file(here, there)
    return key, value


def _processor_seconds() -> float:
    """What the programs took that were started here and have ended, and those they waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    _serve()
