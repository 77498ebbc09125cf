"""Images read, made alike, split and locked."""

import json
import logging
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from components.config import NORMAL, ImagesConfig, PrepareConfig
from components.data.image_rows import write_images
from components.data.image_schema import LABEL, schema_of
from components.data.image_sources import ImageSource, read_image_source
from components.data.images import ImageSet
from components.data.normality import split_normal, told_normal
from components.data.splits import Rows, split_rows
from components.errors import UserError
from components.stages.images import hash_image_rows
from components.stages.paths import StagePaths

logger = logging.getLogger(__name__)

FEWEST_OF_A_CLASS = 2
_FEWER_STREAM = 0xFE


def prepare_images(config: PrepareConfig, images: ImagesConfig, paths: StagePaths) -> None:
    """Write training and test images as rows, their schema and the hashes that lock the split."""
    source = read_image_source(config.data, images)
    if config.data_sha256 not in (None, source.sha256):
        raise UserError(
            f"prepare.data_sha256 = {config.data_sha256}, but {config.data} has {source.sha256}: "
            "the data changed since it was pinned"
        )
    _check_classes(source)
    train, test = _sides(source, config, images)
    paths.train.parent.mkdir(parents=True, exist_ok=True)
    schema_of(train).save(paths.schema)
    for chosen, path in ((train, paths.train), (test, paths.test)):
        write_images([chosen], path)
    facts = {
        "source_sha256": source.sha256,
        "num_train": len(train),
        "num_test": len(test),
        "train_sha256": hash_image_rows(paths.train),
        "test_sha256": hash_image_rows(paths.test),
    }
    paths.split.write_text(json.dumps(facts, indent=1))
    logger.info(
        "%d images for training, %d locked for testing, %d classes",
        len(train),
        len(test),
        len(source.images.classes),
    )


def _sides(
    source: ImageSource, config: PrepareConfig, images: ImagesConfig
) -> tuple[ImageSet, ImageSet]:
    """Training and test images; all training images pass for normal where that is told."""
    if config.normal is None:
        split = split_rows(source.facts, config, stratify=LABEL in source.facts)
        train = _with_fewer(source.images, split.train, images.fewer, config.seed)
        return source.images.take(train), source.images.take(split.test)
    if LABEL not in source.facts:
        raise UserError(f"prepare.normal: the images of {config.data} have no labels to tell by")
    facts = source.facts.assign(**{LABEL: told_normal(source.facts[LABEL], config.normal.values)})
    split = split_normal(facts, config, config.normal)
    known, codes = np.unique(facts[LABEL].to_numpy(dtype=str), return_inverse=True)
    classes = tuple(map(str, known))
    told = replace(source.images, labels=codes.astype(np.int64), classes=classes)
    train = told.take(split.train)
    passing = np.zeros(len(train), dtype=np.int64)
    return replace(train, labels=passing, classes=(NORMAL,)), told.take(split.test)


def _with_fewer(images: ImageSet, train: Rows, fewer: Mapping[str, int], seed: int) -> Rows:
    """The training images without those that `fewer` puts aside, drawn at random."""
    unknown = sorted(set(fewer) - set(images.classes))
    if unknown:
        raise UserError(
            f"prepare.images.fewer names the class {unknown[0]!r}; "
            f"there are: {', '.join(images.classes) or 'none'}"
        )
    aside = []
    for name, most in fewer.items():
        assert images.labels is not None
        rows = train[images.labels[train] == images.classes.index(name)]
        rng = np.random.default_rng([seed, _FEWER_STREAM])
        aside.append(rng.permutation(rows)[most:])
    return np.setdiff1d(train, np.concatenate(aside)) if aside else train


def _check_classes(source: ImageSource) -> None:
    """Raise UserError where a class has too few images to be on both sides."""
    images = source.images
    if images.labels is None:
        return
    counts = np.bincount(images.labels, minlength=len(images.classes))
    if counts.min() < FEWEST_OF_A_CLASS:
        name = images.classes[int(counts.argmin())]
        raise UserError(
            f"the class {name!r} has {counts.min()} image; each needs at least "
            f"{FEWEST_OF_A_CLASS}, one to train on and one to test on"
        )
