"""Whether what was prepared can be judged: told before anything is trained on it."""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from components.config import (
    NORMAL,
    Params,
    Purpose,
    SeriesAutoencoderConfig,
    makes_images,
    reads_series,
)
from components.data.counted import counted
from components.data.files import read_batches
from components.data.images.rows import GROUP, SHARD
from components.data.images.schema import IMAGE, LABEL, ImageSchema
from components.data.schema import Schema
from components.errors import UserError
from components.evaluation.fewest import (
    MIN_IMAGES,
    MIN_OF_A_SIDE,
    MIN_ROWS,
    NOTHING_TO_TELL,
    check_folds,
)
from components.models.calibration import fewest_held_out, num_held_out
from components.stages.paths import StagePaths


def check_judgeable(params: Params, paths: StagePaths) -> None:
    """Raise UserError where `evaluate` would find too little to judge.

    What was prepared is counted, by its labels; of series also where rows follow on one another.
    """
    purpose = params.evaluate.purpose
    if purpose is Purpose.ANOMALY:
        if reads_series(params.train.model):
            return _check_series(params, params.train.model, paths)
        _check_sides(params, paths)
        share, sizes = params.train.calibration_share, json.loads(paths.split.read_text())
        assert share is not None, "the settings see to it"
        num = num_held_out(sizes["num_train"], share)
        _check_rate(params, num, f"{num} normal ones")
        return
    _check_counts(params, paths)
    if makes_images(params.train.model):
        for name, path in (("training", paths.train), ("test", paths.test)):
            if _all_the_same(path):
                raise UserError(NOTHING_TO_TELL.format(name=name))
        if purpose is Purpose.AUGMENTATION:
            _check_classes(params, paths)
        if purpose is Purpose.CLASSIFICATION and not _all_labelled(paths):
            raise UserError("purpose = classification needs labels of the test images; " + _HOW)


_HOW = (
    "labels are the names of folders, or come from a CSV file (prepare.images.labels); without "
    "them images can be judged for sharing (evaluate.purpose)"
)


def _check_counts(params: Params, paths: StagePaths) -> None:
    of_images = makes_images(params.train.model)
    what, least = ("images", MIN_IMAGES) if of_images else ("rows", MIN_ROWS)
    sizes = json.loads(paths.split.read_text())
    train, test = sizes["num_train"], sizes["num_test"]
    if min(train, test) < least:
        raise UserError(
            f"{params.prepare.data!r} leaves {train} {what} to train on and {test} to test on "
            f"(prepare.test_share = {params.prepare.test_share:g}); at least {least} of each can "
            "be judged"
        )
    synthetic = params.synthesize.rows
    if synthetic is not None and synthetic < least:
        raise UserError(f"synthesize.rows = {synthetic}: at least {least} {what} can be judged")


def _all_the_same(path: Path) -> bool:
    """Whether all images are of the same bytes, and so of the same pixels."""
    first = None
    for rows in read_batches(path, SHARD, [IMAGE]):
        first = rows[IMAGE].iloc[0] if first is None else first
        if (rows[IMAGE] != first).any():
            return False
    return True


def _check_classes(params: Params, paths: StagePaths) -> None:
    """Raise UserError where images cannot be parted into the folds of a benefit trial."""
    classes = ImageSchema.load(paths.schema).classes
    if len(classes) < 2:
        found = f"there is the class {classes[0]!r} alone" if classes else "there are none"
        raise UserError(
            "purpose = augmentation needs images with labels of two classes at least, and "
            f"{found}: {_HOW}"
        )
    known = pq.read_schema(paths.train).names
    rows = pd.read_parquet(paths.train, columns=[n for n in (LABEL, GROUP) if n in known])
    num_unknown = int(rows[LABEL].isna().sum())
    if num_unknown:
        raise UserError(
            f"purpose = augmentation needs a label of every image, and {num_unknown} of "
            f"{len(rows)} for training have none"
        )
    groups = rows[GROUP].to_numpy(np.int64) if GROUP in rows else None
    check_folds(rows[LABEL], groups, params.evaluate.folds)


def _all_labelled(paths: StagePaths) -> bool:
    """Whether it is known what every test image shows."""
    if not ImageSchema.load(paths.schema).classes:
        return False
    return bool(pd.read_parquet(paths.test, columns=[LABEL])[LABEL].notna().all())


def _check_sides(params: Params, paths: StagePaths) -> None:
    """Raise UserError where too few test rows are normal, or are not."""
    is_image = makes_images(params.train.model)
    target = LABEL if is_image else Schema.load(paths.schema).target
    kinds = pd.read_parquet(paths.test, columns=[target])[target].to_numpy(dtype=object)
    odd = int(np.sum(kinds != NORMAL))
    for count, what in ((odd, "anomalies"), (len(kinds) - odd, "normal ones")):
        if count < MIN_OF_A_SIDE:
            raise UserError(
                f"{params.prepare.data!r} leaves {count} {what} to test on; at least "
                f"{MIN_OF_A_SIDE} are needed (normal is what prepare.normal.values names: "
                f"{', '.join(params.prepare.normal.values if params.prepare.normal else ())})"
            )


def _check_series(params: Params, model: SeriesAutoencoderConfig, paths: StagePaths) -> None:
    """Raise UserError where too few steps are held out of training, or too few events are left."""
    from components.evaluation.anomaly.series_evaluate import FEWEST_EVENTS  # takes seconds
    from components.stages.series import num_blocks_held_out, num_events, num_missing

    blocks = num_blocks_held_out(paths, model, params.train)
    missing = num_missing(paths, model)
    why = f" ({counted(missing, 'step')} without a value in between)" if missing else ""
    what = f"{counted(blocks, 'block')} of train.model.window = {model.window} steps{why}"
    _check_rate(params, blocks, what)
    events = num_events(paths, model)
    if events < FEWEST_EVENTS:
        raise UserError(
            f"{params.prepare.data!r} leaves {events} anomalies in the test steps that can be "
            f"judged; at least {FEWEST_EVENTS} are needed (prepare.test_share, prepare.normal)"
        )


def _check_rate(params: Params, num: int, held_out: str) -> None:
    """Raise UserError where what is held out, so many, cannot state the rate of false alarms."""
    rate, share = params.evaluate.false_alarms, params.train.calibration_share
    if num < fewest_held_out(rate):
        raise UserError(
            f"train.calibration_share = {share:g} holds {held_out} out of training, which cannot "
            f"state evaluate.false_alarms = {rate:g}: at least {fewest_held_out(rate)} can, or "
            f"these a rate of {math.ceil(1e3 / (num + 1)) / 1e3:g}; a larger share, more rows or a "
            "higher rate is needed"
        )
