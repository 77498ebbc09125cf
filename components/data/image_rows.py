"""Images as rows of a table: PNG bytes and a label, in Parquet, so that they travel as rows do."""

import io
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from components.data.files import read_batches
from components.data.image_schema import IMAGE, LABEL, ImageSchema
from components.data.images import ImageSet, Labels, Pixels
from components.data.output import write_row_groups
from components.errors import UserError

SHARD = 4_096
"""Images in a row group."""

_FASTEST = 1
"""The least compression: bytes are few, images many."""


def to_rows(images: ImageSet) -> pd.DataFrame:
    """Each image as PNG bytes in the column `image`; what it shows in `label`, if that is known.

    Equal images give equal bytes with one version of the library that writes them.
    """
    rows = pd.DataFrame({IMAGE: pd.Series([_png(each) for each in images.images], dtype=object)})
    if images.labels is None:
        return rows
    names = np.array(images.classes, dtype=object)[images.labels]
    return rows.assign(**{LABEL: pd.Series(names, dtype="str")})


def from_rows(rows: pd.DataFrame, schema: ImageSchema) -> ImageSet:
    """The images of such rows; raises UserError where one is not as the schema says."""
    pixels = np.empty((len(rows), *schema.shape), dtype=np.uint8)
    for place, data in enumerate(rows[IMAGE]):
        pixels[place] = _decoded(data, schema, place)
    return ImageSet(pixels, _labels(rows, schema), schema.classes, "")


def write_images(parts: Iterable[ImageSet], path: Path) -> int:
    """Write sets of images, one at least, as Parquet, a row group for 4,096; how many there are."""
    return write_row_groups((to_rows(shard) for part in parts for shard in _shards(part)), path)


def read_image_rows(path: Path, schema: ImageSchema) -> ImageSet:
    """The images that `write_images` wrote."""
    parts = [from_rows(rows, schema) for rows in read_batches(path, SHARD)]
    labels = [part.labels for part in parts if part.labels is not None]
    return ImageSet(
        np.concatenate([part.images for part in parts]),
        np.concatenate(labels) if labels else None,
        schema.classes,
        "",
    )


def _shards(images: ImageSet) -> Iterator[ImageSet]:
    for start in range(0, max(len(images), 1), SHARD):
        yield images.take(np.arange(start, min(start + SHARD, len(images))))


def _png(image: Pixels) -> bytes:
    from PIL import Image

    written = io.BytesIO()
    Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(
        written, "PNG", compress_level=_FASTEST
    )
    return written.getvalue()


def _decoded(data: bytes, schema: ImageSchema, place: int) -> Pixels:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as opened:
            pixels = np.asarray(opened, dtype=np.uint8)
    except (OSError, ValueError, SyntaxError, TypeError) as error:
        raise UserError(f"image {place} of the rows is no readable PNG: {error}") from error
    pixels = pixels[..., None] if pixels.ndim == 2 else pixels
    if pixels.shape != schema.shape:
        raise UserError(
            f"image {place} of the rows has the shape {pixels.shape}, not {schema.shape}"
        )
    return pixels


def _labels(rows: pd.DataFrame, schema: ImageSchema) -> Labels | None:
    if not schema.classes:
        return None
    codes = pd.Categorical(rows[LABEL], categories=list(schema.classes)).codes
    if (codes < 0).any():
        strange = rows[LABEL].iloc[int(np.argmax(codes < 0))]
        raise UserError(f"the rows have the label {strange!r}; known: {', '.join(schema.classes)}")
    return codes.astype(np.int64)
