"""Whether what was prepared can be judged: told before anything is trained on it."""

import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from components.config import NORMAL, Params, Purpose, makes_images, reads_series
from components.data.image_rows import GROUP
from components.data.image_schema import LABEL, ImageSchema
from components.data.schema import Schema
from components.errors import UserError
from components.evaluation.fewest import MIN_IMAGES, MIN_OF_A_SIDE, MIN_ROWS, check_folds
from components.stages.paths import StagePaths


def check_judgeable(params: Params, paths: StagePaths) -> None:
    """Raise UserError where `evaluate` would find too little to judge.

    What was prepared is counted, by its labels; nothing else of it is read. Events in series are
    counted by `evaluate` alone.
    """
    purpose = params.evaluate.purpose
    if purpose is Purpose.ANOMALY:
        if not reads_series(params.train.model):
            _check_sides(params, paths)
        return
    _check_counts(params, paths)
    if makes_images(params.train.model):
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
    counted = json.loads(paths.split.read_text())
    train, test = counted["num_train"], counted["num_test"]
    if min(train, test) < least:
        raise UserError(
            f"{params.prepare.data!r} leaves {train} {what} to train on and {test} to test on "
            f"(prepare.test_share = {params.prepare.test_share:g}); at least {least} of each can "
            "be judged"
        )
    synthetic = params.synthesize.rows
    if synthetic is not None and synthetic < least:
        raise UserError(f"synthesize.rows = {synthetic}: at least {least} {what} can be judged")


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
