"""The run-cache's entries: which outputs a stage with these inputs had, as DVC remembers it."""

from collections.abc import Collection, Iterator
from pathlib import Path

import yaml


def lost_entries(store: Path, kept: Collection[str]) -> Iterator[Path]:
    """The entries of a store's run-cache with an output that is not in `kept`."""
    for path in sorted((store / "runs").glob("*/*/*")):
        if path.is_file() and not path.is_symlink() and not _outputs(path) <= set(kept):
            yield path


def forget(entry: Path) -> None:
    """Delete an entry, and its folder with the last one."""
    entry.unlink(missing_ok=True)
    if entry.parent.is_dir() and not any(entry.parent.iterdir()):
        entry.parent.rmdir()


def mend(store: Path) -> None:
    """Remove folders without an entry, which a killed collection can leave and DVC fails on."""
    for folder in (store / "runs").glob("*/*"):
        if folder.is_dir() and not folder.is_symlink() and not any(folder.iterdir()):
            folder.rmdir()


def _outputs(entry: Path) -> set[str]:
    """The hashes of an entry's outputs; none can be told of one that is damaged."""
    try:
        outputs = yaml.safe_load(entry.read_text()).get("outs") or []
    except (yaml.YAMLError, AttributeError):
        return {"damaged"}
    return {output["md5"] for output in outputs if "md5" in output}
