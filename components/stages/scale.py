"""Training rows held out of the fit of a detector, and the scale of its scores by them."""

from typing import TypeVar

from components.config import AutoConfig, ResampledConfig, TrainConfig
from components.data.images.sets import ImageSet
from components.data.table import Table
from components.errors import UserError
from components.models.calibration import Calibration, held_out_rows
from components.models.catalog import model_class
from components.models.contract import ImageModel, ImageScorer, Scorer, TabularModel
from components.models.oddness import oddness

Rows = TypeVar("Rows", Table, ImageSet)


def parted(rows: Rows, config: TrainConfig) -> tuple[Rows, Rows | None]:
    """The rows to fit on, and those held out for the scale; None where none are asked for."""
    if config.calibration_share is None:
        return rows, None
    fitted, held_out = held_out_rows(len(rows), config.calibration_share, config.seed)
    return rows.take(fitted), rows.take(held_out)


def check_scores(config: TrainConfig) -> None:
    """Raise UserError where a detector is asked for and the model cannot be one."""
    model = config.model
    if config.calibration_share is None or isinstance(model, AutoConfig):
        return
    model = model.generator if isinstance(model, ResampledConfig) else model
    if not issubclass(model_class(model.name), (Scorer, ImageScorer)):
        raise UserError(
            f"train.model.name = {model.name} cannot say how odd a row is, so it finds no "
            "anomalies; name a model that scores (docs/finding_anomalies.md)"
        )


def scale_of(model: TabularModel | ImageModel, held_out: Table | ImageSet) -> Calibration:
    """The scale of the model's scores: how odd it finds rows that it was not fitted on."""
    return Calibration.of(oddness(model, held_out))
