"""Sets of images: read from `.npz` files or folders of PNG and JPEG files, all of one size."""

import hashlib
import logging
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from components.data.counted import counted
from components.data.memory import within_free_memory
from components.errors import UserError

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile  # not needed to know what images are

Pixels = NDArray[np.uint8]
logger = logging.getLogger(__name__)

Labels = NDArray[np.int64]
Values = NDArray[np.generic]

UNKNOWN = -1
"""The label of an image of which it is not known what it shows, where it is known of others."""

FEWEST_OF_A_CLASS = 2
"""Images of a class, one to train on and one to test on."""

NPZ, PICTURES, FORMATS = ".npz", (".png", ".jpg", ".jpeg"), ("PNG", "JPEG")
_OTHER_PICTURES = (".jpe", ".jfif", ".gif", ".bmp", ".tif", ".tiff", ".webp", ".avif", ".heic")
"""How names of pictures end that are not read."""
GREY = ("1", "L", "LA")
"""Pillow's modes of grey pictures, with transparency or without."""
FEWEST_PIXELS = 4
"""What a side must have."""
MAX_BYTES = 2 * 1024**3
"""What a set may take once it is unpacked: 2 GiB."""


@dataclass(frozen=True)
class ImageSet:
    """Images of shape (number, height, width, channels), and what each one shows.

    `labels` are positions in `classes`, UNKNOWN where it is not known, None where nothing is.
    `sha256` is of the bytes that were read. Images of one of the `groups`, such as a patient's,
    belong together; None where each is its own.
    """

    images: Pixels
    labels: Labels | None
    classes: tuple[str, ...]
    sha256: str
    groups: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        """The number of images."""
        return len(self.images)

    @property
    def is_known(self) -> NDArray[np.bool_]:
        """True for each image of which it is known what it shows."""
        if self.labels is None:
            return np.zeros(len(self), dtype=np.bool_)
        return np.asarray(self.labels != UNKNOWN)

    @property
    def shown(self) -> "pd.Series[str] | None":
        """What each image shows, missing where that is not known; None where nothing is."""
        if self.labels is None:
            return None
        names = np.array([*self.classes, None], dtype=object)[self.labels]
        return pd.Series(names, dtype="str")

    @property
    def is_labelled(self) -> bool:
        """True where it is known what every image shows."""
        return self.labels is not None and bool(self.is_known.all())

    def take(self, rows: NDArray[np.int64]) -> "ImageSet":
        """The images at these positions."""
        labels = None if self.labels is None else self.labels[rows]
        groups = None if self.groups is None else self.groups[rows]
        return ImageSet(self.images[rows], labels, self.classes, self.sha256, groups)


def joined(parts: Sequence[ImageSet]) -> ImageSet:
    """The images of all parts, one at least, which have the same classes and groups."""
    labels = [part.labels for part in parts if part.labels is not None]
    groups = [part.groups for part in parts if part.groups is not None]
    return ImageSet(
        np.concatenate([part.images for part in parts]),
        np.concatenate(labels) if labels else None,
        parts[0].classes,
        "",
        np.concatenate(groups) if len(groups) == len(parts) else None,
    )


def is_images(uri: str) -> bool:
    """True for a path that can only mean images: an `.npz` file, or a folder that holds some."""
    path = Path(uri).expanduser()
    return path.suffix.lower() == NPZ or (path.is_dir() and bool(pictures_in(path)))


def read_images(uri: str) -> ImageSet:
    """The images at a path; raises UserError where they are not all of one size, or unreadable.

    An `.npz` file holds `images`, of shape (number, height, width) or with one or three channels
    after it, 0 to 255, and may hold `labels`, whole numbers or words; or it holds these in parts,
    named as Keras or MedMNIST does, which are joined. A folder holds PNG and JPEG
    files, or one folder of them for each class.
    """
    path = Path(uri).expanduser()
    if path.suffix.lower() == NPZ:
        found = _from_npz(path, uri)
    elif path.is_dir():
        found = _from_folder(path, uri)
    else:
        raise UserError(
            f"no images at {uri!r}; accepted are an .npz file or a folder of {_KINDS} files"
        )
    check_sides(*found.images.shape[1:3])
    return found


def check_sides(height: int, width: int, are: str = "the images are") -> None:
    """Raise UserError for images too small for anything to be learned or told of them."""
    if min(height, width) < FEWEST_PIXELS:
        raise UserError(
            f"{are} of {width} x {height} pixels; accepted are {FEWEST_PIXELS} a side at least"
        )


_KINDS = ", ".join(PICTURES)


_LAYOUTS = (
    (("images", "labels"),),
    (("x_train", "y_train"), ("x_test", "y_test")),
    tuple((f"{part}_images", f"{part}_labels") for part in ("train", "val", "test")),
)
"""What arrays of images and labels are called: here, by Keras, and by MedMNIST."""
_UNREADABLE_NPZ = (
    OSError,
    ValueError,
    EOFError,
    zipfile.BadZipFile,
    zlib.error,
    RuntimeError,  # encrypted, or packed in a way that is not known
)


def _check_size(path: Path, uri: str) -> None:
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise UserError(f"{uri!r} has {size:,} bytes; at most {MAX_BYTES:,} may be read")


def _from_npz(path: Path, uri: str) -> ImageSet:
    try:
        _check_size(path, uri)
        data = path.read_bytes()
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
            if size > MAX_BYTES:
                raise UserError(f"{uri!r} takes {size:,} bytes unpacked; at most {MAX_BYTES:,} may")
        with within_free_memory(uri), np.load(path, allow_pickle=False) as arrays:
            images, labels = _joined(arrays, uri)
    except FileNotFoundError as error:
        raise UserError(f"no file {uri!r}") from error
    except _UNREADABLE_NPZ as error:
        raise UserError(f"{uri!r} cannot be read as .npz: {error}") from error
    pixels = _pixels(images, uri)
    codes, classes = _coded(labels, len(pixels), uri)
    return ImageSet(pixels, codes, classes, hashlib.sha256(data).hexdigest())


def _joined(arrays: Mapping[str, Values], uri: str) -> tuple[Values, Values | None]:
    """The images and their labels, those of all parts where there are parts."""
    layout = next((each for each in _LAYOUTS if each[0][0] in arrays), None)
    if layout is None:
        held = ", ".join(arrays) or "nothing"
        raise UserError(f"{uri!r} has no array called images; it holds {held}")
    there = [pair for pair in layout if pair[0] in arrays]
    images = [_array(arrays, name, uri) for name, _ in there]
    names = [name for _, name in there if name in arrays]
    if names and len(names) < len(there):
        raise UserError(f"{uri!r} has labels for a part of its images alone: {', '.join(names)}")
    labels = [_array(arrays, name, uri) for name in names]
    if len(there) == 1:
        return images[0], _one_each(labels[0]) if labels else None
    logger.info("%s: %s are joined", uri, ", ".join(name for name, _ in there))
    if len({(part.shape[1:], part.dtype) for part in images}) > 1:
        raise UserError(f"{uri!r}: {', '.join(n for n, _ in there)} are not of one size and kind")
    for part, name, of in zip(labels, names, images, strict=False):
        if part.shape[:1] != of.shape[:1] or part.size != len(part):
            raise UserError(f"{uri!r}: {name} has the shape {part.shape}; one for each is accepted")
    return np.concatenate(images), np.concatenate([p.ravel() for p in labels]) if labels else None


def _one_each(labels: Values) -> Values:
    """The labels as a row, also where they stand as a column."""
    return labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels


def _array(arrays: Mapping[str, Values], name: str, uri: str) -> Values:
    found = arrays[name]
    if not isinstance(found, np.ndarray):  # bytes, where it is no array
        raise UserError(f"{uri!r} cannot be read as .npz: {name} is no array")
    return found


def _pixels(images: NDArray[np.generic], uri: str) -> Pixels:
    """The images as (number, height, width, channels) of bytes."""
    shape = images.shape
    if images.ndim == 3:
        images = images[..., None]
    if images.ndim != 4 or images.shape[-1] not in (1, 3) or 0 in shape:
        raise UserError(
            f"{uri!r}: images has the shape {shape}; accepted is (number, height, width), or that "
            "and 1 or 3 channels"
        )
    if images.dtype == np.uint8:
        return images.astype(np.uint8)
    if images.dtype.kind not in "iuf":
        raise UserError(f"{uri!r}: images holds {images.dtype}; accepted are numbers of 0 to 255")
    values = images.astype(np.float64)
    damaged = np.flatnonzero(~np.isfinite(values).all(axis=(1, 2, 3)))
    if len(damaged):
        raise UserError(
            f"{uri!r}: images holds values that are no finite number, in {len(damaged)} of "
            f"{len(values)} images, such as the one at {damaged[0]}; accepted are 0 to 255"
        )
    if values.min() < 0 or values.max() > 255:
        raise UserError(
            f"{uri!r}: images holds values from {np.min(values):g} to {np.max(values):g}; accepted "
            "are 0 to 255"
        )
    if values.max() <= 1 and images.dtype.kind == "f":
        raise UserError(f"{uri!r}: images holds values of 0 to 1; multiply them by 255")
    return np.round(values).astype(np.uint8)


def _coded(
    labels: NDArray[np.generic] | None, count: int, uri: str
) -> tuple[Labels | None, tuple[str, ...]]:
    if labels is None:
        return None, ()
    if labels.shape != (count,) or labels.dtype.kind not in "iuUb":
        raise UserError(
            f"{uri!r}: labels has the shape {labels.shape} and holds {labels.dtype}; accepted is "
            f"one whole number or word for each of {count} images"
        )
    known, codes = np.unique(labels, return_inverse=True)
    return codes.astype(np.int64), tuple(str(label) for label in known)


def _from_folder(folder: Path, uri: str) -> ImageSet:
    found = pictures_in(folder)
    if not found:
        raise UserError(f"the folder {uri!r} holds no {_KINDS} file, and no folder of them")
    digest, total = hashlib.sha256(), 0
    pixels: list[Pixels] = []
    for path in found:
        _check_size(path, path.name)
        data = path.read_bytes()
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + data)
        image = read_picture(path, path.name)
        total += image.nbytes
        if total > MAX_BYTES:
            raise UserError(f"{uri!r} takes more than {MAX_BYTES:,} bytes unpacked")
        if pixels and image.shape != pixels[0].shape:
            raise UserError(
                f"{path.name!r} is {_size(image)}, {found[0].name!r} {_size(pixels[0])}; all "
                f"images of {uri!r} must be of one size and kind"
            )
        pixels.append(image)
    names = [path.parent.name for path in found if path.parent != folder]
    if 0 < len(names) < len(found):
        raise UserError(
            f"{uri!r} holds {len(found) - len(names)} images beside the {len(names)} in its "
            "folders; accepted are a folder for each class, or no folders"
        )
    labels = np.array(names) if names else None
    codes, classes = _coded(labels, len(pixels), uri)
    return ImageSet(np.stack(pixels), codes, classes, digest.hexdigest())


def pictures_in(folder: Path) -> list[Path]:
    """The picture files in a folder and in the folders in it, in order.

    Links are not followed, and what is hidden, by a name that begins with a dot, is not looked at.
    """
    seen = [path for path in folder.glob("*") if _is_looked_at(path)]
    inner = [path for each in seen if each.is_dir() for path in each.glob("*")]
    return sorted(
        path
        for path in (*seen, *filter(_is_looked_at, inner))
        if path.suffix.lower() in PICTURES and path.is_file()
    )


def told_strays(folder: Path, found: Sequence[Path] = ()) -> str:
    """How many pictures in a folder are none of the `found`, and the first; empty without any.

    They lie deeper than in a folder in it, behind links, or are of a kind that is not read. Folders
    in it that are links are named. Hidden ones are not told.
    """
    known = set(found)
    strays = sorted(
        path.relative_to(folder)
        for path in folder.rglob("*")
        if path.suffix.lower() in (*PICTURES, *_OTHER_PICTURES)
        and path not in known
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and path.is_file()
    )
    linked = sorted(
        path.name
        for path in folder.glob("*")
        if path.is_symlink() and path.is_dir() and not path.name.startswith(".")
    )
    told = []
    if strays:
        told.append(f"{counted(len(strays), 'picture')}, such as {strays[0].as_posix()!r}")
    if linked:
        told.append(f"{counted(len(linked), 'linked folder')}, {', '.join(map(repr, linked))}")
    if not told:
        return ""
    return (
        f"{' and '.join(told)}: read are {_KINDS} files in the folder and in the folders in it, "
        "and no links"
    )


def _is_looked_at(path: Path) -> bool:
    return not (path.name.startswith(".") or path.is_symlink())


def read_picture(path: Path, name: str) -> Pixels:
    """The pixels (height, width, channels) of a PNG or JPEG file, which errors call `name`.

    Raises UserError where it cannot be read, or is too large.
    """
    with opened_picture(path, name) as image:
        return pixels_of_picture(image, repr(name))


def pixels_of_picture(image: "ImageFile", name: str) -> Pixels:
    """The pixels (height, width, channels) of a picture that was just opened, turned upright.

    Transparency is dropped. Raises UserError for more than 8 bits a pixel and channel.
    """
    from PIL import ImageOps

    check_depth(image, name)
    grey = image.mode in GREY
    upright = ImageOps.exif_transpose(image)
    pixels = np.asarray(upright.convert("L" if grey else "RGB"), dtype=np.uint8)
    return pixels[..., None] if grey else pixels


def check_depth(image: "ImageFile", name: str) -> None:
    """Raise UserError where a picture that was just opened has more than 8 bits a channel.

    Of 16 bits of a colour, Pillow would keep the upper 8, without a word.
    """
    is_deep = any(";16" in str(args) for *_, args in image.tile)
    if is_deep or image.mode.startswith(("I", "F")):
        raise UserError(f"{name} has more than 8 bits a pixel; accepted are 0 to 255: scale it")


def _open(path: Path) -> "ImageFile":
    """The picture, without Pillow's warning of many pixels: how many may be is told here."""
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        return Image.open(path, formats=FORMATS)


@contextmanager
def opened_picture(path: Path, name: str) -> "Iterator[ImageFile]":
    """A PNG or JPEG file, opened; what goes wrong with it in the context is a UserError."""
    from PIL import Image, UnidentifiedImageError

    try:
        with within_free_memory(name), _open(path) as image:
            if image.width * image.height * 3 > MAX_BYTES:
                raise UserError(f"{name!r} has {image.width} x {image.height} pixels: too many")
            yield image
    except UnidentifiedImageError as error:
        raise UserError(f"{name!r} is neither PNG nor JPEG, or is cut short") from error
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise UserError(f"{name!r} cannot be read as an image: {error}") from error


def _size(image: Pixels) -> str:
    height, width, channels = image.shape
    return f"{width} x {height} {'grey' if channels == 1 else 'colour'}"
