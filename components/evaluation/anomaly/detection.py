"""From a model and rows to a case: how odd the model, and each baseline, finds the test rows."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components.config import NORMAL, EvaluateConfig
from components.data.images import ImageSet
from components.data.table import Matrix, Table
from components.evaluation.anomaly.baselines import BASELINES, FitDetector
from components.evaluation.anomaly.case import AnomalyCase, Scored
from components.evaluation.features import linear_form
from components.evaluation.seeds import derived_seed
from components.models.calibration import Calibration
from components.models.contract import ImageScorer, Scorer


@dataclass(frozen=True)
class Sides:
    """Rows of numbers, (rows, columns): fitted on, held out of the fit, and to be judged."""

    fitted: Matrix
    held_out: Matrix
    test: Matrix


def detect_in_table(
    model: Scorer,
    scale: Calibration,
    *,
    fitted: Table,
    held_out: Table,
    test: Table,
    config: EvaluateConfig,
) -> AnomalyCase:
    """The case of a model of rows, which never sees what is wrong with a test row.

    Baselines see numbers with mean 0 and variance 1 and an indicator for each category.
    """
    passing = test.frame.assign(**{test.schema.target: NORMAL})
    return AnomalyCase(
        kinds=test.frame[test.schema.target].to_numpy(dtype=object),
        model=Scored(-model.score(passing), scale),
        config=config,
        baselines=beside(_in_numbers(fitted, held_out, test), BASELINES, config.seed),
    )


def detect_in_images(
    model: ImageScorer,
    scale: Calibration,
    *,
    fitted: ImageSet,
    held_out: ImageSet,
    test: ImageSet,
    config: EvaluateConfig,
) -> AnomalyCase:
    """The case of a model of images; baselines see pixels of 0 to 1."""
    assert test.labels is not None, "it is known what test images are"
    return AnomalyCase(
        kinds=np.array(test.classes, dtype=object)[test.labels],
        model=Scored(-model.score_images(test), scale),
        config=config,
        baselines=beside(
            Sides(*(_pixels(each) for each in (fitted, held_out, test))), BASELINES, config.seed
        ),
    )


def beside(sides: Sides, detectors: Mapping[str, FitDetector], seed: int) -> dict[str, Scored]:
    """What each detector says, fitted on the model's rows and scaled by those held out of it."""
    found = {}
    for name, fit in detectors.items():
        detector = fit(sides.fitted, derived_seed(seed, name))
        scale = Calibration.of(detector(sides.held_out))
        found[name] = Scored(detector(sides.test), scale)
    return found


def _in_numbers(*tables: Table) -> Sides:
    """Columns but the target, as linear learners see them, by the rows fitted on."""
    schema = tables[0].schema
    columns = [column for column in schema.learned if column.name != schema.target]
    places = [schema.learned.index(column) for column in columns]
    form = linear_form(tables[0].matrix[:, places], tuple(column.is_discrete for column in columns))
    fitted, held_out, test = (form.apply(table.matrix[:, places]) for table in tables)
    return Sides(fitted, held_out, test)


def _pixels(images: ImageSet) -> NDArray[np.float64]:
    return images.images.reshape(len(images), -1) / 255.0
