"""Images as rows of a table: PNG bytes and a label, in Parquet, so that they travel as rows do."""

import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from pandas.api import types

from components.data.digits import LARGEST_WHOLE
from components.data.files import read_batches, read_files
from components.data.images.schema import IMAGE, LABEL, ImageSchema
from components.data.images.sets import (
    MAX_BYTES,
    UNKNOWN,
    ImageSet,
    Labels,
    Pixels,
    joined,
    pixels_of_picture,
)
from components.data.output import write_row_groups
from components.errors import UserError

SHARD = 4_096
"""Images in a row group."""

GROUP = "group"
"""The column of the group that an image belongs to."""

_FASTEST = 1
"""The least compression: bytes are few, images many."""


def to_rows(images: ImageSet) -> pd.DataFrame:
    """Each image as PNG bytes in the column `image`; what it shows in `label`, if that is known.

    Where it is known of some images alone, the others' label is missing. What belongs together has
    one number in `group`, where anything does.

    Equal images give equal bytes with one version of the library that writes them.
    """
    rows = pd.DataFrame(
        {IMAGE: pd.Series([png_bytes(each) for each in images.images], dtype=object)}
    )
    if images.shown is not None:
        rows[LABEL] = images.shown
    if images.groups is not None:
        rows[GROUP] = images.groups
    return rows


def from_rows(rows: pd.DataFrame, schema: ImageSchema) -> ImageSet:
    """The images of such rows, without labels where the rows have none.

    Raises UserError where one is not as the schema says.
    """
    pixels = np.empty((len(rows), *schema.shape), dtype=np.uint8)
    for place, data in enumerate(rows[IMAGE]):
        pixels[place] = _decoded(data, schema, place)
    labels = _labels(rows, schema)
    groups = rows[GROUP].to_numpy(np.int64) if GROUP in rows else None
    return ImageSet(pixels, labels, () if labels is None else schema.classes, "", groups)


def write_images(parts: Iterable[ImageSet], path: Path) -> int:
    """Write sets of images, one at least, as Parquet, a row group for 4,096; how many there are."""
    return write_row_groups((to_rows(shard) for part in parts for shard in _shards(part)), path)


def read_image_rows(path: Path, schema: ImageSchema) -> ImageSet:
    """The images that `write_images` wrote."""
    return joined([from_rows(rows, schema) for rows in read_batches(path, SHARD)])


def read_foreign_rows(paths: Sequence[Path]) -> tuple[ImageSet, pd.DataFrame]:
    """The images of Parquet files such as a release, and their other columns but the label.

    Raises UserError where they hold none.
    """
    rows, path = read_files(paths), paths[0]
    if IMAGE not in rows or not len(rows):
        known = ", ".join(map(str, rows.columns[:30])) or "nothing"
        raise UserError(
            f"{path} has no images: there is no column {IMAGE!r} of PNG bytes ({known})"
        )
    pixels = list(_all_pixels(rows[IMAGE], path))
    strange = next((p for p, each in enumerate(pixels) if each.shape != pixels[0].shape), None)
    if strange is not None:
        raise UserError(
            f"image {strange} of {path} has the shape {pixels[strange].shape}, the first one "
            f"{pixels[0].shape}; all must be alike"
        )
    others = rows.drop(columns=[IMAGE, LABEL], errors="ignore")
    labels, classes = (None, ()) if LABEL not in rows else coded(rows[LABEL])
    return ImageSet(np.stack(pixels), labels, classes, ""), others


def _all_pixels(images: "pd.Series[bytes]", path: Path) -> Iterator[Pixels]:
    """The pixels of each image; raises UserError once they take more than a set may."""
    total = 0
    for place, data in enumerate(images):
        pixels = pixels_of(data, place)
        total += pixels.nbytes
        if total > MAX_BYTES:
            raise UserError(f"{path} takes more than {MAX_BYTES:,} bytes unpacked")
        yield pixels


def coded(labels: pd.Series) -> tuple[Labels, tuple[str, ...]]:
    """Labels as positions in the classes that they name, UNKNOWN where one is missing.

    A whole number names the same class whether others are missing, which makes pandas hold floats.

    >>> coded(pd.Series(["cat", None, "ant"]))
    (array([ 1, -1,  0]), ('ant', 'cat'))
    >>> coded(pd.Series([7, None, 3]))
    (array([ 1, -1,  0]), ('3', '7'))
    """
    is_known = labels.notna().to_numpy()
    texts = without_decimals(labels[is_known]).to_numpy(dtype=str)
    classes, known = np.unique(texts, return_inverse=True)
    codes = np.full(len(labels), UNKNOWN, dtype=np.int64)
    codes[is_known] = known
    return codes, tuple(map(str, classes))


def without_decimals(values: pd.Series) -> pd.Series:
    """Floats that are all whole, but for missing ones, as integers; others as they are."""
    if not types.is_float_dtype(values):
        return values
    known = values.dropna()
    is_whole = bool(((known % 1 == 0) & (known.abs() < LARGEST_WHOLE)).all())
    return values.astype("Int64") if is_whole else values


def _shards(images: ImageSet) -> Iterator[ImageSet]:
    for start in range(0, max(len(images), 1), SHARD):
        yield images.take(np.arange(start, min(start + SHARD, len(images))))


def png_bytes(image: Pixels) -> bytes:
    """One image (height, width, channels) as a PNG file's bytes."""
    from PIL import Image

    written = io.BytesIO()
    Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(
        written, "PNG", compress_level=_FASTEST
    )
    return written.getvalue()


def _decoded(data: object, schema: ImageSchema, place: int) -> Pixels:
    pixels = pixels_of(data, place)
    if pixels.shape != schema.shape:
        raise UserError(
            f"image {place} of the rows has the shape {pixels.shape}, not {schema.shape}"
        )
    return pixels


def pixels_of(data: object, place: int) -> Pixels:
    """The pixels (height, width, channels) of PNG bytes; see `pixels_of_picture`."""
    from PIL import Image, UnidentifiedImageError

    if not isinstance(data, bytes):
        raise UserError(f"image {place} of the rows is {type(data).__name__}, not PNG bytes")
    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as opened:
            return pixels_of_picture(opened, f"image {place} of the rows")
    except (
        UnidentifiedImageError,
        OSError,
        ValueError,
        SyntaxError,
        Image.DecompressionBombError,
    ) as error:
        raise UserError(f"image {place} of the rows is no readable PNG: {error}") from error


def _labels(rows: pd.DataFrame, schema: ImageSchema) -> Labels | None:
    if not schema.classes or LABEL not in rows:
        return None
    places = {name: code for code, name in enumerate(schema.classes)}
    codes = rows[LABEL].map(places)
    is_strange = (codes.isna() & rows[LABEL].notna()).to_numpy()
    if is_strange.any():
        strange = rows[LABEL].iloc[int(is_strange.argmax())]
        raise UserError(f"the rows have the label {strange!r}; known: {', '.join(schema.classes)}")
    return codes.fillna(UNKNOWN).to_numpy().astype(np.int64)
