"""Writing images where someone asked for them: Parquet, `.npz`, or a folder of PNG files."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from components.data.images.rows import png_bytes, write_images
from components.data.images.sets import NPZ, ImageSet
from components.data.writable import unwritable
from components.errors import UserError

_PARQUET = ".parquet"
_LONGEST = 200
"""Bytes of a folder's name; file systems take 255."""


def check_image_output(path: Path) -> None:
    """Raise UserError where no images can be written to `path`."""
    if path.suffix and path.suffix not in (_PARQUET, NPZ):
        raise UserError(
            f"cannot write {path}: images go to a {_PARQUET} or {NPZ} file, or a new folder"
        )
    if not path.absolute().parent.is_dir():
        raise UserError(f"cannot write {path}: the folder {path.parent} does not exist")
    if why := unwritable(path.absolute().parent):
        raise UserError(f"cannot write {path}: {why}")
    if not path.suffix and path.exists():
        raise UserError(f"cannot write {path}: it is there already; images go to a new folder")


def write_image_output(parts: Iterable[ImageSet], path: Path) -> int:
    """Write images to `path` by its ending; how many there are.

    A file that was there is replaced only by a whole new one. A folder gets a folder of PNG files
    for each class.
    """
    partial = path.with_name(f".{path.name}.part{path.suffix}")
    if not path.suffix:
        return _write_folder(parts, path)
    try:
        count = (write_images if path.suffix == _PARQUET else _write_npz)(parts, partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return count


def _write_npz(parts: Iterable[ImageSet], path: Path) -> int:
    held = list(parts)
    arrays = {"images": np.concatenate([part.images for part in held])}
    labels = [np.array(part.classes)[part.labels] for part in held if part.labels is not None]
    if labels:
        arrays["labels"] = np.concatenate(labels)
    np.savez_compressed(path, allow_pickle=False, **arrays)
    return len(arrays["images"])


def _write_folder(parts: Iterable[ImageSet], folder: Path) -> int:
    count = 0
    for part in parts:
        names = folder_names(part.classes)
        for place, image in enumerate(part.images):
            home = folder
            if part.labels is not None:
                home = folder / names[part.labels[place]]
            home.mkdir(parents=True, exist_ok=True)
            (home / f"{count:06}.png").write_bytes(png_bytes(image))
            count += 1
    return count


def folder_names(classes: Sequence[str]) -> list[str]:
    """Classes as names of folders: each its own, none too long, nothing in it leads elsewhere.

    >>> folder_names(["cat", "a/b", "a_b", ""])
    ['cat', 'a_b', 'a_b-2', '_']
    """
    names: list[str] = []
    for label in classes:
        plain = re.sub(r"[/\\\0]", "_", label)
        plain = f"_{plain}" if plain.startswith(".") or not plain else plain
        plain = plain.encode()[:_LONGEST].decode(errors="ignore")
        tries = (plain, *(f"{plain}-{number}" for number in range(2, len(classes) + 1)))
        names.append(next(name for name in tries if name not in names))
    return names
