"""From a model and rows to a case: how odd the model, and each baseline, finds the test rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from components.config import NORMAL, EvaluateConfig
from components.data.images.sets import ImageSet
from components.data.table import Matrix, Table
from components.evaluation.anomaly.baselines import BASELINES, FitDetector
from components.evaluation.anomaly.case import AnomalyCase, Scored
from components.evaluation.features import linear_form
from components.evaluation.seeds import derived_seed
from components.evaluation.statistics import auc_influence
from components.models.calibration import Calibration
from components.models.contract import ImageModel, TabularModel
from components.models.oddness import oddness

Rows = TypeVar("Rows", Table, ImageSet, Matrix)


@dataclass(frozen=True)
class Sides(Generic[Rows]):
    """Rows that the model was fitted on, normal ones held out of the fit, and those to judge by."""

    fitted: Rows
    held_out: Rows
    test: Rows


def detect(
    model: TabularModel | ImageModel,
    scale: Calibration,
    sides: Sides[Table] | Sides[ImageSet],
    config: EvaluateConfig,
) -> AnomalyCase:
    """The case of a model, with baselines that are fitted on the same rows.

    They see pixels of 0 to 1; of tables, numbers with mean 0 and variance 1, and an indicator for
    each category.
    """
    kinds = kinds_of(sides.test)
    return AnomalyCase(
        kinds=kinds,
        model=Scored(oddness(model, sides.test), scale),
        config=config,
        baselines=beside(_in_numbers(sides), kinds != NORMAL, config.seed),
    )


def kinds_of(test: Table | ImageSet) -> NDArray[np.object_]:
    """What each test row is: normal, or what is wrong with it."""
    if isinstance(test, Table):
        return test.frame[test.schema.target].to_numpy(dtype=object)
    assert test.labels is not None, "it is known what test images are"
    return np.array(test.classes, dtype=object)[test.labels]


def beside(
    sides: Sides[Matrix],
    odd: NDArray[np.bool_],
    seed: int,
    detectors: Mapping[str, tuple[FitDetector, ...]] = BASELINES,
) -> dict[str, Scored]:
    """What each baseline says, fitted on the model's rows and scaled by those held out of it.

    Of several settings a baseline has the one that does best on the test rows: with hindsight, so
    that none is beaten by a setting of its own that does not suit the rows.
    """
    found = {}
    for name, fits in detectors.items():
        tried = []
        for fit in fits:
            detector = fit(sides.fitted, derived_seed(seed, name))
            scale = Calibration.of(detector(sides.held_out))
            tried.append(Scored(detector(sides.test), scale))
        found[name] = max(tried, key=lambda scored: auc_influence(odd, scored.oddness)[0])
    return found


def _in_numbers(sides: Sides[Table] | Sides[ImageSet]) -> Sides[Matrix]:
    """All sides as rows of numbers, without the target."""
    parts = (sides.fitted, sides.held_out, sides.test)
    if isinstance(sides.fitted, ImageSet):
        sets = [each for each in parts if isinstance(each, ImageSet)]
        return Sides(*(each.images.reshape(len(each), -1) / 255.0 for each in sets))
    tables = [each for each in parts if isinstance(each, Table)]
    schema = sides.fitted.schema
    places = [i for i, c in enumerate(schema.learned) if c.name != schema.target]
    discrete = tuple(schema.learned[i].is_discrete for i in places)
    form = linear_form(sides.fitted.matrix[:, places], discrete)
    return Sides(*(form.apply(each.matrix[:, places]) for each in tables))
