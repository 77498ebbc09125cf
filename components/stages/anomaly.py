"""Judging a model that is to find odd rows, on locked rows of which it is known which are."""

import json
from collections.abc import Sequence

import pandas as pd

from components.config import Params, makes_images, reads_series
from components.data.files import count_rows
from components.data.images.rows import read_image_rows
from components.data.images.schema import LABEL, ImageSchema
from components.data.images.sets import ImageSet
from components.data.table import Table
from components.evaluation.anomaly.case import AnomalyCase
from components.evaluation.anomaly.challenge import challenge_detectors
from components.evaluation.anomaly.detection import Sides, detect, kinds_of
from components.evaluation.anomaly.evaluate import Origin, judge_detector
from components.evaluation.anomaly.odd_images import odd_images_panel
from components.evaluation.evidence import Evidence
from components.evaluation.images.panels import Panel
from components.evaluation.images.wording import evidence_of_images, said_of_images
from components.evaluation.live.challenge import Challenge, incomparable
from components.models.calibration import Calibration
from components.models.catalog import load_any_model
from components.models.contract import ImageModel, TabularModel
from components.models.oddness import can_score, oddness
from components.stages.images import check_locked, read_train_images
from components.stages.paths import StagePaths
from components.stages.scale import parted
from components.stages.series import compare_series, judge_series
from components.stages.tables import read_test, read_train


def judge_anomalies(params: Params, paths: StagePaths) -> tuple[Evidence, Sequence[Panel]]:
    """The evidence on the fitted model's scores of the locked test rows, and images to look at."""
    if reads_series(params.train.model):
        return judge_series(params, params.train.model, paths), ()
    model, scale = load_any_model(paths.model), Calibration.load(paths.calibration)
    sides = _sides(params, paths)
    case = detect(model, scale, sides, params.evaluate)
    origin = Origin(
        num_train=count_rows(paths.train),
        num_synthetic=count_rows(paths.synthetic),
        target=model.schema_.target,
        test_sha256=json.loads(paths.split.read_text())["test_sha256"],
    )
    said = _said(case, scale)
    if not isinstance(sides.test, ImageSet):
        return judge_detector(case, origin, (said,)), ()
    evidence = evidence_of_images(judge_detector(case, origin, (said_of_images(said),)))
    return evidence, (odd_images_panel(sides.test, case),)


def compare_detectors(
    champion: TabularModel | ImageModel, params: Params, paths: StagePaths
) -> Challenge:
    """The model of this run against the champion, on the test rows of this run."""
    if reads_series(params.train.model):
        return compare_series(champion, paths)
    challenger, of_images = load_any_model(paths.model), makes_images(params.train.model)
    if not can_score(champion) or _makes(champion) != _makes(challenger):
        return incomparable(f"the champion cannot score these {'images' if of_images else 'rows'}")
    test = read_told_images(paths) if of_images else read_test(paths)
    return challenge_detectors(
        kinds_of(test), champion=oddness(champion, test), challenger=oddness(challenger, test)
    )


def read_told_images(paths: StagePaths) -> ImageSet:
    """The locked test images with what each is: a normal one, or what no training image shows."""
    check_locked(paths)
    kinds = pd.read_parquet(paths.test, columns=[LABEL])[LABEL].unique()
    schema = ImageSchema.load(paths.schema)
    told = schema.model_copy(update={"classes": tuple(sorted(map(str, kinds)))})
    return read_image_rows(paths.test, told)


def _sides(params: Params, paths: StagePaths) -> Sides[Table] | Sides[ImageSet]:
    if makes_images(params.train.model):
        images, aside = parted(read_train_images(paths), params.train)
        assert aside is not None, "the settings see to it"
        return Sides(images, aside, read_told_images(paths))
    rows, others = parted(read_train(paths), params.train)
    assert others is not None, "the settings see to it"
    return Sides(rows, others, read_test(paths))


def _makes(model: TabularModel | ImageModel) -> tuple[object, ...]:
    """What tells whether two models can score the same rows."""
    schema = model.schema_
    return schema.shape if isinstance(schema, ImageSchema) else tuple(sorted(schema.names))


def _said(case: AnomalyCase, scale: Calibration) -> str:
    """What the test rows are, and on what the threshold rests."""
    odd, rate = int(case.is_anomaly.sum()), case.config.false_alarms
    return (
        f"{odd:,} of {len(case.kinds):,} test rows are anomalies; alarms are raised by the scores "
        f"of {scale.num_rows:,} normal rows held out of the fit, at a stated rate of {rate:g}"
    )
