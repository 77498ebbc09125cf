"""The prepared images; the test images only with their lock checked."""

import json
from pathlib import Path

from components.data.files import read_batches
from components.data.images.rows import SHARD, read_image_rows
from components.data.images.schema import ImageSchema
from components.data.images.sets import ImageSet
from components.data.splits import hash_frames
from components.stages.paths import StagePaths


def read_train_images(paths: StagePaths) -> ImageSet:
    """The training images."""
    return read_image_rows(paths.train, ImageSchema.load(paths.schema))


def read_test_images(paths: StagePaths) -> ImageSet:
    """The locked test images; AssertionError where they are not those that `prepare` locked."""
    check_locked(paths)
    return read_image_rows(paths.test, ImageSchema.load(paths.schema))


def check_locked(paths: StagePaths) -> None:
    """AssertionError where the test images are not those that `prepare` locked."""
    locked = json.loads(paths.split.read_text())["test_sha256"]
    assert hash_image_rows(paths.test) == locked, f"{paths.test} is not what prepare locked"


def read_synthetic_images(paths: StagePaths) -> ImageSet:
    """The synthetic images that are judged."""
    return read_image_rows(paths.synthetic, ImageSchema.load(paths.schema))


def hash_image_rows(path: Path) -> str:
    """The SHA-256 over the rows of a file of images, in order."""
    return hash_frames(read_batches(path, SHARD))
