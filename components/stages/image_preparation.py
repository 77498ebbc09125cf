"""Images read, made alike, split and locked."""

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
from pandas.api import types

from components.config import (
    NORMAL,
    GroupSplit,
    ImagesConfig,
    MarkedSplit,
    PrepareConfig,
    RandomSplit,
    Split,
    TimeSplit,
)
from components.data.counted import counted
from components.data.forms.dates import DateFormats, read_dates
from components.data.images.rows import write_images
from components.data.images.schema import LABEL, schema_of
from components.data.images.sets import FEWEST_OF_A_CLASS, UNKNOWN, ImageSet
from components.data.images.sources import ImageSource, read_image_source
from components.data.normality import split_normal, told_normal
from components.data.splits import Rows, SplitRows, split_rows
from components.errors import UserError
from components.stages.images import hash_image_rows
from components.stages.paths import StagePaths

logger = logging.getLogger(__name__)

_ISO = "%Y-%m-%d"
_FEWER_STREAM, _LABELLED_STREAM = 0xFE, 0x1ABE


def prepare_images(config: PrepareConfig, images: ImagesConfig, paths: StagePaths) -> None:
    """Write training and test images as rows, their schema and the hashes that lock the split.

    Raises UserError for images that cannot be read or split as asked, or are others than pinned.
    """
    source = read_image_source(config.data, images)
    if config.data_sha256 not in (None, source.sha256):
        raise UserError(
            f"prepare.data_sha256 = {config.data_sha256}, but {config.data} has {source.sha256}: "
            "the data changed since it was pinned"
        )
    _tell_repeated(source)
    if config.normal is None:  # else an anomaly of which there is one is tested on
        _check_classes(source)
    source = replace(source, facts=_with_times(source.facts, config.split))
    train, test = _sides(source, config, images)
    paths.train.parent.mkdir(parents=True, exist_ok=True)
    schema_of(train).save(paths.schema)
    for part, path in ((train, paths.train), (test, paths.test)):
        write_images([part], path)
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
    if source.images.labels is not None and not train.is_labelled:
        logger.info("%d images for training have a label", train.is_known.sum())


def _tell_repeated(source: ImageSource) -> None:
    """Say how many images are the same as another: one may be learned and the other tested on."""
    seen: dict[bytes, int] = {}
    repeated = [
        (place, first)
        for place, each in enumerate(source.images.images)
        if (first := seen.setdefault(hashlib.sha256(each).digest(), place)) != place
    ]
    if repeated:
        named = [repr(source.names[place]) if source.names else place for place in repeated[0]]
        logger.warning(
            "%s with the very pixels of another, such as %s of %s: of such a pair one may be "
            "trained on and the other tested on",
            counted(len(repeated), "image"),
            *named,
        )


def _split(source: ImageSource, config: PrepareConfig) -> SplitRows:
    """Both sides of the split, by class.

    Images without a label are for training, but for those that are of the test's side.
    """
    if LABEL not in source.facts:
        return split_rows(source.facts, config, stratify=False)
    is_known = source.images.is_known
    known, others = np.flatnonzero(is_known), np.flatnonzero(~is_known)
    facts = source.facts.iloc[known].reset_index(drop=True)
    split = split_rows(facts, config, stratify=True)
    test = known[split.test]
    others = _of_training(source.facts, others, np.setdiff1d(known, test), test, config.split)
    train = np.sort(np.concatenate([known[split.train], others]))
    return SplitRows(train=train, test=test)


def _of_training(facts: pd.DataFrame, others: Rows, before: Rows, test: Rows, split: Split) -> Rows:
    """Those of the unlabelled images `others` that are not of the test's side.

    `before` are the labelled images that are not tested on. Nothing of a group that is tested on
    may be learned, nothing later than the cut, and nothing that is marked.
    """
    if isinstance(split, RandomSplit):
        return others
    keys = facts[split.column]
    values = keys.iloc[others]
    if values.isna().any():
        raise UserError(f"split column {split.column!r} has missing values")
    if isinstance(split, GroupSplit):
        is_tested = values.isin(keys.iloc[test])
    elif isinstance(split, TimeSplit):
        is_tested = values > keys.iloc[before].max()
    else:
        assert isinstance(split, MarkedSplit)
        is_tested = values.isin([1])
    if is_tested.any():
        logger.info(
            "%d images without a label are left out: by %r they are of the test's side",
            is_tested.sum(),
            split.column,
        )
    inside: Rows = others[~is_tested.to_numpy(dtype=bool)]
    return inside


def _with_times(facts: pd.DataFrame, split: Split) -> pd.DataFrame:
    """The facts with the column of a time split as dates where it is text: texts have no order."""
    if not isinstance(split, TimeSplit) or split.column not in facts:
        return facts
    values = facts[split.column]
    if types.is_numeric_dtype(values) or types.is_datetime64_any_dtype(values):
        return facts
    formats = DateFormats()
    formats.add(values.dropna().unique().tolist())
    try:
        times = read_dates(values.astype(object), formats.found or _ISO)
    except (ValueError, TypeError, OverflowError) as error:
        raise UserError(
            f"split column {split.column!r} cannot be read as dates: {error}; accepted are ISO "
            "dates (2026-01-31), numbers, or one other format that tells day and month apart"
        ) from error
    return facts.assign(**{split.column: times})


def _without_outliers(images: ImageSet, train: Rows, outlier: str | None) -> Rows:
    """The training images without those of the class that none is to be learned of."""
    if outlier is None:
        return train
    _check_class(images, outlier, "outlier")
    assert images.labels is not None
    inside: Rows = train[images.labels[train] != images.classes.index(outlier)]
    return inside


def _with_few_labels(train: ImageSet, count: int | None, seed: int) -> ImageSet:
    """The training images with the labels of `count` of each class alone, drawn at random."""
    if count is None:
        return train
    if train.labels is None:
        raise UserError("prepare.images.labelled has no effect: the images have no labels")
    order = np.random.default_rng([seed, _LABELLED_STREAM]).permutation(len(train))
    labels = np.full(len(train), UNKNOWN, dtype=np.int64)
    for code in range(len(train.classes)):
        rows = order[train.labels[order] == code][:count]
        labels[rows] = code
    return replace(train, labels=labels)


def _sides(
    source: ImageSource, config: PrepareConfig, images: ImagesConfig
) -> tuple[ImageSet, ImageSet]:
    """Training and test images; all training images pass for normal where that is told."""
    if config.normal is None:
        split = _split(source, config)
        kept = _without_outliers(source.images, split.train, images.outlier)
        kept = _with_fewer(source.images, kept, images.fewer, config.seed)
        train = _with_few_labels(source.images.take(kept), images.labelled, config.seed)
        groups = _groups(source.facts, config.split)
        inside = None if groups is None else groups[kept]
        return replace(train, groups=inside), source.images.take(split.test)
    if LABEL not in source.facts or not source.images.is_known.all():
        raise UserError(
            f"prepare.normal: not all images of {config.data} have labels that tell what is normal"
        )
    facts = source.facts.assign(**{LABEL: told_normal(source.facts[LABEL], config.normal.values)})
    split = split_normal(facts, config, config.normal)
    known, codes = np.unique(facts[LABEL].to_numpy(dtype=str), return_inverse=True)
    classes = tuple(map(str, known))
    told = replace(source.images, labels=codes.astype(np.int64), classes=classes)
    train = told.take(split.train)
    passing = np.zeros(len(train), dtype=np.int64)
    return replace(train, labels=passing, classes=(NORMAL,)), told.take(split.test)


def _groups(facts: pd.DataFrame, split: Split) -> Rows | None:
    """A number for each image's group; None where it is split otherwise, or by what it shows."""
    if not isinstance(split, GroupSplit) or split.column == LABEL:
        return None
    return pd.factorize(facts[split.column], sort=True)[0].astype(np.int64)


def _with_fewer(images: ImageSet, train: Rows, fewer: Mapping[str, int], seed: int) -> Rows:
    """The training images without those that `fewer` puts aside, drawn at random."""
    aside = []
    for name, most in sorted(fewer.items()):
        _check_class(images, name, "fewer")
        assert images.labels is not None
        rows = train[images.labels[train] == images.classes.index(name)]
        rng = np.random.default_rng([seed, _FEWER_STREAM])
        aside.append(rng.permutation(rows)[most:])
    return np.setdiff1d(train, np.concatenate(aside)) if aside else train


def _check_class(images: ImageSet, name: str, setting: str) -> None:
    if name not in images.classes:
        raise UserError(
            f"prepare.images.{setting} names the class {name!r}; "
            f"there are: {', '.join(images.classes) or 'none'}"
        )


def _check_classes(source: ImageSource) -> None:
    """Raise UserError where a class has too few images to be on both sides."""
    images = source.images
    if images.labels is None:
        return
    counts = np.bincount(images.labels[images.is_known], minlength=len(images.classes))
    if counts.min() < FEWEST_OF_A_CLASS:
        name = images.classes[int(counts.argmin())]
        raise UserError(
            f"the class {name!r} has {counts.min()} image; each needs at least "
            f"{FEWEST_OF_A_CLASS}, one to train on and one to test on"
        )
