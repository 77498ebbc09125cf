"""Judging a model that is to find odd rows, on locked rows of which it is known which are."""

import json

import pandas as pd

from components.config import Params, makes_images, reads_series
from components.data.files import count_rows
from components.data.image_rows import read_image_rows
from components.data.image_schema import LABEL, ImageSchema
from components.data.images import ImageSet
from components.data.schema import Schema
from components.evaluation.anomaly.case import AnomalyCase
from components.evaluation.anomaly.detection import detect_in_images, detect_in_table
from components.evaluation.anomaly.evaluate import Origin, judge_detector
from components.evaluation.evidence import Evidence
from components.models.calibration import Calibration
from components.models.catalog import load_image_model, load_model
from components.models.contract import ImageScorer, Scorer
from components.stages.images import check_locked, read_train_images
from components.stages.paths import StagePaths
from components.stages.scale import parted
from components.stages.series import judge_series
from components.stages.tables import read_test, read_train


def judge_anomalies(params: Params, paths: StagePaths) -> Evidence:
    """The evidence on the fitted model's scores of the locked test rows."""
    if reads_series(params.train.model):
        return judge_series(params, params.train.model, paths)
    scale = Calibration.load(paths.calibration)
    in_images = makes_images(params.train.model)
    case = (_of_images if in_images else _of_rows)(params, paths, scale)
    target = (ImageSchema if in_images else Schema).load(paths.schema).target
    origin = Origin(
        num_train=count_rows(paths.train),
        num_synthetic=count_rows(paths.synthetic),
        target=target,
        test_sha256=json.loads(paths.split.read_text())["test_sha256"],
    )
    return judge_detector(case, origin, (_said(case, scale, params),))


def _of_rows(params: Params, paths: StagePaths, scale: Calibration) -> AnomalyCase:
    model = load_model(paths.model)
    fitted, held_out = parted(read_train(paths), params.train)
    assert isinstance(model, Scorer) and held_out is not None, "train saw to it"
    return detect_in_table(
        model,
        scale,
        fitted=fitted,
        held_out=held_out,
        test=read_test(paths),
        config=params.evaluate,
    )


def _of_images(params: Params, paths: StagePaths, scale: Calibration) -> AnomalyCase:
    model = load_image_model(paths.model)
    fitted, held_out = parted(read_train_images(paths), params.train)
    assert isinstance(model, ImageScorer) and held_out is not None, "train saw to it"
    return detect_in_images(
        model,
        scale,
        fitted=fitted,
        held_out=held_out,
        test=read_told_images(paths),
        config=params.evaluate,
    )


def read_told_images(paths: StagePaths) -> ImageSet:
    """The locked test images with what each is: a normal one, or what no training image shows."""
    check_locked(paths)
    kinds = pd.read_parquet(paths.test, columns=[LABEL])[LABEL].unique()
    schema = ImageSchema.load(paths.schema)
    told = schema.model_copy(update={"classes": tuple(sorted(map(str, kinds)))})
    return read_image_rows(paths.test, told)


def _said(case: AnomalyCase, scale: Calibration, params: Params) -> str:
    """What the test rows are, and on what the threshold rests."""
    odd = int(case.is_anomaly.sum())
    rate = params.evaluate.false_alarms
    return (
        f"{odd:,} of {len(case.kinds):,} test rows are anomalies; alarms are raised by the scores "
        f"of {scale.num_rows:,} normal rows held out of the fit, at a stated rate of {rate:g}"
    )
