"""Where rows come from: a bundled table, files by path or glob, or S3."""

import glob
import hashlib
import logging
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from components.data.batches import BATCH, Batches, file_batches, frame_batches
from components.data.bundled import is_bundled, load_bundled
from components.data.counted import counted
from components.data.files import FORMATS, hash_files, is_table, read_files
from components.data.forms.kept_forms import TextForm, source_forms
from components.data.images.bundled import is_bundled_images
from components.data.images.sets import told_strays
from components.errors import UserError
from components.storage.s3 import download, is_s3

logger = logging.getLogger(__name__)

_PARTITION = re.compile(r"([^=]+)=[^=]*")
"""What Hive and Spark call a folder of rows that have one value of a column."""


@dataclass(frozen=True)
class Source:
    """Rows as they came, and the SHA-256 of the bytes they came from.

    `forms` say how columns were written that are no text any more, and their types in Parquet.
    """

    frame: pd.DataFrame
    sha256: str
    forms: Mapping[str, TextForm] = field(default_factory=dict)


def read_source(uri: str) -> Source:
    """All rows at `uri`: a bundled table, a path or glob of CSV or Parquet files, or `s3://...`."""
    if is_bundled(uri):
        frame = load_bundled(uri)
        return Source(frame, hashlib.sha256(frame.to_csv().encode()).hexdigest())
    if is_s3(uri):
        with tempfile.TemporaryDirectory() as folder:
            return _read_paths(download(uri, Path(folder), FORMATS))
    return _read_paths(_match(uri))


@contextmanager
def open_batches(uri: str, scratch: Path, size: int = BATCH) -> Iterator[tuple[Batches, str]]:
    """The rows that `read_source` would read, a batch at a time, and the source's hash.

    They can be read as long as the context lasts and the folder `scratch` is there.
    """
    if is_bundled(uri):
        source = read_source(uri)
        yield frame_batches(source.frame, size), source.sha256
        return
    with open_files(uri) as paths:
        yield file_batches(paths, scratch, size), hash_files(paths)


def hash_source(uri: str) -> str:
    """The SHA-256 of what `read_source` would read."""
    if is_bundled(uri) or is_s3(uri):
        return read_source(uri).sha256
    return hash_files(_match(uri))


@contextmanager
def open_files(uri: str) -> Iterator[list[Path]]:
    """The files that `read_source` would read, on this machine while the context lasts.

    A bundled table has none.
    """
    if is_bundled(uri):
        yield []
    elif is_s3(uri):
        with tempfile.TemporaryDirectory() as folder:
            yield download(uri, Path(folder), FORMATS)
    else:
        yield _match(uri)


def absolute(uri: str) -> str:
    """`uri` so that it means the same from any folder."""
    if is_bundled(uri) or is_bundled_images(uri) or is_s3(uri):
        return uri
    return str(Path(uri).expanduser().absolute())


def _read_paths(paths: list[Path]) -> Source:
    frame = read_files(paths)
    names = [str(name) for name in frame.columns]
    return Source(frame.set_axis(names, axis=1), hash_files(paths), source_forms(paths))


def _match(uri: str) -> list[Path]:
    """The files at a path, in a folder or matching a glob, sorted by name."""
    path = Path(uri).expanduser()
    if path.is_dir():
        found = sorted(file for file in path.iterdir() if is_table(file))
    elif path.is_file():
        found = [path]
    else:
        found = [Path(file) for file in sorted(glob.glob(str(path), recursive=True))]
    if not found:
        strays = _told_deeper(path) or told_strays(path)
        held = f", but {strays}" if strays else ""
        raise UserError(
            f"no data at {uri!r}{held}; accepted are a bundled table (sklearn:breast_cancer, ...), "
            f"s3://BUCKET/KEY, or a path, folder or glob of {', '.join(FORMATS)} files"
        )
    _tell_partitions(found)
    return found


def _told_deeper(folder: Path) -> str:
    """How many tables lie in folders of a folder, and how to name them; empty without any."""
    deeper = sorted(file for file in folder.rglob("*") if file.is_file() and is_table(file))
    if not deeper:
        return ""
    return (
        f"{counted(len(deeper), 'table')} in the folders in it, such as "
        f"{deeper[0].relative_to(folder).as_posix()!r}: name them by a glob "
        f"({(folder / '**' / f'*{deeper[0].suffix}').as_posix()!r})"
    )


def _tell_partitions(paths: Sequence[Path]) -> None:
    """Say that what folders such as `year=2024` are called is none of the columns."""
    parts = (part for path in paths for part in path.parts[:-1])
    keys = dict.fromkeys(found[1] for part in parts if (found := _PARTITION.fullmatch(part)))
    if keys:
        logger.warning(
            "%s: the folders' names have values of %s, which are not read: where they are to be "
            "columns, write them into the files",
            paths[0].parent,
            ", ".join(map(repr, keys)),
        )
