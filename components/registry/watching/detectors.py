"""The model of a version that finds anomalies, with the scale that is kept with it."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

from mlflow import MlflowClient

from components.errors import UserError
from components.models.artifact import read_header
from components.models.calibration import Calibration
from components.models.catalog import (
    SERIES_MODELS,
    load_image_model,
    load_model,
    load_series_model,
)
from components.models.oddness import ScoringModel
from components.monitoring.odd_images import ImageDetector
from components.monitoring.odd_rows import RowDetector
from components.monitoring.series import SeriesDetector
from components.registry.listing import download_generator

Detector = RowDetector | SeriesDetector | ImageDetector

_CALIBRATION = "calibration.json"
"""The file beside the weights that `train` writes."""


def pull_detector(client: MlflowClient, name: str, version: str, rate: float) -> Detector:
    """The detector of a version of rows, series or images, at this rate of false alarms.

    Raises UserError where there is no such version, it keeps no scale, or the scale cannot state
    the rate.
    """
    with TemporaryDirectory() as folder:
        saved = download_generator(client, name, version, Path(folder))
        path = saved / _CALIBRATION
        if not path.is_file():
            raise UserError(
                f"{name} version {version} keeps no {_CALIBRATION}, by which rows are called odd"
            )
        scale = Calibration.load(path)
        if read_header(saved).makes_images:
            return ImageDetector(load_image_model(saved), scale, rate)
        if read_header(saved).model in SERIES_MODELS:
            return SeriesDetector(load_series_model(saved), scale, rate)
        return RowDetector(cast(ScoringModel, load_model(saved)), scale, rate)
