"""Windows of images: what is new among them and says what a model is taught, on either side."""

import hashlib
from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from components.config import (
    Colour,
    GroupSplit,
    ImagesConfig,
    PrepareConfig,
    TimeSplit,
    Unlabelled,
)
from components.data.images.rows import pixels_of
from components.data.images.schema import IMAGE, LABEL, ImageSchema
from components.data.images.sets import FEWEST_OF_A_CLASS
from components.data.images.sources import ImageSource, read_image_source
from components.data.windows import HELD_OUT, marked
from components.errors import UserError


def read_alike(uri: str, size: ImageSchema, images: ImagesConfig, *, labels: bool) -> ImageSource:
    """The images at `uri`, made as large as those a model was trained on, which `images` read.

    `labels` says whether the CSV file of labels is of these images too. Raises UserError where they
    cannot be read or made so.
    """
    is_square = size.height == size.width
    reading = ImagesConfig(
        side=size.height if is_square else None,
        fit=images.fit,
        colour=Colour.GREY if size.channels == 1 else Colour.COLOUR,
        damaged=images.damaged,
        labels=images.labels if labels else None,
        unlabelled=images.unlabelled,
    )
    source = read_image_source(uri, reading)
    if source.images.images.shape[1:] != size.shape:
        raise UserError(
            f"the images at {uri} have the shape {source.images.images.shape[1:]}, those trained "
            f"on {size.shape}"
        )
    return source


def labelled_images(
    rows: pd.DataFrame, earlier: pd.DataFrame, images: ImagesConfig
) -> pd.DataFrame:
    """The rows of images that say what the model is taught, in the columns of `earlier` ones.

    Where labels are known, those without are left out, unless `images` trains on them; so is a
    class that is new and has one image alone, which cannot be on both sides. Raises UserError where
    no label is known at all.
    """
    if LABEL not in earlier:
        return rows[[IMAGE]]
    if LABEL not in rows:
        if images.unlabelled is Unlabelled.REFUSE:
            raise UserError("the new images have no labels, which the model was taught")
        rows = rows.assign(**{LABEL: pd.Series(pd.NA, rows.index, dtype="str")})
    counts = rows[LABEL].value_counts()
    taught = {*earlier[LABEL].dropna(), *counts.index[counts >= FEWEST_OF_A_CLASS]}
    is_kept = rows[LABEL].isin(taught)
    if images.unlabelled is Unlabelled.USE:
        is_kept |= rows[LABEL].isna()
    return rows.loc[is_kept, [IMAGE, LABEL]].reset_index(drop=True)


def is_new(rows: pd.DataFrame, known: pd.DataFrame) -> NDArray[np.bool_]:
    """Whether each row's image equals none of the `known` ones, pixel by pixel."""
    seen = set(_keys(known[IMAGE]))
    return np.array([key not in seen for key in _keys(rows[IMAGE])], dtype=np.bool_)


def marked_images(rows: pd.DataFrame, config: PrepareConfig, sha256: str) -> pd.DataFrame:
    """The rows with the column `HELD_OUT`: of each class a share that is never trained on.

    Images without a label are all for training. Raises UserError where images are split by what is
    not kept with them.
    """
    if isinstance(config.split, GroupSplit | TimeSplit):
        raise UserError(
            f"its images were split by {config.split.column!r}, which is not kept with them: train "
            "again by hand, on a source of them all"
        )
    is_known = rows[LABEL].notna() if LABEL in rows else pd.Series(True, rows.index)
    is_held_out = np.zeros(len(rows), dtype=bool)
    if is_known.any():
        told = marked(rows[is_known], config, sha256, stratify=LABEL in rows, earlier=rows)
        is_held_out[is_known.to_numpy()] = told[HELD_OUT].to_numpy()
    return rows.assign(**{HELD_OUT: is_held_out})


def _keys(images: Iterable[bytes]) -> Iterator[bytes]:
    """A hash of the pixels of each image, whichever library wrote it as PNG."""
    for place, data in enumerate(images):
        pixels = pixels_of(data, place)
        yield hashlib.blake2b(str(pixels.shape).encode() + pixels.tobytes()).digest()
