"""How odd a model that scores finds rows or images: minus how typical of it they are."""

from components.config import NORMAL
from components.data.images import ImageSet
from components.data.table import Table
from components.models.calibration import Vector
from components.models.contract import ImageModel, ImageScorer, Scorer, TabularModel


def can_score(model: object) -> bool:
    """True for a model of rows or images that can say how typical they are."""
    return isinstance(model, Scorer | ImageScorer)


def oddness(model: TabularModel | ImageModel, rows: Table | ImageSet) -> Vector:
    """How odd each row is, shape (rows,); what is wrong with it, if that is known, is not told.

    The model is one that `can_score`, of what the rows are.
    """
    if isinstance(rows, ImageSet):
        assert isinstance(model, ImageScorer), "a model of rows is asked for images"
        return -model.score_images(rows)
    assert isinstance(model, Scorer), "a model of images is asked for rows"
    return -model.score(rows.frame.assign(**{rows.schema.target: NORMAL}))
